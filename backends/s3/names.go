package s3

import (
	"context"
	"io/fs"
	"strings"
	"unicode"

	"github.com/godcp/godcp/fsbase"
)

// maxKey is the longest key of S3, in bytes.
const maxKey = 1024

// checkName says why no key can have the path in it.
func checkName(path string) error {
	switch {
	case !fs.ValidPath(path):
		return fs.ErrInvalid
	case strings.ContainsFunc(path, unholdable):
		return invalid("a character that the lists of S3 cannot hold")
	}
	return nil
}

// checkName is the same for a path on a site: SeaweedFS, for one, makes a slash
// of a backslash, so that two names are one object.
func (s site) checkName(path string) error {
	if !s.aws && strings.ContainsRune(path, '\\') {
		return invalid("a backslash, which some stores take for a slash")
	}
	return checkName(path)
}

// unholdable tells characters that XML has no form for, or changes.
func unholdable(r rune) bool {
	return unicode.IsControl(r) || r == '\ufffe' || r == '\uffff'
}

// key returns the key of a stream that is to be read or removed: "." names the
// root, which is none.
func (f *FS) key(ctx context.Context, op, path string) (string, error) {
	if err := fsbase.CheckCall(ctx, op, path); err != nil {
		return "", err
	}
	if path == "." {
		return "", &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist}
	}
	key := f.prefix + path
	if err := f.site.checkName(path); err != nil {
		return "", &fs.PathError{Op: op, Path: path, Err: err}
	}
	if len(key) > maxKey {
		return "", &fs.PathError{Op: op, Path: path, Err: invalid("a key of %d bytes, and S3 has %d", len(key), maxKey)}
	}
	return key, nil
}

// writeKey is key for a stream that is to be written.
func (f *FS) writeKey(ctx context.Context, op, path string) (string, error) {
	if err := fsbase.CheckWrite(ctx, op, path); err != nil {
		return "", err
	}
	return f.key(ctx, op, path)
}

// version makes an ETag a version. Some stores leave the quotes away in lists.
func version(etag *string) fsbase.Version {
	if etag == nil {
		return ""
	}
	v := *etag
	if len(v) > 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	return fsbase.Version(v)
}

// etag makes a version an ETag. What no ETag can be is no object's version.
func etag(v fsbase.Version) *string {
	if v == "" {
		return nil
	}
	s := string(v)
	if !strings.HasPrefix(s, `W/"`) {
		s = `"` + s + `"`
	}
	if strings.Count(s, `"`) != 2 || strings.ContainsFunc(s, unicode.IsControl) {
		s = `"none"`
	}
	return &s
}
