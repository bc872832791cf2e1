package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The checks here ask what a handle makes of what it knew, or of whom it shares
// a request with, when the storage is too busy.
var faultChangedChecks = []Check{
	{
		ID: "faults/refused-after-change", Clauses: []string{"R6", "O1", "C6", "E4"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "What was seen before is no answer of a storage that is too busy: after a change, by this handle or by another, a look says what is there now, or ErrThrottled.",
		run: checkRefusedAfterChange,
	},
	{
		ID: "faults/read-memory", Clauses: []string{"R3", "C6"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "When ReadAt or ReadRanges has returned, be it after requests that were refused or whose answers ended early, the memory is the caller's again.",
		run: checkFaultyReadMemory,
	},
	{
		ID: "faults/cancelled-beside", Clauses: []string{"R7", "O1", "C6"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "Of two reads at once of one name, which ask a busy storage again, the end of one's context is nothing to the other.",
		run: checkCancelledBeside,
	},
}

func checkRefusedAfterChange(t *trial) {
	handles := map[string]*trial{"this handle": t}
	if t.env.reopen != nil {
		handles["another handle"] = t.reopened()
	}
	before, after := content(1, 70_000), content(2, 65_000)
	from := t.path("dir/from")
	parts := 0
	for by, h := range handles {
		for _, c := range []struct {
			what    string
			was, is []byte // nil for absent
			change  func(p string) error
		}{
			{what: "first written", is: after, change: func(p string) error { return h.fill(p, after) }},
			{what: "replaced", was: before, is: after, change: func(p string) error { return h.fill(p, after) }},
			{what: "replaced by Rename", was: before, is: after, change: func(p string) error {
				h.put(from, after)
				return h.fs.Rename(t.ctx, from, p)
			}},
			{what: "moved away", was: before, change: func(p string) error { return h.fs.Rename(t.ctx, p, from) }},
			{what: "removed", was: before, change: func(p string) error { return h.fs.RmFile(t.ctx, p) }},
		} {
			p := t.path("dir/a")
			t.remove(p)
			if c.was != nil {
				t.put(p, c.was)
			}
			for _, look := range t.looks(p, c.was) {
				_, _ = look()
			}
			if err := c.change(p); err != nil {
				t.fatalf("%q cannot be %s: %v", p, c.what, err)
			}
			_, ok := t.under(t.env.faults.Refuse, Fault{On: ToRead}, func() {
				for what, look := range t.looks(p, c.is) {
					if right, err := look(); !right && !isDenied(err, fsbase.ErrThrottled) {
						t.errorf("R6", "%s(%q), which %s has %s, of a storage that is too busy: another answer, %v", what, p, by, c.what, err)
					}
				}
			})
			if ok {
				parts++
			}
		}
	}
	t.fruitless(parts)
}

func checkFaultyReadMemory(t *trial) {
	p, whole := t.path("a"), content(1, 70_000)
	t.put(p, whole)
	r := t.open(p)
	defer r.Close()
	reads := map[string]func(buf []byte){"R3": func(buf []byte) { _, _ = r.ReadAt(buf, 0) }}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		reads["C6"] = func(buf []byte) {
			const half = 35_000
			_, _ = c.ReadRanges(t.ctx, p, "", []fsbase.Range{{Dst: buf[:half]}, {Offset: half, Dst: buf[half:]}})
		}
	}
	given := map[string][][]byte{}
	parts := 0
	for clause, read := range reads {
		for _, arm := range []Arm{t.env.faults.Refuse, t.env.faults.Truncate} {
			for times := 1; times <= 3 && arm != nil; times++ {
				buf := make([]byte, len(whole))
				if _, ok := t.under(arm, Fault{On: ToRead, Times: times}, func() { read(buf) }); ok {
					parts++
				}
				giveBack(buf)
				given[clause] = append(given[clause], buf)
			}
		}
	}
	t.fruitless(parts)
	t.leftAlone("a read, of which requests failed,", given)
}

func checkCancelledBeside(t *trial) {
	whole := content(1, 70_000)
	kinds := append(slices.Sorted(maps.Keys(t.looks("a", whole))), "ReadAt")
	parts := 0
	for i, wait := range []time.Duration{500 * time.Microsecond, 2 * time.Millisecond} {
		for times := 1; times <= 3; times++ {
			for _, what := range kinds {
				p := t.path(fmt.Sprintf("%d-%d/%s", i, times, what)) // of its own: what was read before may be at hand
				t.put(p, whole)
				if t.cancelledBeside(what, p, whole, wait, times) {
					parts++
				}
			}
		}
	}
	t.fruitless(parts)
}

// cancelledBeside asks twice at once, while so many requests are refused, and
// ends the context of the first so long after the second has begun.
func (t *trial) cancelledBeside(what, p string, whole []byte, wait time.Duration, times int) bool {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	ask := func(t *trial) (look func() (bool, error), done func()) {
		if what != "ReadAt" {
			return t.looks(p, whole)[what], func() {}
		}
		r := t.open(p)
		return func() (bool, error) {
			buf := make([]byte, 1000) // few of many: such reads are the ones that are made one
			_, err := r.ReadAt(buf, 5000)
			return err == nil && difference(buf, whole[5000:6000]) == "", err
		}, func() { r.Close() }
	}
	first, closeFirst := ask(t.with(ctx))
	defer closeFirst()
	second, closeSecond := ask(t)
	defer closeSecond()
	var right bool
	var err error
	began := make(chan struct{})
	_, ok := t.under(t.env.faults.Refuse, Fault{On: ToRead, Times: times}, func() {
		t.each(3, func(i int) {
			switch i {
			case 0:
				_, _ = first()
			case 1:
				defer cancel() // nobody waits for it any more
				pause(100 * time.Microsecond)
				close(began)
				right, err = second()
			case 2:
				<-began
				select {
				case <-time.After(wait):
					cancel()
				case <-ctx.Done():
				}
			}
		})
	})
	if ok && !right && !isDenied(err, fsbase.ErrThrottled) {
		t.errorf("R7", "%s(%q) while %d requests are refused, beside another whose context ends: %v", what, p, times, err)
	}
	return ok
}
