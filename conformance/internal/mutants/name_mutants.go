package mutants

import (
	"context"
	"path"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var nameMutants = []Mutant{
	{
		Name:   "paths are cleaned",
		Kills:  []string{"names/invalid-path"},
		faults: faults{path: path.Clean},
	},
	{
		Name:   "paths may begin with a slash",
		Kills:  []string{"names/invalid-path"},
		faults: faults{path: func(p string) string { return strings.TrimPrefix(p, "/") }},
	},
	{
		Name:   "ConcatPath cleans",
		Kills:  []string{"names/concat"},
		faults: faults{concat: func(p, suffix string) string { return path.Join(p, suffix) }},
	},
	{
		Name:   "ConcatPath does not know the root",
		Kills:  []string{"names/concat"},
		faults: faults{concat: func(p, suffix string) string { return p + "/" + suffix }},
	},
	{
		Name:   "names are in lower case",
		Kills:  []string{"names/distinct", "names/bytes"},
		faults: faults{path: strings.ToLower},
	},
	{
		Name:   "names are query-escaped on the way out",
		Kills:  []string{"names/bytes", "names/distinct"},
		faults: faults{path: func(p string) string { return strings.ReplaceAll(p, " ", "+") }},
	},
	{
		Name:  "long names are cut",
		Kills: []string{"names/bytes"},
		faults: faults{path: func(p string) string {
			if dir, name := path.Split(p); len(name) > 128 {
				return dir + name[:128]
			}
			return p
		}},
	},
	{
		Name:  "odd names are refused as forbidden",
		Kills: []string{"names/bytes"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			w, err := v.Store.create(ctx, p, cond)
			if err == nil && strings.ContainsAny(p, "\n?*") {
				return nil, failed("create", p, errForbidden)
			}
			return begun(w, err)
		}},
	},
	{
		Name:  "the root can be written",
		Kills: []string{"names/root"},
		faults: faults{path: func(p string) string {
			if p == "." {
				return "root"
			}
			return p
		}},
	},
}
