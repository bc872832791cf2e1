package verify

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// overlaps finds items that share bytes of a file: no writer makes that, and
// one of the two then holds what was saved under the other's name. recs are in
// the order of files and offsets.
func (r *Report) overlaps(recs []dcp.Record, checks []check) {
	before := -1 // the record that reaches furthest in the file
	for i, rec := range recs {
		if rec.Length <= 0 || rec.Offset < 0 || checks[i].Blob || checks[i].err != nil {
			continue
		}
		if before >= 0 && recs[before].File == rec.File && rec.Offset-recs[before].Offset < recs[before].Length {
			other := recs[before]
			e := ckpterr.New(ckpterr.BadMetadata, "its bytes %d to %d are also those of %s",
				rec.Offset, min(rec.Offset+rec.Length, other.Offset+other.Length), ckpterr.Escape(other.FQN))
			e.File, e.Offset, e.FQN = rec.File, rec.Offset, rec.FQN
			r.fault(e)
		}
		if before < 0 || recs[before].File != rec.File || rec.Offset+rec.Length > recs[before].Offset+recs[before].Length {
			before = i
		}
	}
}

// listed bounds the look at the folder: everything else in it is nobody's
// checkpoint.
const listed = 1_000_000

// staleFiles finds data files that no record names, where the storage can list.
// They are read by nobody; an earlier save left them, or this one lost them.
// Those of the checkpoint that this one replaced are kept on purpose.
func (r *Report) staleFiles(ctx context.Context, ck *dcp.Checkpoint, recs []dcp.Record) error {
	n := 0
	for info, err := range fsbase.List(ctx, ck.FileSystem(), "") {
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			return nil
		case err != nil:
			return err
		}
		if n++; n > listed {
			return nil
		}
		if name := info.Path; isData(name, info.Size) && !named(recs, name) && !slices.Contains(ck.Metadata().Previous, name) {
			r.warn(StaleFile, name, "", "%d bytes that no record names", info.Size)
		}
	}
	return nil
}

// isData tells data files of a save. Empty ones are of ranks without data.
func isData(name string, size int64) bool {
	return size > 0 && strings.HasSuffix(name, ".distcp") && !strings.Contains(name, "/") ||
		name == ".metadata.tmp"
}

func named(recs []dcp.Record, file string) bool {
	_, ok := slices.BinarySearchFunc(recs, file, func(rec dcp.Record, file string) int {
		return strings.Compare(rec.File, file)
	})
	return ok
}
