package fsbase_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

var errLost = errors.New("the answer is lost")

// script runs its parts, one for each occasion; "" afterwards means nothing.
type script func() error

// on is a hook with something to do at each of the first occasions of a step.
func on(kind memfs.Kind, phase memfs.Phase, parts ...script) memfs.Hook {
	return func(_ context.Context, op memfs.Op) error {
		if op.Kind != kind || op.Phase != phase || len(parts) == 0 {
			return nil
		}
		part := parts[0]
		parts = parts[1:]
		return part()
	}
}

func fail(err error) script { return func() error { return err } }

func repeat(n int, s script) (all []script) {
	for range n {
		all = append(all, s)
	}
	return all
}

func TestPublish(t *testing.T) {
	const mine, theirs, old = "mine", "theirs", "old"
	absent, swap := "absent", "swap"
	for name, c := range map[string]struct {
		conds []string
		// hook may use other, a way to write that has no hook.
		hook  func(fsys *memfs.FS, other func(body string)) memfs.Hook
		want  []error // nil for success
		not   []error
		there string        // afterwards; "" for what was before
		took  time.Duration // of waiting
	}{
		"at once": {conds: []string{absent, swap, ""}, there: mine},
		"answer lost": {
			conds: []string{absent, swap, ""},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.After, fail(errLost))
			},
			there: mine, took: 100 * time.Millisecond,
		},
		"synced late": { // as a directory that cannot be synced after the link
			conds: []string{absent, swap},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpSync, memfs.Before, fail(errLost))
			},
			there: mine, took: 100 * time.Millisecond,
		},
		"not arrived, no answer": {
			conds: []string{absent, swap, ""},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, repeat(3, fail(fsbase.ErrCommitUnknown))...)
			},
			there: mine, took: 700 * time.Millisecond,
		},
		"never an answer": {
			conds: []string{absent, swap, ""},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, repeat(100, fail(fsbase.ErrCommitUnknown))...)
			},
			want: []error{fsbase.ErrCommitUnknown}, not: []error{fsbase.ErrPrecondition}, took: 6300 * time.Millisecond,
		},
		"lost to another": {
			conds: []string{absent, swap},
			hook: func(_ *memfs.FS, other func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, func() error { other(theirs); return nil })
			},
			want: []error{fsbase.ErrPrecondition}, not: []error{fsbase.ErrCommitUnknown}, there: theirs,
		},
		"lost to another of the same size": {
			conds: []string{absent, swap},
			hook: func(_ *memfs.FS, other func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, func() error { other("mind"); return nil })
			},
			want: []error{fsbase.ErrPrecondition}, not: []error{fsbase.ErrCommitUnknown}, there: "mind",
		},
		"no answer, then lost": {
			conds: []string{absent, swap},
			hook: func(_ *memfs.FS, other func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, fail(fsbase.ErrCommitUnknown), func() error { other(theirs); return nil })
			},
			want: []error{fsbase.ErrPrecondition}, not: []error{fsbase.ErrCommitUnknown}, there: theirs, took: 100 * time.Millisecond,
		},
		"the client asked again by itself": { // and saw its own work
			conds: []string{absent, swap},
			hook: func(_ *memfs.FS, other func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, func() error { other(mine); return nil })
			},
			there: mine,
		},
		"refused": {
			conds: []string{absent, swap, ""},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, fail(fs.ErrPermission))
			},
			want: []error{fs.ErrPermission}, not: []error{fsbase.ErrCommitUnknown},
		},
		"no answer, then refused for ever": {
			conds: []string{absent, swap},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before,
					append([]script{fail(fsbase.ErrCommitUnknown)}, repeat(100, fail(fs.ErrPermission))...)...)
			},
			want: []error{fsbase.ErrCommitUnknown, fs.ErrPermission}, took: 6300 * time.Millisecond,
		},
		"throttled": {
			conds: []string{absent, swap, ""},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, repeat(2, fail(fsbase.ErrThrottled))...)
			},
			there: mine, took: 300 * time.Millisecond,
		},
		"throttled for ever": {
			conds: []string{absent},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, repeat(100, fail(fsbase.ErrThrottled))...)
			},
			want: []error{fsbase.ErrThrottled}, not: []error{fsbase.ErrCommitUnknown}, took: 6300 * time.Millisecond,
		},
		"answer lost, reading fails twice": {
			conds: []string{absent, swap},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				commit := on(memfs.OpCommit, memfs.After, fail(errLost))
				open := on(memfs.OpOpen, memfs.Before, repeat(2, fail(errLost))...)
				return func(ctx context.Context, op memfs.Op) error {
					return errors.Join(commit(ctx, op), open(ctx, op))
				}
			},
			there: mine, took: 700 * time.Millisecond,
		},
		"lost, and it cannot be seen to whom": {
			conds: []string{absent, swap},
			hook: func(_ *memfs.FS, other func(string)) memfs.Hook {
				commit := on(memfs.OpCommit, memfs.Before, func() error { other(theirs); return nil })
				open := on(memfs.OpOpen, memfs.Before, repeat(100, fail(fs.ErrPermission))...)
				return func(ctx context.Context, op memfs.Op) error {
					return errors.Join(commit(ctx, op), open(ctx, op))
				}
			},
			want: []error{fsbase.ErrCommitUnknown, fs.ErrPermission}, not: []error{fsbase.ErrPrecondition},
			there: theirs, took: 6300 * time.Millisecond,
		},
		"gone under the swap": {
			conds: []string{swap},
			hook: func(fsys *memfs.FS, _ func(string)) memfs.Hook {
				return on(memfs.OpCommit, memfs.Before, func() error { return fsys.RmFile(t.Context(), "m") })
			},
			want: []error{fsbase.ErrPrecondition}, not: []error{fsbase.ErrCommitUnknown, fs.ErrNotExist}, there: "absent",
		},
		"taken, then free again": {
			conds: []string{absent},
			hook: func(fsys *memfs.FS, other func(string)) memfs.Hook {
				commit := on(memfs.OpCommit, memfs.Before, func() error { other(theirs); return nil })
				open := on(memfs.OpOpen, memfs.Before, func() error { return fsys.RmFile(t.Context(), "m") })
				return func(ctx context.Context, op memfs.Op) error {
					return errors.Join(commit(ctx, op), open(ctx, op))
				}
			},
			want: []error{fsbase.ErrCommitUnknown}, not: []error{fsbase.ErrPrecondition}, there: "absent",
		},
		"overtaken": {
			conds: []string{""},
			hook: func(_ *memfs.FS, other func(string)) memfs.Hook {
				return on(memfs.OpSync, memfs.After, func() error { other(theirs); return nil })
			},
			want: []error{fsbase.ErrPrecondition}, not: []error{fsbase.ErrCommitUnknown}, there: theirs,
		},
		"cannot be read back": { // a commit that said yes is one
			conds: []string{""},
			hook: func(*memfs.FS, func(string)) memfs.Hook {
				return on(memfs.OpOpen, memfs.Before, fail(fs.ErrPermission))
			},
			there: mine,
		},
	} {
		for _, cond := range c.conds {
			t.Run(name+"/"+cond, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fsys := memfs.New()
					before := "absent"
					var condition fsbase.Condition
					switch cond {
					case absent:
						condition = fsbase.IfAbsent()
					case swap:
						before = old
						condition = fsbase.IfVersion(put(t, fsys, "m", old).Version)
					}
					quiet := false
					other := func(body string) {
						quiet = true
						put(t, fsys, "m", body)
						quiet = false
					}
					if c.hook != nil {
						hook := c.hook(fsys, other)
						fsys.SetHook(func(ctx context.Context, op memfs.Op) error {
							if quiet {
								return nil
							}
							return hook(ctx, op)
						})
					}
					start := time.Now()
					info, err := fsbase.Publish(t.Context(), fsys, "m", []byte(mine), condition)
					took := time.Since(start)
					fsys.SetHook(nil)
					if c.want == nil {
						if err != nil {
							t.Fatal(err)
						}
						if now, err := fsbase.Stat(t.Context(), fsys, "m"); err != nil || now != info {
							t.Errorf("%+v, but there is %+v, %v", info, now, err)
						}
					} else {
						wantIs(t, err, c.want...)
						if cond == absent && errors.Is(err, fsbase.ErrPrecondition) != errors.Is(err, fs.ErrExist) {
							t.Errorf("lost create-if-absent: %v", err)
						}
					}
					for _, not := range c.not {
						if errors.Is(err, not) {
							t.Errorf("%v is %v", err, not)
						}
					}
					there := c.there
					if there == "" {
						there = before
					}
					if got := get(t, fsys, "m"); got != there {
						t.Errorf("%q is there, want %q", got, there)
					}
					if took != c.took {
						t.Errorf("waited %v, want %v", took, c.took)
					}
				})
			})
		}
	}
}
