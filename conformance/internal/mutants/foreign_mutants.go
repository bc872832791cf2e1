package mutants

import (
	"context"
	"io"
	"iter"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// similar makes faults in which a condition on a version like the one that is
// there is a condition on that, for every way to write.
func similar(like func(v, now fsbase.Version) bool) faults {
	meant := func(v *variant, p string, cond fsbase.Condition) fsbase.Condition {
		if o, ok := v.get(p); ok && cond.Version() != "" && like(cond.Version(), o.info.Version) {
			return fsbase.IfVersion(o.info.Version)
		}
		return cond
	}
	return faults{
		create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			return begun(v.Store.create(ctx, p, meant(v, p, cond)))
		},
		upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Upload(ctx, p, src, size, meant(v, p, cond))
		},
		copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Copy(ctx, src, dst, meant(v, dst, cond))
		},
	}
}

// parses tells whether a version is one that a Store could have made.
func parses(v fsbase.Version) bool { return number(v) > 0 }

var foreignMutants = []Mutant{
	{
		Name:  "a swap of a version that does not parse is unconditional",
		Kills: []string{"swap/foreign"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			if cond.Version() != "" && !parses(cond.Version()) {
				cond = fsbase.Condition{}
			}
			return begun(v.Store.create(ctx, p, cond))
		}},
	},
	{
		Name:  "an Upload under a version that does not parse is unconditional",
		Kills: []string{"swap/foreign"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Version() != "" && !parses(cond.Version()) {
				cond = fsbase.Condition{}
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}},
	},
	{
		Name:   "versions are compared without case",
		Kills:  []string{"swap/foreign"},
		faults: similar(func(v, now fsbase.Version) bool { return strings.EqualFold(string(v), string(now)) }),
	},
	{
		Name:   "versions are compared as far as the one that is there goes",
		Kills:  []string{"swap/foreign"},
		faults: similar(func(v, now fsbase.Version) bool { return strings.HasPrefix(string(v), string(now)) }),
	},
	{
		Name:   "versions are compared by their ends",
		Kills:  []string{"swap/foreign"},
		faults: similar(func(v, now fsbase.Version) bool { return v[len(v)-1] == now[len(now)-1] }),
	},
	{
		Name:   "versions are compared without zeros and a sign before them",
		Kills:  []string{"swap/foreign"},
		faults: similar(func(v, now fsbase.Version) bool { return strings.TrimLeft(string(v), "+0") == string(now) }),
	},
	{
		Name:   "versions are compared without quotes and spaces",
		Kills:  []string{"swap/foreign"},
		faults: similar(func(v, now fsbase.Version) bool { return strings.Trim(string(v), "\" ") == string(now) }),
	},
	{
		Name:   "versions are compared as ETags, weak ones as well",
		Kills:  []string{"swap/foreign"},
		faults: similar(func(v, now fsbase.Version) bool { return string(v) == `W/"`+string(now)+`"` }),
	},
	{
		Name:  "a pin is compared without the end of its line",
		Kills: []string{"ranged/foreign"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			return v.Store.ReadRanges(ctx, p, fsbase.Version(strings.TrimSpace(string(pin))), ranges)
		}),
	},
	{
		Name:  "a pin that does not parse pins nothing",
		Kills: []string{"ranged/foreign"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			if !parses(pin) {
				pin = ""
			}
			return v.Store.ReadRanges(ctx, p, pin, ranges)
		}),
	},
	{
		Name:  "RemoveAll removes 1,001 before it yields them",
		Kills: []string{"removeall/many"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				var names []string
				for name, err := range v.Store.RemoveAll(ctx, prefix) {
					if names = append(names, name); len(names) < 1001 && err == nil {
						continue
					}
					for _, n := range names {
						if !yield(n, err) {
							return
						}
					}
					names = nil
				}
				for _, n := range names {
					if !yield(n, nil) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll that is cancelled within just ends",
		Kills: []string{"removeall/cancelled"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				n := 0
				for name, err := range v.Store.RemoveAll(ctx, prefix) {
					if n++; n > 1 && err != nil || !yield(name, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll removes what has the prefix within",
		Kills: []string{"removeall/prefix"},
		faults: removing(func(v *variant, prefix string, _ []fsbase.Info) []string {
			var within []fsbase.Info
			for _, i := range v.infos("") {
				if strings.Contains(i.Path, prefix) {
					within = append(within, i)
				}
			}
			return v.removed(within)
		}),
	},
	{
		Name:  "RemoveAll ends after 1,500",
		Kills: []string{"removeall/many"},
		faults: removing(func(v *variant, _ string, infos []fsbase.Info) []string {
			return v.removed(infos[:min(len(infos), 1500)])
		}),
	},
}
