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

// rankLocalWriter writes the part of one rank and publishes it as
// `__R.metadata`. Every rank looks at storage for itself: if network file
// systems show them different things, exclusive creation decides.
type rankLocalWriter struct {
	*FileSystemWriter
	at RankLocal
}

var _ reporter = (*rankLocalWriter)(nil)

// rankMetadataName is torch's name for the metadata of one rank.
func rankMetadataName(rank int) string { return fmt.Sprintf("__%d%s", rank, metadata.Name) }

func (w *rankLocalWriter) MetadataPath() string { return rankMetadataName(w.at.Rank) }

func (w *rankLocalWriter) SetUpStorageWriter(coordinator bool, _ int) error {
	return w.FileSystemWriter.SetUpStorageWriter(coordinator, w.at.Rank)
}

// PrepareGlobalPlan prepares the only plan. The names of its data files always
// have the nonce: a torch that saves here later would truncate plain ones.
func (w *rankLocalWriter) PrepareGlobalPlan(ctx context.Context, plans []*planner.SavePlan) ([]*planner.SavePlan, error) {
	b, err := w.look(ctx)
	if err != nil {
		return nil, err
	}
	b.nonce = newNonce()
	w.base = b
	for _, p := range plans {
		p.StorageData = StoragePrefix{Prefix: fmt.Sprintf("__%d_", w.at.Rank), Nonce: b.nonce, Done: b.finished}
	}
	return plans, nil
}

// look refuses a place where a checkpoint is, or another save's part of this
// rank: a set is replaced rank by rank, and in between neither old nor new.
func (w *rankLocalWriter) look(ctx context.Context) (*base, error) {
	b := &base{}
	_, b.guarded = fsbase.As[fsbase.ExclusiveCreator](w.fsys)
	for _, name := range []string{metadata.Name, w.MetadataPath()} {
		body, _, err := fsbase.ReadFile(ctx, w.fsys, name, Limits{}.withDefaults().Metadata)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission) && b.guarded:
			continue // who may write and not look learns at publishing what is there
		case err != nil:
			return nil, err
		}
		if md := w.ownPart(body); md != nil {
			b.md, b.finished = md, true
			w.report.AlreadySaved = true
			return b, nil
		}
		return nil, w.occupied(name)
	}
	return b, w.fsys.Mkdir(ctx, ".")
}

func (w *rankLocalWriter) occupied(name string) error {
	reason := fs.ErrExist
	if w.o.Overwrite {
		reason = errors.ErrUnsupported
	}
	return fmt.Errorf("a rank-local set replaces nothing, save it to a new folder: %w", &fs.PathError{Op: "save", Path: name, Err: reason})
}

// ownPart is what an earlier attempt at this save has published: this rank's
// part, or the checkpoint that the parts were merged to. Else it is nil.
func (w *rankLocalWriter) ownPart(body []byte) *metadata.Metadata {
	md, err := metadata.Decode(body)
	if err != nil || !w.isOwn(md) || md.RankLocal != nil && *md.RankLocal != w.at {
		return nil
	}
	return md
}

// Finish publishes the part of this rank in one conditional step.
func (w *rankLocalWriter) Finish(ctx context.Context, md *metadata.Metadata, results [][]WriteResult) (*metadata.Metadata, error) {
	if w.base == nil {
		return nil, errors.New("finish without a global plan")
	}
	if w.base.finished {
		return w.base.md, nil
	}
	if err := collect(md, results); err != nil {
		return nil, err
	}
	at := w.at
	md.StorageMeta, md.Version, md.RankLocal = w.StorageMeta(), "1.0.0", &at
	body, err := metadata.Encode(md)
	if err != nil {
		return nil, err
	}
	w.report.Unguarded = !w.base.guarded
	_, err = fsbase.Publish(ctx, w.fsys, w.MetadataPath(), body, w.base.condition())
	if errors.Is(err, fsbase.ErrPrecondition) {
		if earlier := w.earlierPart(ctx); earlier != nil {
			w.discard(ctx, md, earlier)
			return earlier, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("publishing: %w", err)
	}
	return md, nil
}

// earlierPart is what stands in the way of this part, if an earlier attempt at
// the same save has published it after all.
func (w *rankLocalWriter) earlierPart(ctx context.Context) *metadata.Metadata {
	body, _, err := fsbase.ReadFile(ctx, w.fsys, w.MetadataPath(), Limits{}.withDefaults().Metadata)
	if err != nil {
		return nil
	}
	md := w.ownPart(body)
	if md != nil {
		w.report.AlreadySaved = true
	}
	return md
}
