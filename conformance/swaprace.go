package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

var swapRaceChecks = []Check{
	{
		// What escapes is as with exclusive/race.
		ID: "swap/race", Clauses: []string{"C3", "O6"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "Of many swaps at once of one version exactly one succeeds, and its content is there.",
		run: func(t *trial) { t.amid(func() { t.swapRace([]*trial{t}, t.env.limits.Rounds/2) }) },
	},
	{
		// A swap that loses one increment in 50 escapes with 0.98^200 = 2 %.
		ID: "swap/counter", Clauses: []string{"C3", "O6"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "A counter that many increment by swaps counts every increment.",
		run: func(t *trial) { t.amid(func() { checkSwapCounter(t) }) },
	},
	{
		// What the two meet in once in 10 rounds escapes with 0.9^40 = 1 %.
		ID: "swap/beside-removal", Clauses: []string{"C3", "O7"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "Of a swap and one RmFile or RemoveAll of the name at once the later one decides: if both succeed the name is gone.",
		run: checkSwapBesideRemoval,
	},
}

// swapRace lets racers, spread over handles, swap one version, again and
// again.
func (t *trial) swapRace(handles []*trial, rounds int) {
	p := t.path("a")
	t.put(p, content(99, 100))
	for round := range rounds {
		if t.failed() {
			return
		}
		v := t.info(p).Version
		var winners, won atomic.Int32
		n := contenders(round)
		t.together(n, func(i int) func() {
			h := handles[i%len(handles)]
			w, err := h.createSwap(p, v)()
			began := err == nil
			if began {
				_, err = w.Write(content(uint64(round*racers+i), 100+i))
			}
			return func() {
				if err == nil {
					_, err = w.Commit()
				}
				if began {
					w.Close()
				}
				if err == nil {
					winners.Add(1)
					won.Store(int32(i))
				} else {
					t.wantStale(err, "round %d: a swap of %q among %d", round, p, n)
				}
			}
		})
		if won := winners.Load(); won != 1 {
			t.errorf("C3", "round %d: of %d swaps of one version of %q %d succeeded", round, n, p, won)
			return
		}
		i := int(won.Load())
		for _, h := range handles {
			h.wantContent("C3", p, content(uint64(round*racers+i), 100+i))
		}
	}
}

// checkSwapCounter lets racers increment one number.
func checkSwapCounter(t *trial) {
	const each = 25
	p := t.path("counter")
	t.put(p, []byte("0"))
	t.each(racers, func(int) {
		for range each {
			if !t.increment(p, racers*each) {
				return
			}
		}
	})
	if !t.failed() {
		t.wantContent("C3", p, []byte(strconv.Itoa(racers*each)))
	}
}

// checkSwapBesideRemoval lets a swap meet each kind of removal, which begins
// earlier or later each time. Rename is not among them: it may be lost to a swap.
func checkSwapBesideRemoval(t *trial) {
	p := t.path("a")
	removals := map[string]func() error{"RmFile": func() error { return t.fs.RmFile(t.ctx, p) }}
	if c, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		removals["RemoveAll"] = func() (last error) {
			for _, last = range c.RemoveAll(t.ctx, p) {
			}
			return last
		}
	}
	before, next := content(1, 100), content(2, 120)
	for what, remove := range removals {
		v := t.put(p, before).Version
		took := timed(func() { _, _ = t.commit(t.createSwap(p, v), next) })
		for round, wait := range moments(t.env.limits.Rounds/8+2, took) {
			v := t.put(p, before).Version
			w, err := t.createSwap(p, v)()
			if err != nil {
				t.fatalf("CreateSwap(%q) of the current version: %v", p, err)
			}
			t.write(w, p, next)
			var rerr error
			t.together(2, func(i int) func() {
				if i == 0 {
					return func() { _, err = w.Commit() }
				}
				return func() {
					pause(wait)
					rerr = remove()
				}
			})
			w.Close()
			said := fmt.Sprintf("round %d: a swap of %q beside %s", round, p, what)
			if rerr != nil {
				t.errorf("O7", "%s, which says %v", said, rerr)
				return
			}
			if err != nil {
				t.wantStale(err, "%s", said)
			}
			if ok, xerr := t.fs.Exists(t.ctx, p); ok || xerr != nil {
				t.errorf("C3", "%s, and both return nil: Exists is %v, %v", said, ok, xerr)
				return
			}
		}
	}
}

// increment adds one to the number in p, trying again for as long as it loses.
// Each loss is another's win, of which there are fewer than total.
func (t *trial) increment(p string, total int) bool {
	for range 2 * total {
		r := t.open(p)
		old, err := readStream(r)
		v := r.Info().Version
		r.Close()
		if errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		n, cerr := strconv.Atoi(string(old))
		if err != nil || cerr != nil {
			t.errorf("C3", "the counter %q reads %q, %v", p, old, err)
			return false
		}
		runtime.Gosched() // so that others read the same number
		_, err = t.commit(t.createSwap(p, v), []byte(strconv.Itoa(n+1)))
		if err == nil {
			return true
		}
		if !errors.Is(err, fsbase.ErrPrecondition) {
			t.errorf("C3", "a swap of %q among others: %v", p, err)
			return false
		}
	}
	t.errorf("C3", "a swap of %q lost %d times, with %d commits in all", p, 2*total, total)
	return false
}
