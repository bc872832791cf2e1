package mutants

import (
	"context"
	"io/fs"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var operationMutants = []Mutant{
	{
		Name:  "Exists is true for folders",
		Kills: []string{"operations/exists"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			ok, err := v.Store.Exists(ctx, p)
			return ok || err == nil && len(v.infos(p+"/")) > 0, err
		}},
	},
	{
		Name:  "Exists is true for the beginnings of names",
		Kills: []string{"operations/exists"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			ok, err := v.Store.Exists(ctx, p)
			return ok || err == nil && len(v.infos(p)) > 0, err
		}},
	},
	{
		Name:  "Exists of what is absent is an error",
		Kills: []string{"operations/exists", "write/fresh-root"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			ok, err := v.Store.Exists(ctx, p)
			if err == nil && !ok {
				err = failed("exists", p, fs.ErrNotExist)
			}
			return ok, err
		}},
	},
	{
		Name:  "RmFile removes by prefix",
		Kills: []string{"operations/remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			err := ready(ctx, "remove", p)
			if err == nil {
				for _, info := range v.infos(p) {
					v.unlink(info.Path)
				}
			}
			return err
		}},
	},
	{
		Name:  "RmFile removes folders",
		Kills: []string{"operations/remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			err := v.Store.RmFile(ctx, p)
			if err == nil {
				for _, info := range v.infos(p + "/") {
					v.unlink(info.Path)
				}
			}
			return err
		}},
	},
	{
		Name:  "RmFile of a folder is a strange error",
		Kills: []string{"operations/remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if len(v.infos(p+"/")) > 0 {
				return failed("remove", p, errNotEmpty)
			}
			return v.Store.RmFile(ctx, p)
		}},
	},
	{
		Name:  "RmFile does nothing",
		Kills: []string{"operations/remove", "list/order"},
		faults: faults{remove: func(_ *variant, ctx context.Context, p string) error {
			return ready(ctx, "remove", p)
		}},
	},
	{
		Name:  "a removed name cannot be removed again",
		Kills: []string{"operations/remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if _, ok := v.get(p); ok && ctx.Err() == nil {
				v.disk.mu.Lock()
				_, again := v.last[p]
				v.last[p] = object{}
				v.disk.mu.Unlock()
				if again {
					return failed("remove", p, errForbidden)
				}
			}
			return v.Store.RmFile(ctx, p)
		}},
	},
	{
		Name:  "Rename copies",
		Kills: []string{"operations/rename"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if o, ok := v.get(p); ok && ctx.Err() == nil && fs.ValidPath(q) {
				_, err := v.put("rename", q, o.data, fsbase.Condition{})
				return err
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "Rename does not replace",
		Kills: []string{"operations/rename", "pin/renamed-over"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if _, taken := v.get(q); taken && ctx.Err() == nil && fs.ValidPath(p) {
				return failed("rename", q, fs.ErrExist)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "Rename removes the target first",
		Kills: []string{"operations/rename-absent"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if ready(ctx, "rename", p) == nil {
				v.unlink(q)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "Rename of an absent source is fine",
		Kills: []string{"operations/rename-absent", "errors/path-error"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if _, ok := v.get(p); !ok && ready(ctx, "rename", p) == nil {
				return ready(ctx, "rename", q)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "Rename to itself loses the stream",
		Kills: []string{"operations/rename-self"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			err := v.Store.Rename(ctx, p, q)
			if err == nil && p == q {
				v.unlink(p)
			}
			return err
		}},
	},
	{
		Name:  "Rename needs the folder of the target",
		Kills: []string{"operations/rename"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if i := strings.LastIndexByte(q, '/'); i > 0 && fs.ValidPath(p) && fs.ValidPath(q) && ctx.Err() == nil && len(v.infos(q[:i+1])) == 0 {
				return failed("rename", q, fs.ErrNotExist)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "Mkdir of what exists is an error",
		Kills: []string{"operations/mkdir"},
		faults: faults{mkdir: func(v *variant, ctx context.Context, p string) error {
			if len(v.infos(p+"/")) > 0 {
				return failed("mkdir", p, fs.ErrExist)
			}
			return v.Store.Mkdir(ctx, p)
		}},
	},
	{
		Name:  "Mkdir makes a stream",
		Kills: []string{"operations/mkdir", "list/order"},
		faults: faults{mkdir: func(v *variant, ctx context.Context, p string) error {
			err := v.Store.Mkdir(ctx, p)
			if err == nil && p != "." {
				_, err = v.put("mkdir", p, nil, fsbase.Condition{})
			}
			return err
		}},
	},
}
