package conformance

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// The checks here let a fault meet the later requests of a call: another part,
// another attempt.
var faultLargeChecks = []Check{
	{
		ID: "faults/lost-large-commit", Clauses: []string{"E3", "W1", "W2", "W11", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanLose},
		Doc: "faults/lost-commit, of a stream that may go in parts.",
		run: func(t *trial) {
			parts := 0
			for i, w := range t.ways() {
				if t.lostCommit(w, t.path(fmt.Sprintf("dir/%d", i)), content(1, 500), content(uint64(i+2), t.largeSize()), 1) {
					parts++
				}
			}
			t.fruitless(parts)
		},
	},
	{
		ID: "faults/refused-part", Clauses: []string{"W1", "W6", "W9", "W11", "C5", "E4", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanRefuse},
		Doc: "Whichever part of a large stream the storage refuses, or does not answer: all of it is published, once, or nothing and the error says so.",
		run: checkRefusedPart,
	},
	{
		ID: "faults/refused-condition", Clauses: []string{"C2", "C3", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanRefuse},
		Doc: "A condition that does not hold is refused also when the storage was too busy for the first request.",
		run: checkRefusedCondition,
	},
	{
		ID: "faults/pinned-read", Clauses: []string{"R2", "C6", "E4", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanRefuse},
		Doc: "A read of a version that was replaced is pinned also when it is asked again, because the storage refused it or did not answer.",
		run: checkDeniedPin,
	},
}

func checkRefusedPart(t *trial) {
	whole := content(2, t.largeSize())
	parts := 0
	for _, w := range t.ways() {
		if w.cond != "" || w.clause == "C9" {
			continue
		}
		what, p := w.what, t.path("dir/"+w.what)
		publish := w.begin(t, p, whole)
		// meet returns false when the harness cannot, or there are fewer parts.
		meet := func(arm Arm, class error, skip, times int) bool {
			if arm == nil {
				return false
			}
			var info fsbase.Info
			var err error
			struck, ok := t.under(arm, Fault{On: ToWrite, Skip: skip, Times: times}, func() { info, err = publish(t, fsbase.Condition{}) })
			if !ok || struck == 0 {
				t.remove(p)
				return false
			}
			parts++
			said := fmt.Sprintf("%s of %d bytes to %q, of which parts fail after %d (%d, 0 for all),", what, len(whole), p, skip, times)
			switch t.wantTold(said, err); {
			case err == nil:
				t.wantContent("W1", p, whole)
				t.wantSameInfo(said, p, info)
				t.remove(p)
				return true
			case class != nil:
				t.wantDenied(err, said, class)
			}
			t.wantAbsent("W6", p)
			return true
		}
		refused := func(skip int) bool { return meet(t.env.faults.Refuse, fsbase.ErrThrottled, skip, 0) }
		once := func(skip int) {
			meet(t.env.faults.Refuse, fsbase.ErrThrottled, skip, 1)
			meet(t.env.faults.Forbid, fs.ErrPermission, skip, 1)
			meet(t.env.faults.Lose, nil, skip, 1)
		}
		skip := 0
		for ; skip < 4 && refused(skip); skip++ {
			once(skip)
		}
		if skip == 4 {
			once(t.oftenLast(skip-1, refused))
		}
	}
	t.twoStreams("parts that were refused")
	t.fruitless(parts)
}

// furthest returns the greatest number that meets the condition, which those up
// to from do, and those behind it do not.
func (t *trial) furthest(from int, meets func(int) bool) int {
	step := 1
	for ; !t.failed() && meets(from+step); step *= 2 {
		from += step
	}
	for step /= 2; step > 0 && !t.failed(); step /= 2 {
		if meets(from + step) {
			from += step
		}
	}
	return from
}

// oftenLast is furthest, and meets the last again and again: of requests that are
// made at once another one is the last each time.
func (t *trial) oftenLast(from int, meets func(int) bool) int {
	last := t.furthest(from, meets)
	for range 20 {
		if t.failed() || !meets(last) {
			break
		}
	}
	return last
}

// checkRefusedCondition lets a request under a condition that does not hold be
// asked again.
func checkRefusedCondition(t *trial) {
	parts := 0
	for i, w := range t.ways() {
		if w.cond == "" {
			continue
		}
		for _, n := range []int{3000, t.largeSize()} {
			p := t.path(fmt.Sprintf("dir/%d", i))
			publish := w.begin(t, p, content(1, n))
			cond, there := w.stale(t, p), content(96, 70)
			var err error
			struck, ok := t.under(t.env.faults.Refuse, Fault{On: ToCommit, Times: 1}, func() { _, err = publish(t, cond) })
			if !ok {
				continue
			}
			if struck > 0 { // it did not look first
				parts++
			}
			said := fmt.Sprintf("%s of %d bytes to %q, which does not hold, and which the storage refuses once,", w.what, n, p)
			t.wantTold(said, err)
			if !errors.Is(err, fsbase.ErrThrottled) {
				t.wantIs(w.condition(), err, said, fsbase.ErrPrecondition)
			}
			t.wantContent("C2", p, there)
		}
	}
	t.fruitless(parts)
}

func checkDeniedPin(t *trial) {
	parts := 0
	for _, f := range []struct {
		how   string
		arm   Arm
		class error
		times int
	}{
		{"refuses", t.env.faults.Refuse, fsbase.ErrThrottled, 1},
		{"refuses", t.env.faults.Refuse, fsbase.ErrThrottled, 2},
		{"does not answer", t.env.faults.Lose, nil, 1},
		{"does not answer", t.env.faults.Lose, nil, 2},
		{"answers in part", t.env.faults.Truncate, nil, 1},
	} {
		if f.arm == nil {
			continue
		}
		p, whole := t.path("a"), content(1, 200_000)
		stale := t.put(p, whole).Version
		r := t.open(p)
		t.put(p, content(2, 200_000))
		said := fmt.Sprintf("of a version of %q that is gone, which the storage %s %d times", p, f.how, f.times)
		armed := Fault{On: ToRead, Times: f.times}
		buf := make([]byte, 50_000)
		var n int
		var err error
		if _, ok := t.under(f.arm, armed, func() { n, err = r.ReadAt(buf, 100_000) }); ok {
			parts++
			gone := errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fs.ErrNotExist) || isDenied(err, f.class)
			if d := difference(buf[:n], whole[100_000:150_000]); !gone && (err != nil || d != "") {
				t.errorf("R2", "ReadAt %s: %v, %s", said, err, d)
			}
			t.wantTold("ReadAt, which the storage "+f.how+",", err)
		}
		r.Close()
		if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
			if _, ok := t.under(f.arm, armed, func() {
				_, err = c.ReadRanges(t.ctx, p, stale, []fsbase.Range{{Offset: 100_000, Dst: buf}})
			}); ok {
				parts++
				if !isDenied(err, f.class) {
					t.wantIs("C6", err, "ReadRanges "+said, fsbase.ErrChanged)
				}
				t.wantTold("ReadRanges, which the storage "+f.how+",", err)
			}
		}
	}
	t.fruitless(parts)
}
