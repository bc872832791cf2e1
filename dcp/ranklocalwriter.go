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
		if md, err := metadata.Decode(body); err == nil && w.isOwnPart(md) {
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

// isOwnPart tells what an earlier attempt at this save has published: this rank's
// part, or the checkpoint that the parts were merged to.
func (w *rankLocalWriter) isOwnPart(md *metadata.Metadata) bool {
	return w.isOwn(md) && (md.RankLocal == nil || *md.RankLocal == w.at)
}

// Finish publishes the part of this rank in one conditional step.
func (w *rankLocalWriter) Finish(ctx context.Context, md *metadata.Metadata, results [][]WriteResult) (*metadata.Metadata, error) {
	if done, err := w.gathered(md, results); done != nil || err != nil {
		return done, err
	}
	at := w.at
	md.StorageMeta, md.Version, md.RankLocal = w.StorageMeta(), "1.0.0", &at
	return w.publish(ctx, w.MetadataPath(), md, w.isOwnPart)
}
