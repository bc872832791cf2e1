package dcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// MergeReport tells what MergeRankLocal did.
type MergeReport struct {
	Ranks   int
	Tensors int
	Objects int

	// Copies is how many stored items are not in the checkpoint, because another
	// rank stored the same, or was preferred.
	Copies int

	// AlreadyMerged: the checkpoint of this set was there.
	AlreadyMerged bool

	// Unguarded is that of SaveReport.
	Unguarded bool

	Warnings []string
}

// MergeRankLocal makes a checkpoint of the rank-local set at url, which
// NoCollectives or torch's use_collectives=False saved: it publishes one
// `.metadata` for the data that is there. No data is copied.
//
// Nothing is published unless the parts are of one save and all there, make up
// every tensor, agree on what several of them hold, and all data files are
// there. A set of torch's, of which the first cannot be known, needs
// OpenOptions.TrustSet. The parts, `__R.metadata`, stay where they are: they
// have plain names, so a removal could hit those of a later save, and nobody
// reads them beside a `.metadata`. To merge again is to find that it is done.
func MergeRankLocal(ctx context.Context, url string, o OpenOptions) (*MergeReport, error) {
	fsys, err := muxOr(o.Mux).Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return MergeRankLocalFS(ctx, fsys, o)
}

// MergeRankLocalFS is MergeRankLocal at the root of fsys.
func MergeRankLocalFS(ctx context.Context, fsys fsbase.FileSystemBase, o OpenOptions) (*MergeReport, error) {
	r := readerFor(fsys, o)
	there, err := r.readMetadataFile(ctx, metadata.Name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names, err := survey(ctx, fsys)
	if err != nil {
		return nil, err
	}
	if len(names.ranks) == 0 {
		if there != nil {
			return nil, alreadyThere("and no __R.metadata")
		}
		if err := names.notACheckpoint(); len(names.safetensors) == 0 {
			return nil, err
		}
		return nil, ckpterr.New(ckpterr.NotACheckpoint, "a Hugging Face folder, not a rank-local set")
	}
	if there != nil {
		return r.merged(ctx, there, len(names.ranks))
	}
	set, err := r.readRanks(ctx, names, o)
	if err != nil {
		return nil, err
	}
	m, err := set.union(ctx, r, o.PreferRank)
	if err != nil {
		return nil, err
	}
	if err := m.whole(ctx); err != nil {
		return nil, err
	}
	rep := reportOf(m.out, len(set.parts))
	rep.Copies, rep.Warnings = m.spare, m.warnings
	if set.trusted {
		rep.Warnings = append(rep.Warnings, trustWarning)
	}
	if err := m.publish(ctx, rep); err != nil {
		return nil, err
	}
	return rep, nil
}

func reportOf(md *metadata.Metadata, ranks int) *MergeReport {
	rep := &MergeReport{Ranks: ranks}
	for _, it := range md.StateDictMetadata {
		if it.Tensor != nil {
			rep.Tensors++
		} else {
			rep.Objects++
		}
	}
	return rep
}

func alreadyThere(what string) error {
	return fmt.Errorf("there is a checkpoint %s: %w", what, &fs.PathError{Op: "merge", Path: metadata.Name, Err: fs.ErrExist})
}

// merged is the report on a checkpoint that is there, if it is that of the set
// beside it.
func (r *reader) merged(ctx context.Context, md *metadata.Metadata, ranks int) (*MergeReport, error) {
	part, err := r.readMetadataFile(ctx, rankMetadataName(0))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if part == nil || saveID(md) == "" || saveID(md) != saveID(part) {
		return nil, alreadyThere("of another save beside the __R.metadata")
	}
	rep := reportOf(md, ranks)
	rep.AlreadyMerged = true
	return rep, nil
}

// whole checks that nothing is missing.
func (m *merger) whole(ctx context.Context) error {
	for p := range m.out.Validate() {
		if !p.Warning {
			return p.Err
		}
	}
	for _, e := range m.out.PlannerData.Paths {
		if _, ok := m.out.Find(e.FQN); !ok {
			err := ckpterr.New(ckpterr.ChunkGap, "no rank has a part of it")
			err.FQN = e.FQN
			return err
		}
	}
	ends := map[string]int64{}
	for _, rec := range m.out.StorageData {
		ends[rec.Info.RelativePath] = max(ends[rec.Info.RelativePath], rec.Info.Offset+rec.Info.Length)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(filesAtOnce)
	for _, name := range slices.Sorted(maps.Keys(ends)) {
		g.Go(func() error { return m.fileThere(gctx, name, ends[name]) })
	}
	return g.Wait()
}

// filesAtOnce is how many files are asked for at the same time.
const filesAtOnce = 32

func (m *merger) fileThere(ctx context.Context, name string, end int64) error {
	if err := checkPath(name); err != nil {
		return err
	}
	info, err := fsbase.Stat(ctx, m.r.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &ckpterr.Error{Class: ckpterr.MissingFile, File: name, Offset: -1, Err: err}
	case err != nil:
		return err
	case info.Size < end:
		e := ckpterr.New(ckpterr.OutOfRange, "it has %d bytes, its items %d", info.Size, end)
		e.File = name
		return e
	}
	return nil
}

// publish makes the checkpoint appear, where there was none.
func (m *merger) publish(ctx context.Context, rep *MergeReport) error {
	body, err := metadata.Encode(m.out)
	if err != nil {
		return err
	}
	cond := fsbase.IfAbsent()
	if _, ok := fsbase.As[fsbase.ExclusiveCreator](m.r.fsys); !ok {
		cond, rep.Unguarded = fsbase.Condition{}, true
	}
	_, err = fsbase.Publish(ctx, m.r.fsys, metadata.Name, body, cond)
	if err == nil {
		return nil
	}
	if errors.Is(err, fsbase.ErrPrecondition) {
		there, readErr := m.r.readMetadataFile(ctx, metadata.Name)
		if readErr == nil && saveID(there) != "" && saveID(there) == saveID(m.out) {
			rep.AlreadyMerged = true
			return nil
		}
	}
	return fmt.Errorf("publishing: %w", err)
}
