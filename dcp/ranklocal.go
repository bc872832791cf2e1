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

const trustWarning = "rank-local set: nothing shows that its files are of one step"

// ranksAtOnce bounds the parts of a set that are read at the same time, which
// is for latency: each may take as much memory as a checkpoint's metadata.
const ranksAtOnce = 8

// rankSet is a rank-local set: the metadata of each rank.
type rankSet struct {
	parts   []*metadata.Metadata // by rank
	trusted bool                 // torch's, in which nothing tells steps apart
}

// readRanks reads the metadata of all ranks and refuses what is not, or is not
// known to be, one set.
func (r *reader) readRanks(ctx context.Context, f found, o OpenOptions) (*rankSet, error) {
	ranks := slices.Sorted(maps.Keys(f.ranks))
	for i, rank := range ranks {
		if rank != i {
			return nil, missingRank(i, "the set has rank %d and not rank %d", ranks[len(ranks)-1], i)
		}
	}
	s := &rankSet{parts: make([]*metadata.Metadata, len(ranks))}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(ranksAtOnce)
	for rank := range s.parts {
		g.Go(func() (err error) {
			s.parts[rank], err = r.readMetadataFile(gctx, rankMetadataName(rank))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if p := o.PreferRank; p != nil && (*p < 0 || *p >= len(s.parts)) {
		return nil, fmt.Errorf("rank %d is to be preferred, of a set of %d ranks: %w", *p, len(s.parts), fs.ErrInvalid)
	}
	return s, s.check(o.TrustSet)
}

func missingRank(rank int, format string, args ...any) error {
	return &ckpterr.Error{
		Class: ckpterr.MissingFile, File: rankMetadataName(rank), Offset: -1, Err: fmt.Errorf(format, args...),
	}
}

// check compares what the parts say of the set: all the same, or, in a set of
// torch's that is trusted, nothing.
func (s *rankSet) check(trust bool) error {
	first := s.parts[0]
	for rank, md := range s.parts {
		if (md.RankLocal == nil) != (first.RankLocal == nil) {
			return mixed(rank, "ranks 0 and %d were saved by different programs", rank)
		}
		if md.RankLocal == nil {
			continue
		}
		at, want := *md.RankLocal, RankLocal{Rank: rank, WorldSize: first.RankLocal.WorldSize}
		switch {
		case at.WorldSize != want.WorldSize:
			return mixed(rank, "saved by %d ranks, rank 0 by %d", at.WorldSize, want.WorldSize)
		case at != want:
			return mixed(rank, "it is the part of rank %d", at.Rank)
		case saveID(md) == "" || saveID(md) != saveID(first):
			return mixed(rank, "of the save %q, rank 0 of %q", saveID(md), saveID(first))
		}
	}
	switch n := len(s.parts); {
	case first.RankLocal == nil && !trust:
		return ckpterr.New(ckpterr.NotACheckpoint,
			"a rank-local set of %d ranks (use_collectives=False) without a save id: torch can mix steps there", n).
			WithHint("if all its files are of one save, open it with --trust-set")
	case first.RankLocal == nil:
		s.trusted = true
	case n < first.RankLocal.WorldSize:
		return missingRank(n, "%d ranks saved, and the parts of %d are here", first.RankLocal.WorldSize, n)
	case n > first.RankLocal.WorldSize:
		return mixed(n-1, "%d ranks saved, and the parts of %d are here", first.RankLocal.WorldSize, n)
	}
	return nil
}

// mixed is the error for parts that are not of one save, whoever trusts them.
func mixed(rank int, format string, args ...any) *ckpterr.Error {
	e := ckpterr.New(ckpterr.BadMetadata, "a mixed rank-local set: "+format, args...)
	e.File = rankMetadataName(rank)
	return e.WithHint("the files of every save belong into a folder of their own")
}

func saveID(md *metadata.Metadata) string {
	if md.StorageMeta == nil {
		return ""
	}
	return md.StorageMeta.SaveID
}

// union is the metadata of the whole set, with one of the copies of what several
// ranks stored.
func (s *rankSet) union(ctx context.Context, r *reader, prefer *int) (*merger, error) {
	m := newMerger(r, prefer, s.parts[0])
	for rank, md := range s.parts {
		if err := m.add(rank, md); err != nil {
			return nil, ckpterr.At(err, ckpterr.Place{File: rankMetadataName(rank), Offset: -1})
		}
	}
	return m, m.finish(ctx)
}

// besideRanks refuses a `.metadata` of torch's beside the parts of a rank-local
// set: torch reads the one, and has written the other's data into the files that
// it names. What is sealed names files that no torch overwrites, or knows the
// checksums of their items.
func (r *reader) besideRanks(ctx context.Context, md *metadata.Metadata) error {
	if md.Sealed {
		return nil
	}
	there, err := r.fsys.Exists(ctx, rankMetadataName(0))
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errors.ErrUnsupported):
		return nil // may be absent, may not be asked
	case err != nil:
		return err
	case there:
		return mixed(0, "it lies beside a %s of another save", metadata.Name).WithHint("keep %s or the __R.metadata, whichever is of the last save", metadata.Name)
	}
	return nil
}

// looksRankLocal tells a set where the storage cannot list.
func looksRankLocal(ctx context.Context, fsys fsbase.FileSystemBase) (map[int]string, error) {
	ranks := map[int]string{}
	for rank := 0; rank < surveyed; rank++ {
		name := rankMetadataName(rank)
		there, err := fsys.Exists(ctx, name)
		if err != nil {
			return nil, err
		}
		if !there {
			break
		}
		ranks[rank] = name
	}
	return ranks, nil
}
