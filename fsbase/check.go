package fsbase

import (
	"context"
	"errors"
	"io/fs"
)

// CheckCall is what every method does first: the paths (N1), then the context
// (O5). The error, an *fs.PathError, is of the first that fails.
func CheckCall(ctx context.Context, op string, paths ...string) error {
	for _, p := range paths {
		if err := CheckPath(op, p); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		path := ""
		if len(paths) > 0 {
			path = paths[0]
		}
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// CheckWrite is CheckCall of a path that is to become a stream: "." names the
// root, which is none, and is fs.ErrInvalid.
func CheckWrite(ctx context.Context, op, path string) error {
	if path == "." {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return CheckCall(ctx, op, path)
}

// CheckPrefix is CheckCall of a raw prefix: fs.ErrInvalid if no valid path
// begins with it. "", "a", "a/" and ".me" are prefixes; "/", "a//" and "../"
// are none.
func CheckPrefix(ctx context.Context, op, prefix string) error {
	if !fs.ValidPath(prefix + "x") {
		return &fs.PathError{Op: op, Path: prefix, Err: fs.ErrInvalid}
	}
	if err := ctx.Err(); err != nil {
		return &fs.PathError{Op: op, Path: prefix, Err: err}
	}
	return nil
}

// unsupported is the answer for a capability that As does not find.
func unsupported(op, path string) error {
	return &fs.PathError{Op: op, Path: path, Err: errors.ErrUnsupported}
}
