package local

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// opener opens the URLs of Scheme.
type opener struct{}

// OpenURL opens a folder by its URL. It touches no storage.
func (opener) OpenURL(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	root, opts, err := locate(u)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: fsbase.Redact(u.String()), Err: err}
	}
	return New(root, opts...)
}

// ValidateCheckpointID says why no checkpoint can have the URL or path id.
func (opener) ValidateCheckpointID(id string) error {
	u, err := parse(id)
	if err == nil {
		_, _, err = locate(u)
	}
	if err != nil {
		return &fs.PathError{Op: "validate", Path: fsbase.Redact(id), Err: err}
	}
	return nil
}

// ValidateCheckpointID says why a local folder cannot serve the URL or path id:
// another scheme, another machine, a parameter that is not known, nothing at
// all. It does not look whether the folder is there or can be written.
func (f *FS) ValidateCheckpointID(id string) error { return opener{}.ValidateCheckpointID(id) }

// parse reads what the registry reads: with "://" a URL, else a bare path.
func parse(id string) (*url.URL, error) {
	scheme, _, ok := strings.Cut(id, "://")
	if !ok || len(scheme) == 1 { // the drive of a Windows path
		return &url.URL{Scheme: Scheme, Path: id}, nil
	}
	u, err := url.Parse(id)
	if err != nil { // whose text may have a secret in it
		return nil, classed{fs.ErrInvalid, "not a URL"}
	}
	return u, nil
}

// locate returns the folder of a URL.
func locate(u *url.URL) (string, []Option, error) {
	refuse := func(format string, args ...any) (string, []Option, error) {
		return "", nil, classed{fs.ErrInvalid, fmt.Sprintf(format, args...)}
	}
	switch {
	case !strings.EqualFold(u.Scheme, Scheme):
		return refuse("scheme %q is not of a local folder", u.Scheme)
	case u.User != nil:
		return refuse("a local folder has no user")
	case u.Opaque != "", u.Host != "" && !strings.EqualFold(u.Host, "localhost"):
		return refuse("a folder of this machine is %s:///path, or a path without a scheme", Scheme)
	case u.Fragment != "":
		return refuse("a fragment; write # as %%23")
	case u.Path == "":
		return refuse("no path")
	case strings.ContainsRune(u.Path, 0):
		return refuse("a NUL byte in the path")
	}
	if err := fsbase.CheckParams(u, "symlinks"); err != nil {
		return "", nil, err
	}
	var opts []Option
	if q := u.Query(); q.Has("symlinks") {
		if q.Get("symlinks") != "follow" {
			return refuse(`parameter "symlinks" can only be "follow"`)
		}
		opts = append(opts, FollowSymlinks())
	}
	return withoutSlashBeforeDrive(filepath.FromSlash(u.Path)), opts, nil
}

// withoutSlashBeforeDrive makes C:\x of \C:\x, which is what file:///C:/x has
// for a path. Where paths have no drives it changes nothing.
func withoutSlashBeforeDrive(p string) string {
	if p != "" && filepath.VolumeName(p) == "" && filepath.VolumeName(p[1:]) != "" {
		return p[1:]
	}
	return p
}
