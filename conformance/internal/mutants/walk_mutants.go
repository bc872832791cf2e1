package mutants

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// paged makes faults in which a listing asks for pages, from where next says.
func paged(next func(infos []fsbase.Info, yielded int, last string) []fsbase.Info) faults {
	const page = 10
	return faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
		return func(yield func(fsbase.Info, error) bool) {
			yielded, last := 0, ""
			for {
				if err := ctx.Err(); err != nil {
					_ = yield(fsbase.Info{}, failed("list", prefix, err))
					return
				}
				infos := next(v.infos(prefix), yielded, last)
				for _, info := range infos[:min(page, len(infos))] {
					if err := ctx.Err(); err != nil {
						_ = yield(fsbase.Info{}, failed("list", prefix, err))
						return
					}
					yielded, last = yielded+1, info.Path
					if !yield(info, nil) {
						return
					}
				}
				if len(infos) <= page {
					return
				}
			}
		}
	}}
}

// behind makes pages that begin behind the last name and all that begin with it
// and more.
func behind(more string) func(infos []fsbase.Info, yielded int, last string) []fsbase.Info {
	return func(infos []fsbase.Info, yielded int, last string) []fsbase.Info {
		return slices.DeleteFunc(infos, func(i fsbase.Info) bool {
			return yielded > 0 && (i.Path <= last || strings.HasPrefix(i.Path, last+more))
		})
	}
}

var walkMutants = []Mutant{
	{
		// What is removed shifts the pages that are still to come.
		Name:  "pages of listings are counted from the beginning",
		Kills: []string{"list/while-changing"},
		faults: paged(func(infos []fsbase.Info, yielded int, _ string) []fsbase.Info {
			return infos[min(yielded, len(infos)):]
		}),
	},
	{
		Name:  "a page of a listing begins with the last name of the one before, or with the first of all",
		Kills: []string{"list/while-changing"},
		faults: paged(func(infos []fsbase.Info, yielded int, last string) []fsbase.Info {
			if yielded == 0 {
				return infos
			}
			for i, info := range infos {
				if info.Path == last {
					return infos[i+1:]
				}
			}
			return infos // where the name is gone, so is the place
		}),
	},
	{
		Name:   "a page of a listing begins behind all names below the last one",
		Kills:  []string{"list/many-prefixes"},
		faults: paged(behind("/")),
	},
	{
		Name:   "a page of a listing begins behind all names that have the last one and a NUL",
		Kills:  []string{"list/many-prefixes"},
		faults: paged(behind("\x00")),
	},
	{
		Name:   "a page of a listing begins behind all names that the last one is a prefix of",
		Kills:  []string{"list/many-prefixes"},
		faults: paged(behind("")),
	},
	{
		Name:  "a listing holds a lock while its consumer works",
		Kills: []string{"list/while-changing"},
		faults: func() faults {
			var l locks
			f := faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
				return func(yield func(fsbase.Info, error) bool) {
					unlock, err := l.lock(ctx, "")
					if err != nil {
						yield(fsbase.Info{}, err)
						return
					}
					defer unlock()
					v.Store.List(ctx, prefix)(yield)
				}
			}}
			f.remove = func(v *variant, ctx context.Context, p string) error {
				unlock, err := l.lock(ctx, "")
				if err != nil {
					return err
				}
				defer unlock()
				return v.Store.RmFile(ctx, p)
			}
			return f
		}(),
	},
	{
		Name:  "RemoveAll removes what came after it began",
		Kills: []string{"removeall/while-changing"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				if err := ctx.Err(); err != nil {
					yield("", failed("remove", prefix, err))
					return
				}
				infos := v.infos(prefix)
				for _, info := range infos {
					v.unlink(info.Path)
					if !yield(info.Path, nil) {
						return
					}
				}
				if len(infos) > 0 {
					v.removed(v.infos(prefix)) // silently
				}
			}
		}},
	},
	{
		Name:  "RemoveAll leaves what was replaced since it was listed",
		Kills: []string{"removeall/while-changing"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				if err := ctx.Err(); err != nil {
					yield("", failed("remove", prefix, err))
					return
				}
				for _, info := range v.infos(prefix) {
					if o, _ := v.get(info.Path); o.info.Version != info.Version {
						continue
					}
					v.unlink(info.Path)
					if !yield(info.Path, nil) {
						return
					}
				}
			}
		}},
	},
}

// memory is a goroutine that uses a caller's memory after its call: a race, which
// the check has to find by itself.
//
//go:norace
func memory(p []byte, before []byte) {
	time.Sleep(3 * time.Millisecond) // so that the caller has it again, surely
	//lint:ignore S1001 copy would be seen by the race detector
	for i := range before {
		p[i] = before[i]
	}
}

var memoryMutants = []Mutant{
	{
		Name:  "ReadAt fills its slice again later",
		Kills: []string{"read/memory"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if n > 0 && len(p) > 1000 {
					go memory(p[:1], []byte{p[0]})
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "ReadRanges that fails goes on in the background",
		Kills: []string{"ranged/memory"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			if err != nil && len(ranges) > 0 && len(ranges[0].Dst) > 1000 {
				go memory(ranges[0].Dst[:1], []byte{0})
			}
			return info, err
		}),
	},
	{
		Name:  "ReadRanges leaves ranges of other sizes in one buffer",
		Kills: []string{"ranged/concurrent"},
		faults: func() faults {
			var mu sync.Mutex
			scratch := make([]byte, 1<<20)
			return ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
				info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
				if err != nil || len(ranges) == 0 || len(ranges[0].Dst) > len(scratch) {
					return info, err
				}
				mu.Lock()
				n := copy(scratch, ranges[0].Dst)
				mu.Unlock()
				yield()
				mu.Lock()
				defer mu.Unlock()
				copy(ranges[0].Dst, scratch[:n])
				return info, err
			})
		}(),
	},
}
