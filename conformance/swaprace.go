package conformance

import (
	"errors"
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
