package mutants

import (
	"context"
	"errors"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var capabilityMutants = []Mutant{
	{
		Name:  "a capability is there and unsupported",
		Kills: []string{"capability/honest"},
		faults: copying(func(_ *variant, _ context.Context, _, dst string, _ fsbase.Condition) (fsbase.Info, error) {
			return fsbase.Info{}, failed("copy", dst, errors.ErrUnsupported)
		}),
	},
	{
		Name:   "part limits are negative",
		Kills:  []string{"capability/part-limits"},
		faults: faults{limits: func() fsbase.PartLimits { return fsbase.PartLimits{Read: -1} }},
	},
	{
		Name:  "Stat is behind",
		Kills: []string{"capability/stat"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			info, err := v.Store.Stat(ctx, p)
			if err != nil {
				return info, err
			}
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			old, ok := v.last[p]
			v.last[p] = object{info: info}
			if ok {
				return old.info, nil
			}
			return info, nil
		}},
	},
	{
		Name:  "Stat finds folders",
		Kills: []string{"capability/stat"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			info, err := v.Store.Stat(ctx, p)
			if err != nil && len(v.infos(p+"/")) > 0 && ctx.Err() == nil {
				return fsbase.Info{Path: p, Version: "folder"}, nil
			}
			return info, err
		}},
	},
	{
		Name:  "Stat does not look at the context",
		Kills: []string{"capability/stat-cancelled"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			return v.Store.Stat(context.WithoutCancel(ctx), p)
		}},
	},
	{
		Name:  "an open stream has a goroutine that only its context ends",
		Kills: []string{"leaks/goroutines"},
		faults: reading(func(_ *variant, r *reader) *view {
			go func() {
				select {
				case <-r.ctx.Done():
				case <-time.After(10 * time.Second):
				}
			}()
			return &view{}
		}),
	},
}
