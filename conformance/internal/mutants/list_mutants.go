package mutants

import (
	"cmp"
	"context"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// listing makes faults of a function that changes a listing.
func listing(f func(v *variant, prefix string, infos []fsbase.Info) []fsbase.Info) faults {
	return faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
		return func(yield func(fsbase.Info, error) bool) {
			if err := ctx.Err(); err != nil {
				yield(fsbase.Info{}, failed("list", prefix, err))
				return
			}
			for _, info := range f(v, prefix, v.infos(prefix)) {
				if !yield(info, nil) {
					return
				}
			}
		}
	}}
}

// inFolder keeps what a prefix means to those who take it for a folder.
func inFolder(prefix string, infos []fsbase.Info) []fsbase.Info {
	folder := strings.TrimSuffix(prefix, "/")
	return slices.DeleteFunc(infos, func(i fsbase.Info) bool {
		return folder != "" && i.Path != folder && !strings.HasPrefix(i.Path, folder+"/")
	})
}

var listMutants = []Mutant{
	{
		Name:  "a whole last page is asked for what follows, in vain",
		Kills: []string{"list/many"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if n++; !yield(info, err) {
						return
					}
				}
				if n > 0 && n%listPage == 0 {
					yield(fsbase.Info{}, failed("list", prefix, fs.ErrInvalid))
				}
			}
		}},
	},
	{
		Name:  "listings of one handle have one place",
		Kills: []string{"list/many"},
		faults: func() faults {
			var mu sync.Mutex
			place := ""
			return faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
				return func(yield func(fsbase.Info, error) bool) {
					infos := v.infos(prefix)
					for from := 0; ; from += listPage {
						if from > 0 { // behind the page that was read last, by whomever
							mu.Lock()
							infos = slices.DeleteFunc(v.infos(prefix), func(i fsbase.Info) bool { return i.Path <= place })
							mu.Unlock()
						}
						page := infos[:min(len(infos), listPage)]
						if len(page) == 0 {
							return
						}
						mu.Lock()
						place = page[len(page)-1].Path
						mu.Unlock()
						for _, info := range page {
							if ctx.Err() != nil {
								yield(fsbase.Info{}, failed("list", prefix, ctx.Err()))
								return
							}
							if !yield(info, nil) {
								return
							}
						}
					}
				}
			}}
		}(),
	},
	{
		Name:  "listings are not sorted",
		Kills: []string{"list/order", "list/many"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			slices.Reverse(infos)
			return infos
		}),
	},
	{
		Name:  "listings are in the order of a walk of folders",
		Kills: []string{"list/order"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			slices.SortFunc(infos, func(a, b fsbase.Info) int {
				return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
			})
			return infos
		}),
	},
	{
		Name:  "listings are sorted without case",
		Kills: []string{"list/order"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			slices.SortStableFunc(infos, func(a, b fsbase.Info) int {
				return cmp.Compare(strings.ToLower(a.Path), strings.ToLower(b.Path))
			})
			return infos
		}),
	},
	{
		Name:  "listings stop at 1000",
		Kills: []string{"list/many"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			return infos[:min(len(infos), 1000)]
		}),
	},
	{
		Name:  "the last name of a page is the first of the next",
		Kills: []string{"list/many"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			if len(infos) > 1000 {
				infos = slices.Insert(infos, 1000, infos[999])
			}
			return infos
		}),
	},
	{
		Name:  "a prefix is a folder",
		Kills: []string{"list/prefix"},
		faults: listing(func(_ *variant, prefix string, infos []fsbase.Info) []fsbase.Info {
			return inFolder(prefix, infos)
		}),
	},
	{
		Name:  "a listing is of one folder",
		Kills: []string{"list/order", "list/prefix"},
		faults: listing(func(_ *variant, prefix string, infos []fsbase.Info) []fsbase.Info {
			return slices.DeleteFunc(infos, func(i fsbase.Info) bool { return strings.Contains(i.Path[len(prefix):], "/") })
		}),
	},
	{
		Name:  "folders are listed",
		Kills: []string{"list/order", "list/prefix"},
		faults: listing(func(_ *variant, prefix string, infos []fsbase.Info) []fsbase.Info {
			for _, i := range slices.Clone(infos) {
				if dir := path.Dir(i.Path); dir != "." && strings.HasPrefix(dir, prefix) {
					infos = append(infos, fsbase.Info{Path: dir, Version: "folder"})
				}
			}
			slices.SortFunc(infos, func(a, b fsbase.Info) int { return cmp.Compare(a.Path, b.Path) })
			return infos
		}),
	},
	{
		Name:  "hidden names are not listed",
		Kills: []string{"list/order"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			return slices.DeleteFunc(infos, func(i fsbase.Info) bool { return strings.HasPrefix(path.Base(i.Path), ".") })
		}),
	},
	{
		Name:  "names are listed below the prefix",
		Kills: []string{"list/order", "names/bytes", "list/info"},
		faults: listing(func(_ *variant, prefix string, infos []fsbase.Info) []fsbase.Info {
			for i := range infos {
				infos[i].Path = infos[i].Path[len(prefix):]
			}
			return infos
		}),
	},
	{
		Name:  "listings tell no version",
		Kills: []string{"list/info"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			for i := range infos {
				infos[i].Version = ""
			}
			return infos
		}),
	},
	{
		Name:  "the root is listed for prefixes that leave it",
		Kills: []string{"list/escape"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			if clean := path.Clean(prefix); prefix != "" && clean != strings.TrimSuffix(prefix, "/") {
				prefix = strings.TrimPrefix(clean, ".")
			}
			return v.Store.List(ctx, prefix)
		}},
	},
	{
		Name:  "a listing goes on when its consumer stops",
		Kills: []string{"list/stop"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					yield(info, err)
				}
			}
		}},
	},
	{
		Name:  "a sequence can be ranged over once",
		Kills: []string{"list/stop"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			var used bool
			return func(yield func(fsbase.Info, error) bool) {
				if used {
					return
				}
				used = true
				v.Store.List(ctx, prefix)(yield)
			}
		}},
	},
	{
		Name:  "List does not look at the context",
		Kills: []string{"list/cancelled"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return v.Store.List(context.WithoutCancel(ctx), prefix)
		}},
	},
	{
		Name:  "a listing that is cancelled just ends",
		Kills: []string{"list/cancelled"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err != nil || !yield(info, nil) {
						return
					}
				}
			}
		}},
	},
}
