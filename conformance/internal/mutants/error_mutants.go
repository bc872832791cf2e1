package mutants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// Errors that the contract has no place for.
var (
	errForbidden = fmt.Errorf("forbidden: %w", fs.ErrPermission)
	errNotFolder = errors.New("not a directory")
	errNotEmpty  = errors.New("directory not empty")
	errNotThere  = fmt.Errorf("416: %w", fs.ErrNotExist)
)

// opening makes faults of a function that changes the errors of OpenStream.
func opening(f func(path string, err error) error) faults {
	return faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
		r, err := v.Store.OpenStream(ctx, p)
		if err != nil {
			return nil, f(p, err)
		}
		return r, nil
	}}
}

var errorMutants = []Mutant{
	{
		Name:   "errors are bare",
		Kills:  []string{"errors/path-error"},
		faults: opening(func(_ string, err error) error { return errors.Unwrap(err) }),
	},
	{
		Name:   "errors are text",
		Kills:  []string{"errors/path-error", "errors/classes", "read/absent"},
		faults: opening(func(_ string, err error) error { return fmt.Errorf("open: %v", err) }),
	},
	{
		Name:   "errors have no path",
		Kills:  []string{"errors/path-error"},
		faults: opening(func(_ string, err error) error { return failed("open", "", errors.Unwrap(err)) }),
	},
	{
		Name:  "errors show the password of the URL",
		Kills: []string{"errors/secrets"},
		faults: opening(func(p string, err error) error {
			return failed("open", "s3://user:pass@host/"+p, errors.Unwrap(err))
		}),
	},
	{
		Name:  "errors show the signature of the request",
		Kills: []string{"errors/secrets"},
		faults: opening(func(p string, err error) error {
			return failed("open", p, fmt.Errorf("GET https://host/x?X-Amz-Signature=00ff: %w", errors.Unwrap(err)))
		}),
	},
	{
		Name:  "errors show the key",
		Kills: []string{"errors/secrets"},
		faults: opening(func(p string, err error) error {
			return failed("open", p, fmt.Errorf("with key hunter2: %w", errors.Unwrap(err)))
		}),
	},
	{
		Name:  "what is absent is also forbidden",
		Kills: []string{"errors/classes"},
		faults: opening(func(p string, err error) error {
			return failed("open", p, errors.Join(errors.Unwrap(err), fs.ErrPermission))
		}),
	},
	{
		Name:  "a Write that is refused has no class",
		Kills: []string{"errors/classes", "write/closed"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				if w.over {
					return 0, failed("write", w.path, errNotFolder)
				}
				return w.Write(p)
			}}
		}),
	},
}
