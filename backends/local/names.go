package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// ConcatPath joins without cleaning. N2.
func (f *FS) ConcatPath(p, suffix string) string {
	if p == "" || p == "." {
		return suffix
	}
	return p + "/" + suffix
}

// Our own files: a fixed prefix, so that no stream of a user is taken for one,
// and a length that does not depend on the stream's name, so that names of 255
// bytes work.
const (
	ownPrefix  = ".godcp-"
	tempSuffix = ".tmp"
	lockSuffix = ".lock"
)

// own tells whether base is a name of ours.
func own(base string) bool {
	return strings.HasPrefix(base, ownPrefix) &&
		(strings.HasSuffix(base, tempSuffix) || strings.HasSuffix(base, lockSuffix))
}

// tempName returns a name that nobody has.
func tempName() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return ownPrefix + hex.EncodeToString(b[:]) + tempSuffix
}

// lockName returns the name of the lock file of base, where folders cannot be
// locked.
func lockName(base string) string { return ownPrefix + base + lockSuffix }

// check is what every method does first: N1, then O5.
func (f *FS) check(ctx context.Context, op, p string) error {
	if !fs.ValidPath(p) {
		return &fs.PathError{Op: op, Path: p, Err: fs.ErrInvalid}
	}
	if _, err := localize(p); err != nil {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	return nil
}

// checkWrite is check for a method that writes.
func (f *FS) checkWrite(ctx context.Context, op, p string) error {
	if err := f.check(ctx, op, p); err != nil {
		return err
	}
	if f.follow {
		return &fs.PathError{Op: op, Path: p, Err: classed{fs.ErrPermission, "opened with symlinks=follow, which is for reading only"}}
	}
	return nil
}

// localize turns a valid path into one of this system, or says why it cannot
// be a name here.
func localize(p string) (string, error) {
	if own(path.Base(p)) {
		return "", classed{fs.ErrInvalid, "the name is reserved for temporary files"}
	}
	local, err := filepath.Localize(p)
	if err == nil && changed(p) {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", classed{fs.ErrInvalid, "this system has no such names"}
	}
	return local, nil
}

// split returns the folder of a checked path and its last element.
func split(p string) (dir, base string) { return path.Dir(p), path.Base(p) }

// errNotRegular is the answer to a name that is neither a stream nor a folder.
func errNotRegular(mode fs.FileMode) error {
	return classed{fs.ErrInvalid, fmt.Sprintf("not a regular file (mode %v)", mode.Type())}
}
