//go:build unix

package processes

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/local"
)

// The calls of a save, in order; publication is between the last two.
var calls = []string{"Gather(plan)", "Scatter(plan)", "Gather(write)", "Broadcast(write)"}

// TestFate kills or stops every rank of three before every call of a save. The
// others name it, and nothing of them is left; the checkpoint is the old one
// until it was published, and then the new one, whole, and nobody has removed
// anything.
func TestFate(t *testing.T) {
	var some errgroup.Group
	some.SetLimit(8)
	for _, fate := range []string{"kill", "stop"} {
		for rank := range 3 {
			for i := range calls {
				what := task{Saves: []int64{1, 2}, Fate: fate, Rank: rank, Calls: i + 1}
				what.CallTimeout, what.Silence = time.Minute, 3*time.Second
				if i%2 == 1 { // the limit of a call ends the wait for a stopped rank too
					what.CallTimeout, what.Silence = 3*time.Second, time.Minute
				}
				what.Dir = t.TempDir()
				some.Go(func() error {
					strike(t, what)
					return nil
				})
			}
		}
	}
	_ = some.Wait() // strike tells t
}

func strike(t *testing.T, what task) {
	name := fmt.Sprintf("%s rank %d before %s", what.Fate, what.Rank, calls[what.Calls-1])
	const n = 3
	j := launch(t, n, what)
	reports := j.wait(what.Rank)
	if out := j.ranks[what.Rank].out.String(); out != "" {
		t.Errorf("%s: it has survived: %s", name, out)
	}
	published := what.Calls == len(calls)
	var took time.Duration
	for rank, r := range reports {
		took = max(took, r.Took)
		switch {
		case r.Culprit != what.Rank:
			t.Errorf("%s: rank %d: %+v", name, rank, r)
		case published && !r.Unknown:
			t.Errorf("%s: rank %d claims to know that nothing was published: %s", name, rank, r.Err)
		case r.Left != "":
			t.Errorf("%s: rank %d has left %s", name, rank, r.Left)
		}
	}
	t.Logf("%s: all others have returned after %v", name, took)
	if len(reports) != n-1 {
		t.Errorf("%s: %d of %d ranks have reported", name, len(reports), n-1)
	}
	want := int64(1)
	if published {
		want = 2
	}
	look(t, name, what.Dir, n, want)
	if published {
		allThere(t, name, what.Dir, n)
	}
}

// look wants a whole checkpoint of one of some steps.
func look(t *testing.T, name, dir string, n int, steps ...int64) {
	fsys, err := local.New(dir)
	if err != nil {
		t.Error(err)
		return
	}
	if step, err := wholeStep(t.Context(), fsys, n); err != nil || !slices.Contains(steps, step) {
		t.Errorf("%s: step %d (%v), want one of %d", name, step, err, steps)
	}
}

// allThere wants the files of every rank for both steps: an old one for each
// plain name, and a new one with a nonce.
func allThere(t *testing.T, name, dir string, n int) {
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
		return
	}
	data := 0
	for _, f := range files {
		if f.Name() != ".metadata" {
			data++
		}
	}
	if data != 2*n {
		t.Errorf("%s: %d data files, want %d: %v", name, data, 2*n, files)
	}
}

// TestKilledAtRandom kills a rank from outside, at any moment of a save.
func TestKilledAtRandom(t *testing.T) {
	var some errgroup.Group
	some.SetLimit(3)
	for round := range 12 {
		dir := t.TempDir()
		what := task{Dir: dir, Joined: t.TempDir(), Saves: []int64{1, 2, 3, 4, 5, 6, 7, 8}, CallTimeout: time.Minute, Silence: 20 * time.Second}
		after := 20*time.Millisecond + time.Duration(rand.IntN(250))*time.Millisecond
		some.Go(func() error {
			n := 2 + round%3
			victim := round % n
			name := fmt.Sprintf("rank %d of %d killed after %v", victim, n, after)
			j := launch(t, n, what)
			for start := time.Now(); !hasJoined(what, victim); time.Sleep(time.Millisecond) {
				if time.Since(start) > patience {
					t.Errorf("%s: it does not join", name)
					break
				}
			}
			time.AfterFunc(after, func() { j.kill(victim) })
			done := true
			for rank, r := range j.wait(victim) {
				if r.Left != "" || r.Err != "" && r.Culprit != victim {
					t.Errorf("%s: rank %d: %+v", name, rank, r)
				}
				done = done && r.Err == ""
			}
			fsys, err := local.New(dir)
			if err != nil {
				return err
			}
			step, err := wholeStep(t.Context(), fsys, n)
			if _, statErr := os.Stat(filepath.Join(dir, ".metadata")); os.IsNotExist(statErr) && !done {
				return nil // killed before the first step
			}
			if err != nil || done && step != 8 {
				t.Errorf("%s: step %d, %v", name, step, err)
			}
			t.Logf("%s: step %d", name, step)
			return nil
		})
	}
	if err := some.Wait(); err != nil {
		t.Error(err)
	}
}

// hasJoined tells whether a rank has joined.
func hasJoined(what task, rank int) bool {
	_, err := os.Stat(what.joined(rank))
	return err == nil
}
