package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// The checks here record what several clients see of one name, and ask whether
// one name that takes one call at a time could have answered so. A fault that
// a round shows with probability q escapes R/4 rounds with (1-q)^(R/4): at the
// default of 200 rounds 0.1 % for q = 13 %.
var historyChecks = []Check{
	{
		ID: "history/overwrite", Clauses: []string{"O7"}, Level: Must, Profile: Atomic,
		Doc: "What clients see of a name that is written, removed and read at once has one order.",
		run: func(t *trial) { t.histories([]*trial{t}, actWrite, actWrite, actRemove) },
	},
	{
		ID: "history/exclusive", Clauses: []string{"O7"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "What clients see of a name that is created exclusively, removed and read at once has one order.",
		run: func(t *trial) { t.histories([]*trial{t}, actExclusive, actExclusive, actRemove) },
	},
	{
		ID: "history/swap", Clauses: []string{"O7"}, Level: Must, Profile: Swap, Needs: []Capability{ExclusiveCreator, Swapper},
		Doc: "What clients see of a name that is created, swapped, removed and read at once has one order.",
		run: func(t *trial) { t.histories([]*trial{t}, actExclusive, actSwap, actSwap, actSwap, actRemove) },
	},
	{
		ID: "history/handles", Clauses: []string{"O7"}, Level: Must, Profile: Atomic, Needs: []Capability{CanReopen},
		Doc: "The same of clients on two handles, with all kinds of writes that the backend has.",
		run: func(t *trial) {
			handles := t.handles()
			t.histories(handles, actWrite, actWrite, actRemove)
			if has[fsbase.ExclusiveCreator](t.fs) && has[fsbase.Swapper](t.fs) {
				t.histories(handles, actExclusive, actSwap, actSwap, actSwap, actRemove)
			}
		},
	},
}

// Sizes of a history.
const (
	clients      = 5
	actsOfClient = 7
)

// histories records short histories in which half of what clients do is
// changes and the rest looks, and judges each.
func (t *trial) histories(handles []*trial, changes ...act) {
	looks := []act{actRead, actRead, actExists}
	if has[fsbase.Stater](t.fs) {
		looks = append(looks, actStat)
	}
	t.pairs(handles, slices.Compact(slices.Clone(changes))...)
	rng := t.rng(fmt.Sprint("acts ", len(handles), changes))
	for round := range max(4, t.env.limits.Rounds/4) {
		if t.failed() {
			return
		}
		h, p := &history{}, t.path(fmt.Sprintf("%s-%d", strings.Join(names(changes), "-"), round))
		t.together(clients, func(i int) func() {
			c := &client{trial: handles[i%len(handles)], history: h, path: p, who: i}
			return func() { c.play(script(t, rng, changes, looks)) }
		})
		last := &client{trial: t, history: h, path: p, who: clients}
		last.look(actRead)
		if d := h.linearize(); d != "" && !t.failed() {
			t.errorf("O7", "on %q: %s", p, d)
		}
	}
}

func names(acts []act) []string {
	var names []string
	for _, a := range acts {
		names = append(names, string(a))
	}
	return slices.Compact(names)
}

// script is what one client does.
func script(t *trial, rng *rand.Rand, changes, looks []act) []act {
	t.mu.Lock()
	defer t.mu.Unlock()
	acts := make([]act, actsOfClient)
	for i := range acts {
		from := changes
		if rng.IntN(2) == 0 {
			from = looks
		}
		acts[i] = from[rng.IntN(len(from))]
	}
	return acts
}

// client does one thing after the other to a name.
type client struct {
	*trial
	*history
	path string
	who  int

	number  int            // of its writes
	seen    int            // the content that it saw or wrote last
	version fsbase.Version // of that
}

func (c *client) play(acts []act) {
	for _, a := range acts {
		switch a {
		case actWrite, actExclusive, actSwap:
			c.change(a)
		case actRemove:
			q := c.ask(c.who, asked{act: a})
			if err := c.fs.RmFile(c.ctx, c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				c.errorf("O7", "RmFile(%q) among others: %v", c.path, err)
			}
			c.answer(q, told{})
		default:
			c.look(a)
		}
		runtime.Gosched()
	}
}

// change writes a content that nobody else writes.
func (c *client) change(a act) {
	if a == actSwap && c.version == "" {
		c.look(actRead)
		if c.version == "" {
			return
		}
	}
	c.number++
	next := c.who*100 + c.number
	q := c.ask(c.who, asked{act: a, next: next, old: c.seen})
	info, err := c.commit(c.createIf(c.path, c.condition(a)), numbered(next))
	c.end(q, info, err)
}

func (c *client) condition(a act) fsbase.Condition {
	return map[act]fsbase.Condition{actExclusive: fsbase.IfAbsent(), actSwap: fsbase.IfVersion(c.version)}[a]
}

// end records what came of a change.
func (c *client) end(q asked, info fsbase.Info, err error) {
	switch {
	case err == nil:
		c.seen, c.version = q.next, info.Version
	case errors.Is(err, fsbase.ErrPrecondition) && q.act != actWrite, errors.Is(err, fsbase.ErrCommitUnknown):
	default:
		c.errorf("O7", "%v of %q among others: %v", q, c.path, err)
	}
	c.answer(q, told{done: err == nil, unknown: errors.Is(err, fsbase.ErrCommitUnknown)})
}

// look asks what is there.
func (c *client) look(a act) {
	q := c.ask(c.who, asked{act: a})
	var t told
	var err error
	switch a {
	case actExists:
		t.done, err = c.fs.Exists(c.ctx, c.path)
	case actStat:
		var info fsbase.Info
		if info, err = as[fsbase.Stater](c.trial).Stat(c.ctx, c.path); err == nil {
			t.found = numberOf(info)
		}
	default:
		var r fsbase.ReadStream
		if r, err = c.fs.OpenStream(c.ctx, c.path); err == nil {
			defer r.Close() // whose content is looked at when the answer is recorded
			t.found = numberOf(r.Info())
			c.seen, c.version = t.found, r.Info().Version
			defer c.wantNumbered(r, t.found)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.errorf("O7", "%v of %q among others: %v", q, c.path, err)
	}
	c.answer(q, t)
}

// numbered is the content of a number: its size tells which.
func numbered(n int) []byte { return content(uint64(n), 1000+n) }

func numberOf(info fsbase.Info) int { return int(info.Size) - 1000 }

// wantNumbered demands that a reader whose size tells number n has its content.
func (c *client) wantNumbered(r fsbase.ReadStream, n int) {
	got, err := readStream(r)
	if errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
		return
	}
	if n < 1 || err != nil || difference(got, numbered(n)) != "" {
		c.errorf("O7", "%q with the size of content %d reads otherwise: %v", c.path, n, err)
	}
}
