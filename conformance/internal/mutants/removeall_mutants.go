package mutants

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// removing makes faults of a function that removes what it is given and
// returns the names to yield.
func removing(f func(v *variant, prefix string, infos []fsbase.Info) []string) faults {
	return faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			if err := ctx.Err(); err != nil {
				yield("", failed("remove", prefix, err))
				return
			}
			for _, name := range f(v, prefix, v.infos(prefix)) {
				if !yield(name, nil) {
					return
				}
			}
		}
	}}
}

// removed removes all of infos and returns their names.
func (v *variant) removed(infos []fsbase.Info) []string {
	var names []string
	for _, i := range infos {
		v.unlink(i.Path)
		names = append(names, i.Path)
	}
	return names
}

var removeAllMutants = []Mutant{
	{
		Name:  "RemoveAll stops at 1000",
		Kills: []string{"removeall/many"},
		faults: removing(func(v *variant, _ string, infos []fsbase.Info) []string {
			return v.removed(infos[:min(len(infos), 1000)])
		}),
	},
	{
		Name:  "RemoveAll takes the prefix for a folder",
		Kills: []string{"removeall/prefix"},
		faults: removing(func(v *variant, prefix string, infos []fsbase.Info) []string {
			return v.removed(inFolder(prefix, infos))
		}),
	},
	{
		Name:  "RemoveAll yields and does not remove",
		Kills: []string{"removeall/prefix", "removeall/many", "removeall/stop"},
		faults: removing(func(_ *variant, _ string, infos []fsbase.Info) []string {
			var names []string
			for _, i := range infos {
				names = append(names, i.Path)
			}
			return names
		}),
	},
	{
		Name:  "RemoveAll yields nothing",
		Kills: []string{"removeall/prefix", "removeall/many"},
		faults: removing(func(v *variant, _ string, infos []fsbase.Info) []string {
			v.removed(infos)
			return nil
		}),
	},
	{
		Name:  "RemoveAll removes what is next to the prefix",
		Kills: []string{"removeall/prefix"},
		faults: removing(func(v *variant, prefix string, infos []fsbase.Info) []string {
			if len(prefix) > 0 {
				v.removed(v.infos(prefix[:len(prefix)-1]))
			}
			return v.removed(infos)
		}),
	},
	{
		Name:  "RemoveAll does not go into folders of folders",
		Kills: []string{"removeall/everything", "removeall/prefix"},
		faults: removing(func(v *variant, prefix string, infos []fsbase.Info) []string {
			return v.removed(slices.DeleteFunc(infos, func(i fsbase.Info) bool {
				return strings.Count(i.Path[len(prefix):], "/") > 2
			}))
		}),
	},
	{
		Name:  "RemoveAll yields before it removes",
		Kills: []string{"removeall/stop"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if !yield(info.Path, err) {
						return
					}
					v.unlink(info.Path)
				}
			}
		}},
	},
	{
		Name:  "RemoveAll does not look at the context",
		Kills: []string{"removeall/cancelled"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return v.Store.RemoveAll(context.WithoutCancel(ctx), prefix)
		}},
	},
	{
		Name:  "RemoveAll ends the large streams that are open below its prefix",
		Kills: []string{"interleaving/remove"},
		faults: ending(func(f *faults, ended func(*variant, string, error)) {
			f.removeAll = func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					for name, err := range v.Store.RemoveAll(ctx, prefix) {
						ended(v, name, err)
						if !yield(name, err) {
							return
						}
					}
				}
			}
		}),
	},
	{
		Name:  "RemoveAll whose context ends after a thousand names just ends",
		Kills: []string{"removeall/cancelled"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				n := 0
				for info, err := range v.Store.List(context.WithoutCancel(ctx), prefix) {
					if n > 0 && n%listPage == 0 && ctx.Err() != nil {
						return
					}
					if err == nil {
						rmCtx := ctx
						if n > 0 { // one request for all of them
							rmCtx = context.WithoutCancel(ctx)
						}
						err = v.Store.RmFile(rmCtx, info.Path)
					}
					if n++; !yield(info.Path, err) || err != nil {
						return
					}
				}
				if err := ctx.Err(); n == 0 && err != nil {
					yield("", failed("remove", prefix, err))
				}
			}
		}},
	},
}
