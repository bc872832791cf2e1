package dcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// base is the checkpoint that an attempt would replace, as the coordinator saw
// it before anything was written.
type base struct {
	version  fsbase.Version     // of .metadata; "" when there was none
	md       *metadata.Metadata // nil when there was none, or none that decodes
	guarded  bool               // publishing is conditional on the above
	finished bool               // it is this very save
	nonce    string             // of the attempt
}

// PrepareGlobalPlan looks at the storage, once for all ranks, and puts the
// decision into every plan.
func (w *FileSystemWriter) PrepareGlobalPlan(ctx context.Context, plans []*planner.SavePlan) ([]*planner.SavePlan, error) {
	b, err := w.look(ctx)
	if err != nil {
		return nil, err
	}
	b.nonce = newNonce()
	w.base = b
	for rank, p := range plans {
		p.StorageData = StoragePrefix{
			Prefix: fmt.Sprintf("__%d_", rank), Nonce: b.nonce, Fresh: b.version == "", Done: b.finished,
		}
	}
	return plans, nil
}

// look finds the checkpoint that is there and makes the folder.
func (w *FileSystemWriter) look(ctx context.Context) (*base, error) {
	b := &base{}
	body, info, err := fsbase.ReadFile(ctx, w.fsys, metadata.Name, Limits{}.withDefaults().Metadata)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		// Who may write and not look learns at publishing what is there.
		_, b.guarded = fsbase.As[fsbase.ExclusiveCreator](w.fsys)
		if errors.Is(err, fs.ErrPermission) && !b.guarded && !w.o.Overwrite {
			return nil, err // publishing would replace whatever is there
		}
		return b, w.fsys.Mkdir(ctx, ".")
	case err != nil:
		return nil, err
	}
	b.version = info.Version
	if md, err := metadata.Decode(body); err == nil {
		b.md = md // else it is damaged: replaced all the same, and nothing of it swept
	}
	if b.md != nil && w.isOwn(b.md) {
		b.finished = true
		w.report.AlreadySaved = true
		return b, nil
	}
	if !w.o.Overwrite {
		return nil, fmt.Errorf("a checkpoint is there already, and Overwrite is not set: %w",
			&fs.PathError{Op: "save", Path: metadata.Name, Err: fs.ErrExist})
	}
	_, b.guarded = fsbase.As[fsbase.Swapper](w.fsys)
	return b, nil
}

// isOwn tells a checkpoint that was published by an attempt at this save.
func (w *FileSystemWriter) isOwn(md *metadata.Metadata) bool {
	return md.StorageMeta != nil && md.StorageMeta.SaveID == w.o.SaveID
}

// condition is what must hold when .metadata is published.
func (b *base) condition() fsbase.Condition {
	switch {
	case !b.guarded:
		return fsbase.Condition{}
	case b.version == "":
		return fsbase.IfAbsent()
	default:
		return fsbase.IfVersion(b.version)
	}
}
