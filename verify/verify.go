// Package verify reads and checks everything in a checkpoint.
//
// [dcp.Open] looks at the metadata only, and a load at what it needs. Verify
// reads every byte that the metadata names: archives, checksums, pickles, and
// whether each item holds what the metadata says; then what only shows in the
// whole: gaps and overlaps, files that are absent or that nobody names.
//
//	rep, err := verify.Verify(ctx, ck, verify.Options{})
//	if err == nil && !rep.OK() { for _, f := range rep.Findings { fmt.Println(f) } }
package verify

import (
	"context"
	"runtime"
	"slices"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
)

// Options of Verify. The zero value is good.
type Options struct {
	// Workers is how many items are checked at once. Default: twice the CPUs,
	// at most 16.
	Workers int

	// MaxFindings bounds Report.Findings; the rest is counted. Default 1000.
	MaxFindings int

	// Progress is told how many bytes were read of how many, several times a
	// second and at the end, never by two goroutines at once.
	Progress func(done, total int64)
}

// Verify checks all of ck. Faults of the checkpoint are in the report, whose
// order does not depend on timing. The error is for what kept Verify from
// looking: storage that failed, or the context; the report then has what was
// found before. Memory does not grow with the size of the items.
func Verify(ctx context.Context, ck *dcp.Checkpoint, o Options) (*Report, error) {
	if o.Workers <= 0 {
		o.Workers = min(16, 2*runtime.GOMAXPROCS(0))
	}
	if o.MaxFindings <= 0 {
		o.MaxFindings = 1000
	}
	rep := &Report{Findings: []Finding{}, limit: o.MaxFindings, inMetadata: map[fault]bool{}}
	checkMetadata(ck, rep)

	recs := ck.Records()
	rep.count(ck, recs)
	checks, err := checkItems(ctx, ck, recs, o)
	rep.items(recs, checks)
	if err != nil {
		return rep, err
	}
	rep.overlaps(recs, checks)
	return rep, rep.staleFiles(ctx, ck, recs)
}

// checkMetadata judges what the metadata says by itself.
func checkMetadata(ck *dcp.Checkpoint, rep *Report) {
	md := ck.Metadata()
	for p := range md.Validate() {
		if p.Warning {
			f := findingOf(Warning, p.Err)
			f.Class = UnknownRecord
			rep.add(f)
			continue
		}
		rep.fault(p.Err)
		rep.inMetadata[fault{string(p.Err.Class), p.Err.FQN}] = true
	}
	for _, w := range ck.Warnings() {
		rep.warn(RankLocal, "", "", "%s", w)
	}
	for _, name := range md.Unknown {
		rep.warn(UnknownClass, metadata.Name, "", "%q is not torch's own; torch would import it", name)
	}
	if md.PlannerData.Opaque != "" {
		rep.warn(OpaquePlanner, metadata.Name, "", "planner_data is %s, which only its own planner understands", md.PlannerData.Opaque)
	}
}

func (r *Report) count(ck *dcp.Checkpoint, recs []dcp.Record) {
	for _, e := range ck.Entries() {
		if e.IsTensor {
			r.Tensors++
		} else {
			r.Objects++
		}
	}
	files := make([]string, 0, 16)
	for _, rec := range recs {
		r.Bytes += max(rec.Length, 0)
		if n := len(files); n == 0 || files[n-1] != rec.File { // recs are sorted by file
			files = append(files, rec.File)
		}
	}
	r.Files = len(slices.Compact(files))
}
