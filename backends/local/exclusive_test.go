package local

import (
	"errors"
	"io/fs"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

func TestExclusiveRace(t *testing.T) {
	f := newFS(t).WithoutSync().(*FS)
	for round := range 200 {
		p := "race/" + strconv.Itoa(round)
		var winners atomic.Int32
		var winner atomic.Value
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				me := "from " + strconv.Itoa(i)
				_, err := write(f.CreateExclusive(t.Context(), p))(me)
				switch {
				case err == nil:
					winners.Add(1)
					winner.Store(me)
				case !errors.Is(err, fs.ErrExist) || !errors.Is(err, fsbase.ErrPrecondition):
					t.Errorf("loser %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if n := winners.Load(); n != 1 {
			t.Fatalf("round %d: %d winners", round, n)
		}
		want(t, f, p, winner.Load().(string))
	}
	wantTidy(t, f)
}

// answers makes steps of f fail without being done.
func answers(f *FS, by map[step]error) *FS {
	g := *f
	g.around = func(s step, call func() error) error {
		if err, ok := by[s]; ok {
			return err
		}
		return call()
	}
	return &g
}

// Where names cannot be renamed without replacing they are linked, and where
// neither can be nothing is published.
func TestExclusiveWithoutRename(t *testing.T) {
	f := newFS(t)
	for _, noRename := range []error{syscall.EINVAL, syscall.ENOSYS, syscall.ENOTSUP} {
		linking := answers(f, map[step]error{stepExclude: noRename})
		if _, err := write(linking.CreateExclusive(t.Context(), "x"))("first"); err != nil {
			t.Fatalf("%v: %v", noRename, err)
		}
		_, err := write(linking.CreateExclusive(t.Context(), "x"))("second")
		wantErr(t, "the second", err, fs.ErrExist)
		wantErr(t, "the second", err, fsbase.ErrPrecondition)
		want(t, f, "x", "first")

		for _, noLink := range []error{syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EMLINK} {
			bare := answers(f, map[step]error{stepExclude: noRename, stepLink: noLink})
			for _, p := range []string{"x", "never"} {
				_, err := write(bare.CreateExclusive(t.Context(), p))("third")
				wantErr(t, "with neither", err, errors.ErrUnsupported)
			}
			want(t, f, "x", "first")
			if ok, err := f.Exists(t.Context(), "never"); ok || err != nil {
				t.Errorf("published without a condition: %v, %v", ok, err)
			}
		}
		if err := f.RmFile(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	wantTidy(t, f)
}

func TestExclusiveAnswerLost(t *testing.T) {
	for _, lost := range []step{stepExclude, stepLink} {
		f := newFS(t)
		f.around = func(s step, call func() error) error {
			if s == stepExclude && lost == stepLink {
				return syscall.EINVAL
			}
			err := call()
			if s == lost && err == nil {
				err = syscall.EEXIST // what NFS answers when it is asked again
			}
			return err
		}
		if _, err := write(f.CreateExclusive(t.Context(), "x"))("ours"); err != nil {
			t.Errorf("a %s that was made: %v", lost, err)
		}
		want(t, f, "x", "ours")
		if _, err := write(f.CreateExclusive(t.Context(), "x"))("late"); !errors.Is(err, fs.ErrExist) {
			t.Errorf("a %s that is another's: %v", lost, err)
		}
		want(t, f, "x", "ours")
		wantTidy(t, f)
	}
}

func TestExclusiveNeedsNoLock(t *testing.T) {
	f := answers(newFS(t), map[step]error{stepLock: errNoLocks})
	if _, err := write(f.CreateExclusive(t.Context(), "x"))("first"); err != nil {
		t.Fatal(err)
	}
	_, err := write(f.CreateExclusive(t.Context(), "x"))("second")
	wantErr(t, "the second", err, fs.ErrExist)
}
