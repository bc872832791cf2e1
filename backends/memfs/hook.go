package memfs

import (
	"context"
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// Kind is a step of an operation.
type Kind string

// The steps. A stream is Create, Writes, then Commit and Sync, or Discard;
// an Upload is the same with one Write, in which the source is read.
const (
	OpCreate  Kind = "create"
	OpWrite   Kind = "write"
	OpCommit  Kind = "commit"  // makes the content visible
	OpSync    Kind = "sync"    // makes the change before it durable; not WithoutSync
	OpDiscard Kind = "discard" // Close without Commit
	OpOpen    Kind = "open"
	OpRead    Kind = "read" // ReadAt, ReadRanges
	OpStat    Kind = "stat"
	OpExists  Kind = "exists"
	OpList    Kind = "list"
	OpMkdir   Kind = "mkdir"
	OpRename  Kind = "rename" // then Sync
	OpRemove  Kind = "remove" // then Sync; RemoveAll: one for each name
	OpCopy    Kind = "copy"   // then Sync
)

// Phase is before or after a step.
type Phase string

// The phases. An error of a [Hook] before a step is injected instead of its
// effect. One after it finds the effect done and the answer lost: a commit is
// then fsbase.ErrCommitUnknown.
const (
	Before Phase = "before"
	After  Phase = "after"
)

// Op is what a [Hook] is told.
type Op struct {
	Kind   Kind
	Phase  Phase
	Path   string
	To     string // the target of Rename and Copy
	Stream uint64 // tells streams apart, 0 for what is no stream's
}

// Hook is called before and after each step of each operation, by the
// goroutine of the operation and without a lock: it may block, which makes
// interleavings, use the file system, and return an error.
type Hook func(ctx context.Context, op Op) error

// SetHook sets the hook of the storage, for all its handles. nil removes it.
func (f *FS) SetHook(h Hook) {
	if h == nil {
		f.hook.Store(nil)
		return
	}
	f.hook.Store(&h)
}

// do runs one step with the hook around it. A context that ended while the
// hook blocked means no effect, except for what only finishes: a Sync, when
// the change is visible already, and a Discard.
func (d *disk) do(ctx context.Context, op Op, effect func() error) error {
	err := d.call(ctx, op, Before)
	if err == nil && op.Kind != OpSync && op.Kind != OpDiscard {
		err = ctx.Err()
	}
	if err == nil {
		err = effect()
	}
	if err != nil {
		return fsbase.PathError(string(op.Kind), op.Path, err)
	}
	if err := d.call(ctx, op, After); err != nil {
		return fsbase.PathError(string(op.Kind), op.Path, op.lost(err))
	}
	return nil
}

func (d *disk) call(ctx context.Context, op Op, p Phase) error {
	h := d.hook.Load()
	if h == nil {
		return nil
	}
	op.Phase = p
	return (*h)(ctx, op)
}

// lost is err of an operation whose effect is done.
func (op Op) lost(err error) error {
	if op.Kind == OpCommit || op.Kind == OpCopy {
		return fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, err)
	}
	return err
}

func nothing() error { return nil }
