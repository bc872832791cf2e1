package mutants

import (
	"context"
	"errors"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// holds tells whether cond holds now: the check of a check-then-act.
func (v *variant) holds(p string, cond fsbase.Condition) error {
	o, there := v.get(p)
	switch {
	case cond.Absent() && there:
		return failed("create", p, fsbase.ErrExist())
	case cond.Version() != "" && o.info.Version != cond.Version():
		return failed("create", p, fsbase.ErrPrecondition)
	}
	return nil
}

// lax makes faults in which a commit under a condition is commit's, which gets
// a writer that publishes unconditionally.
func lax(commit func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error)) faults {
	return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
		if err := cond.Check("create", p); err != nil {
			return nil, err
		}
		w, err := v.Store.create(ctx, p, fsbase.Condition{})
		if err != nil || cond.Unconditional() {
			return begun(w, err)
		}
		return &stream{writer: w, commit: func() (fsbase.Info, error) {
			if w.over || w.ctx.Err() != nil {
				return w.Commit()
			}
			info, err := commit(v, w, cond)
			w.over = true
			return info, err
		}}, nil
	}}
}

// losing makes faults of a function that changes the error of a lost write.
func losing(f func(w *writer, err error) (fsbase.Info, error)) faults {
	return faults{writer: func(_ *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
		return &stream{writer: w, commit: func() (fsbase.Info, error) {
			info, err := w.Commit()
			if errors.Is(err, fsbase.ErrPrecondition) {
				return f(w, err)
			}
			return info, err
		}}
	}}
}

var conditionMutants = []Mutant{
	{
		Name:  "conditions are ignored",
		Kills: []string{"exclusive/refuses", "exclusive/race", "swap/stale", "swap/gone", "swap/race"},
		faults: lax(func(_ *variant, w *writer, _ fsbase.Condition) (fsbase.Info, error) {
			return w.Commit()
		}),
	},
	{
		Name:  "conditions are checked, then acted upon",
		Kills: []string{"exclusive/race", "exclusive/race-large", "swap/race", "swap/counter", "handles/exclusive", "handles/swap"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if err := v.holds(w.path, cond); err != nil {
				return fsbase.Info{}, err
			}
			yield()
			return w.Commit()
		}),
	},
	{
		Name:  "conditions are checked at creation alone",
		Kills: []string{"exclusive/decided-at-commit", "exclusive/race", "swap/decided-at-commit", "swap/race"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			if err := cond.Check("create", p); err != nil {
				return nil, err
			}
			w, err := v.Store.create(ctx, p, fsbase.Condition{})
			if err == nil {
				err = v.holds(p, cond)
			}
			return begun(w, err)
		}},
	},
	{
		Name:  "a condition counts when a large part is sent",
		Kills: []string{"exclusive/decided-at-commit", "swap/decided-at-commit"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			sent := false
			return &stream{
				writer: w,
				write: func(p []byte) (int, error) {
					sent = sent || len(p) >= largePart && v.holds(w.path, cond) == nil
					return w.Write(p)
				},
				commit: func() (fsbase.Info, error) {
					if sent && w.ctx.Err() == nil && w.err == nil && !w.over {
						w.over = true
						return v.put("commit", w.path, w.data, fsbase.Condition{})
					}
					return w.Commit()
				},
			}
		}},
	},
	{
		Name:  "conditions are ignored above 5 MiB",
		Kills: []string{"exclusive/refuses", "exclusive/race-large", "swap/stale"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if len(w.data) > 5<<20 {
				return w.Commit()
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
	{
		Name:  "a lost commit is no error",
		Kills: []string{"exclusive/refuses", "exclusive/race", "swap/stale", "swap/gone"},
		faults: losing(func(*writer, error) (fsbase.Info, error) {
			return fsbase.Info{}, nil
		}),
	},
	{
		Name:  "a lost create-if-absent is no fs.ErrExist",
		Kills: []string{"exclusive/refuses", "exclusive/race", "exclusive/decided-at-commit"},
		faults: losing(func(w *writer, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, fsbase.ErrPrecondition)
		}),
	},
	{
		Name:  "a lost commit is no ErrPrecondition",
		Kills: []string{"exclusive/refuses", "swap/stale", "errors/classes"},
		faults: losing(func(w *writer, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, fs.ErrExist)
		}),
	},
	{
		Name:  "a lost commit removes what is there",
		Kills: []string{"exclusive/refuses", "exclusive/decided-at-commit", "swap/stale"},
		faults: faults{writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if errors.Is(err, fsbase.ErrPrecondition) {
					v.unlink(w.path)
				}
				return info, err
			}}
		}},
	},
	{
		Name:  "exclusive creation holds the name with an empty stream",
		Kills: []string{"exclusive/creates", "exclusive/decided-at-commit"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			if cond.Absent() {
				_, _ = v.put("create", w.path, nil, cond)
				publish := func(data []byte) (fsbase.Info, error) { return v.put("commit", w.path, data, fsbase.Condition{}) }
				w.publish = publish
			}
			return w
		}},
	},
	{
		Name:  "exclusive creation fails where a name was once",
		Kills: []string{"exclusive/decided-at-commit"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				if cond.Absent() && !w.over && v.marked(w.path) {
					return fsbase.Info{}, failed("commit", w.path, fsbase.ErrExist())
				}
				v.mark(w.path, true)
				return w.Commit()
			}}
		}},
	},
	{
		Name:  "a swap compares sizes",
		Kills: []string{"swap/stale", "swap/decided-at-commit"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			o, there := v.get(w.path)
			if cond.Absent() || !there || o.info.Size != int64(len(w.data)) {
				return v.put("commit", w.path, w.data, cond)
			}
			return w.Commit()
		}),
	},
	{
		Name:  "a swap of what is gone creates",
		Kills: []string{"swap/gone", "errors/path-error"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if _, there := v.get(w.path); !there && !cond.Absent() {
				return w.Commit()
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
	{
		Name:  "a swap of the version that is there fails",
		Kills: []string{"swap/current", "swap/counter"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Version() != "" {
				return fsbase.Info{}, failed("commit", w.path, fsbase.ErrPrecondition)
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
	{
		Name:  "an empty version means no condition",
		Kills: []string{"swap/no-version"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			if cond.Check("", "") != nil {
				cond = fsbase.Condition{}
			}
			return begun(v.Store.create(ctx, p, cond))
		}},
	},
}
