package conformance

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// The checks here lose power among many calls: a storage may gather what it is
// told, and put it in order every so many calls or bytes.
var crashChurnChecks = []Check{
	{
		ID: "durable/churn", Clauses: []string{"W3", "C4", "W12"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "Wherever among thousands of writes, removals and renames power is lost, what was written last is there, what was moved under one of its names, and no version or time comes again.",
		run: checkCrashChurn,
	},
	{
		ID: "durable/writers", Clauses: []string{"W3", "W9"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "What several writers have committed when power is lost is there, also where they commit at the same time.",
		run: checkCrashWriters,
	},
}

// churn is what many calls have left.
type churn struct {
	names []string
	may   map[string][][]byte                  // since the last write: power loss may take back an RmFile or a Rename
	from  map[string]string                    // by content: the name that it was written to, or found under
	had   map[string]map[fsbase.Version]string // the content by version
	last  map[string]fsbase.Info               // of the last write, where no name was moved since
	made  uint64                               // contents
}

func checkCrashChurn(t *trial) {
	rng := t.rng("churn")
	c := &churn{may: map[string][][]byte{}, from: map[string]string{}, had: map[string]map[fsbase.Version]string{}, last: map[string]fsbase.Info{}}
	for i := range 24 {
		p := t.path(fmt.Sprintf("dir-%d/%d", i%3, i))
		c.names = append(c.names, p)
		c.had[p] = map[fsbase.Version]string{}
	}
	for life := range 12 {
		for range 100 + rng.IntN(300) {
			c.change(t, rng)
		}
		t = t.crashed()
		c.look(t, fmt.Sprintf("after power loss %d", life+1))
		if t.failed() {
			return
		}
	}
}

// change makes one call.
func (c *churn) change(t *trial, rng *rand.Rand) {
	p := c.names[rng.IntN(len(c.names))]
	switch kind := rng.IntN(10); {
	case kind < 2:
		t.remove(p)
		c.may[p] = append(c.may[p], nil)
	case kind < 4 && c.there(p) != nil:
		to := c.names[rng.IntN(len(c.names))]
		if err := t.fs.Rename(t.ctx, p, to); err != nil {
			t.fatalf("Rename(%q, %q): %v", p, to, err)
		}
		data := c.there(p)
		c.may[p] = append(c.may[p], nil)
		c.may[to] = append(c.may[to], data)
		delete(c.last, p)
		delete(c.last, to)
		c.note(t, to, t.info(to).Version, "after a Rename")
	default:
		c.made++
		size := 1 + rng.IntN(3000)
		if rng.IntN(20) == 0 {
			size = 400_000
		}
		ways := t.ways()
		w, data := ways[rng.IntN(len(ways))], content(c.made, size)
		publish := w.begin(t, p, data)
		var cond fsbase.Condition
		switch {
		case w.cond == ifVersion && c.there(p) != nil:
			cond = fsbase.IfVersion(t.info(p).Version)
		case w.cond != "":
			cond, _ = t.clear(w, p, nil)
		}
		info, err := publish(t, cond)
		if err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		c.may[p], c.from[string(data)] = [][]byte{data}, p
		c.note(t, p, info.Version, "after "+w.what)
		now := t.info(p) // a Commit need not tell the time
		if before, ok := c.last[p]; ok && now.ModTime.Before(before.ModTime) {
			t.errorf("W12", "%s to %q is of %v, and the write before it of %v", w.what, p, now.ModTime, before.ModTime)
		}
		c.last[p] = now
	}
}

// note demands that p never had the version with another content.
func (c *churn) note(t *trial, p string, v fsbase.Version, when string) {
	data := string(c.there(p))
	if before, ok := c.had[p][v]; ok && before != data {
		t.errorf("C4", "%s %q has the version %q, which it had with another content", when, p, v)
	}
	c.had[p][v] = data
}

// there is what p has, nil for nothing.
func (c *churn) there(p string) []byte {
	if states := c.may[p]; len(states) > 0 {
		return states[len(states)-1]
	}
	return nil
}

// look demands that what is left is there, and goes on with that.
func (c *churn) look(t *trial, when string) {
	found := map[string]bool{} // contents
	left := map[string][][]byte{}
	var names []string
	for _, p := range c.names {
		states := c.may[p]
		if len(states) == 0 {
			states = [][]byte{nil}
		}
		got, err := t.read(p)
		i := slices.IndexFunc(states, func(data []byte) bool { return isContent(got, err, data) })
		if i < 0 {
			t.errorf("W3", "%s and %d writes, %q has %d bytes (%v): %s", when, c.made, p, len(got), err, difference(got, c.there(p)))
			return
		}
		left[p] = states[i : i+1]
		if states[i] != nil {
			found[string(got)] = true
			names = append(names, p)
		}
	}
	for _, p := range c.names {
		data := c.there(p)
		from := c.may[c.from[string(data)]]
		replaced := !slices.ContainsFunc(from, func(had []byte) bool { return bytes.Equal(had, data) })
		if data != nil && !replaced && !found[string(data)] {
			t.errorf("W3", "%s and %d writes, the %d bytes that were moved to %q are under neither name", when, c.made, len(data), p)
		}
	}
	c.may, c.from = left, map[string]string{}
	for _, p := range names {
		c.from[string(c.there(p))] = p
		info := t.info(p)
		c.note(t, p, info.Version, when)
		if last, ok := c.last[p]; ok && !info.ModTime.Equal(last.ModTime) {
			t.errorf("W12", "%s %q is of %v, and was written at %v", when, p, info.ModTime, last.ModTime)
		}
	}
	if has[fsbase.Lister](t.fs) {
		t.wantList("W3", t.prefix("dir-"), names)
	}
}

// checkCrashWriters knows of each writer what it had committed before power was
// lost, and how far it came at most.
func checkCrashWriters(t *trial) {
	data := func(writer, n int) []byte { return content(uint64(1000*writer+n), 3000) }
	took := timed(func() { t.put(t.path("first"), data(0, 0)) })
	for life, wait := range moments(crashMoments, 20*took) {
		begun, done := make([]atomic.Int64, racers), make([]atomic.Int64, racers)
		name := func(i int) string { return t.path(fmt.Sprintf("life-%d/%d", life, i)) }
		var over atomic.Bool
		var writers sync.WaitGroup
		for i := range racers {
			p, t := name(i), t
			writers.Go(func() {
				defer t.guard()
				for n := 1; !over.Load(); n++ {
					begun[i].Store(int64(n))
					if _, err := t.commit(t.createIf(p, fsbase.Condition{}), data(i, n)); err != nil {
						return
					}
					done[i].Store(int64(n))
				}
			})
		}
		pause(wait)
		committed := make([]int64, racers)
		for i := range committed {
			committed[i] = done[i].Load()
		}
		t = t.crashed()
		over.Store(true)
		writers.Wait()
		for i := range racers {
			t.wantAmong(name(i), int(committed[i]), int(begun[i].Load()), func(n int) []byte { return data(i, n) })
		}
	}
}

// wantAmong demands that path has one of the contents from first to last; the
// one of number 0 is absence.
func (t *trial) wantAmong(path string, first, last int, data func(n int) []byte) {
	got, err := t.read(path)
	for n := first; n <= last; n++ {
		if n == 0 && isContent(got, err, nil) || n > 0 && isContent(got, err, data(n)) {
			return
		}
	}
	t.errorf("W3", "power was lost after commit %d and before the end of commit %d of %q, which now has %d bytes (%v)", first, last, path, len(got), err)
}
