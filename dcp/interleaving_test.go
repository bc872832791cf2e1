package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestTwoSaversInterleaved stops saver A before each of its steps, lets B make
// each number of steps, or all, and then lets A end first and B after it.
func TestTwoSaversInterleaved(t *testing.T) {
	over := dcp.WriterOptions{Overwrite: true}
	none := dcp.WriterOptions{Overwrite: true, KeepPrevious: -1}
	for _, c := range []struct {
		name string
		old  bool
		a, b dcp.WriterOptions
	}{
		{"fresh, fresh", false, dcp.WriterOptions{}, dcp.WriterOptions{}},
		{"fresh, overwrite", false, dcp.WriterOptions{}, over},
		{"overwrite, fresh", false, over, dcp.WriterOptions{}},
		{"overwrite, overwrite", true, over, over},
		{"overwrite, overwrite, none kept", true, none, none},
		{"one save id", true, dcp.WriterOptions{Overwrite: true, SaveID: "the job"}, dcp.WriterOptions{Overwrite: true, SaveID: "the job"}},
		{"one save id, fresh", false, dcp.WriterOptions{SaveID: "the job"}, dcp.WriterOptions{SaveID: "the job"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for a := 0; ; a++ {
				aEnded := false
				for b := a % stride; ; b += stride {
					r := race{t: t, old: c.old, o: map[string]dcp.WriterOptions{"A": c.a, "B": c.b}}
					var bEnded bool
					aEnded, bEnded = r.run(a, b)
					r.check(fmt.Sprintf("A stopped after %d steps, B after %d", a, b))
					if bEnded {
						break
					}
				}
				if aEnded {
					break
				}
			}
		})
	}
}

// race is one interleaving of the savers A, of step 2, and B, of step 3.
type race struct {
	t    *testing.T
	old  bool // step 1 is there
	o    map[string]dcp.WriterOptions
	fsys *memfs.FS
	s    *schedule
	errs map[string]*error
}

var stepOfSaver = map[string]int64{"A": 2, "B": 3}

func (r *race) run(a, b int) (aEnded, bEnded bool) {
	r.t.Helper()
	r.fsys = memfs.New()
	if r.old {
		if err := saveJob(r.t.Context(), r.fsys, 1, 1, dcp.SaveOptions{}); err != nil {
			r.t.Fatal(err)
		}
	}
	r.s = newSchedule(r.fsys)
	r.errs = map[string]*error{}
	for who, o := range r.o {
		err := new(error)
		r.errs[who] = err
		r.s.start(who, func() {
			*err = saveJob(as(r.t.Context(), who), r.fsys, stepOfSaver[who], 1, dcp.SaveOptions{WriterOptions: o})
		})
	}
	aEnded = r.s.allow("A", a)
	bEnded = r.s.allow("B", b)
	r.s.finish("A")
	if !bEnded {
		r.alive("B")
	}
	r.s.finish("B")
	r.fsys.SetHook(nil)
	return aEnded, bEnded
}

// alive checks that nothing of a saver that has not published is gone.
func (r *race) alive(who string) {
	r.t.Helper()
	there := names(r.t, r.fsys)
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for name, owner := range r.s.made {
		if owner == who && !r.s.published[who] && r.s.removed[name] != who && !slices.Contains(there, name) {
			r.t.Fatalf("%s of the live saver %s is gone", name, who)
		}
	}
}

func (r *race) check(when string) {
	r.t.Helper()
	step := stepOf(r.t, r.fsys)
	if bad := r.s.foreign(); len(bad) > 0 {
		r.t.Fatalf("%s: %v", when, bad)
	}
	won := 0
	for who, e := range r.errs {
		err := *e
		if err == nil {
			won++
			continue
		}
		if step == stepOfSaver[who] {
			r.t.Fatalf("%s: %s failed, and its step is there: %v", when, who, err)
		}
		if !errors.Is(err, fsbase.ErrPrecondition) && !errors.Is(err, fs.ErrExist) || errors.Is(err, fsbase.ErrCommitUnknown) {
			r.t.Fatalf("%s: %s: %v", when, who, err)
		}
	}
	if r.s.published["A"] && r.s.published["B"] {
		first, second := "A", "B"
		if r.s.committed["B"] < r.s.committed["A"] {
			first, second = second, first
		}
		if r.s.looked[second] < r.s.committed[first] {
			r.t.Fatalf("%s: %s replaced what %s published after it had looked", when, second, first)
		}
	}
	mayBoth := r.o["A"].Overwrite || r.o["B"].Overwrite || r.o["A"].SaveID != ""
	if step != 2 && step != 3 || won == 0 || won == 2 && !mayBoth {
		r.t.Fatalf("%s: step %d is there, %d savers have won", when, step, won)
	}
}

// TestTwoJobsInterleaved is the same with two ranks each, and B running all at
// once in A's pause.
func TestTwoJobsInterleaved(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		for a, ended := 0, false; !ended; a++ {
			fsys := memfs.New()
			if overwrite {
				if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: overwrite}}
			s := newSchedule(fsys)
			var aErr error
			s.start("A", func() { aErr = saveJob(as(t.Context(), "A"), fsys, 2, 2, o) })
			ended = s.allow("A", a)
			bErr := saveJob(context.Background(), fsys, 3, 2, o)
			s.finish("A")
			fsys.SetHook(nil)
			step := stepOf(t, fsys)
			for i, err := range []error{aErr, bErr} {
				if err != nil && (step == int64(2+i) || !errors.Is(err, fsbase.ErrPrecondition) && !errors.Is(err, fs.ErrExist)) {
					t.Fatalf("A stopped after %d steps, step %d: %v", a, step, err)
				}
			}
			if (aErr == nil) == (bErr == nil) && !(overwrite && aErr == nil) {
				t.Fatalf("A stopped after %d steps: %v, %v", a, aErr, bErr)
			}
		}
	}
}
