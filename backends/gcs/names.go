package gcs

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// maxName is the longest name of an object, in bytes.
const maxName = 1024

// checkWrite is fsbase.CheckWrite and what the service asks of names. N3.
func checkWrite(ctx context.Context, op, p string) error {
	if err := fsbase.CheckWrite(ctx, op, p); err != nil {
		return err
	}
	var problem string
	switch {
	case len(p) > maxName:
		problem = fmt.Sprintf("longer than %d bytes", maxName)
	case strings.ContainsAny(p, "\r\n"):
		problem = "a line break in it"
	case strings.HasPrefix(p, ".well-known/acme-challenge/"):
		problem = "below .well-known/acme-challenge/"
	default:
		return nil
	}
	return &fs.PathError{Op: op, Path: p, Err: fmt.Errorf("no name of an object: %s: %w", problem, fs.ErrInvalid)}
}

// checkRead is fsbase.CheckCall of a stream: the root is none.
func checkRead(ctx context.Context, op, p string) error {
	if err := fsbase.CheckCall(ctx, op, p); err != nil {
		return err
	}
	if p == "." {
		return &fs.PathError{Op: op, Path: p, Err: fs.ErrNotExist}
	}
	return nil
}
