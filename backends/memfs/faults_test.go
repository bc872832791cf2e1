package memfs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync/atomic"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// steps are those that take the place of each kind of request.
var steps = map[conformance.Request][]memfs.Kind{
	conformance.ToWrite:  {memfs.OpWrite},
	conformance.ToCommit: {memfs.OpCommit, memfs.OpCopy, memfs.OpRename},
	conformance.ToRead:   {memfs.OpOpen, memfs.OpRead, memfs.OpStat, memfs.OpExists},
	conformance.ToList:   {memfs.OpList},
	conformance.ToRemove: {memfs.OpRemove},
}

// forbidden is an error of the library that a storage would be made with.
type forbidden struct{}

func (forbidden) Error() string { return fs.ErrPermission.Error() }
func (forbidden) Unwrap() error { return fs.ErrPermission }

// faults of the storage below fsys, whose inner tells of what it is a part.
func faults(inner func(fsbase.FileSystemBase) *memfs.FS) conformance.Faults {
	arm := func(phase memfs.Phase, injected error, on ...conformance.Request) conformance.Arm {
		return func(_ context.Context, fsys fsbase.FileSystemBase, f conformance.Fault) (func() int, error) {
			if !slices.Contains(on, f.On) {
				return nil, errors.ErrUnsupported
			}
			var met, struck atomic.Int64
			inner(fsys).SetHook(func(_ context.Context, op memfs.Op) error {
				if op.Phase != phase || !slices.Contains(steps[f.On], op.Kind) {
					return nil
				}
				if n := met.Add(1) - int64(f.Skip); n < 1 || f.Times > 0 && n > int64(f.Times) {
					return nil
				}
				struck.Add(1)
				return injected
			})
			return func() int { inner(fsys).SetHook(nil); return int(struck.Load()) }, nil
		}
	}
	all := []conformance.Request{conformance.ToWrite, conformance.ToCommit, conformance.ToRead, conformance.ToList, conformance.ToRemove}
	return conformance.Faults{
		Lose:     arm(memfs.After, errors.New("connection reset"), conformance.ToCommit),
		Refuse:   arm(memfs.Before, fmt.Errorf("slow down: %w", fsbase.ErrThrottled), all...),
		Forbid:   arm(memfs.Before, forbidden{}, all...),
		Truncate: arm(memfs.After, io.ErrUnexpectedEOF, conformance.ToRead, conformance.ToList),
		Library:  func(err error) bool { return errors.As(err, new(forbidden)) },
	}
}
