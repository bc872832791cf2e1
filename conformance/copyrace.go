package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// The checks here let Copies of one stream meet each other and its swaps.
var copyRaceChecks = []Check{
	{
		ID: "race/copies", Clauses: []string{"C9"}, Level: Must, Profile: Atomic, Needs: []Capability{Copier},
		Doc: "Of several Copies of one stream at once each is whole when the source and the others are gone.",
		run: checkCopiesAtOnce,
	},
	{
		ID: "race/swap-source", Clauses: []string{"C3"}, Level: Must, Profile: Swap, Needs: []Capability{Copier, Swapper},
		Doc: "No swap is refused because of Copies of its name: they change nothing.",
		run: checkSwapSource,
	},
}

func checkCopiesAtOnce(t *trial) {
	from, data := t.path("from"), content(1, 10_000)
	for round := range max(racers, t.env.limits.Rounds/10) {
		t.put(from, data)
		to := make([]string, racers)
		t.together(racers, func(i int) func() {
			to[i] = t.path(fmt.Sprintf("to/%d", i))
			return func() {
				if _, err := as[fsbase.Copier](t).Copy(t.ctx, from, to[i], fsbase.Condition{}); err != nil {
					t.errorf("C9", "round %d: Copy of %q among %d: %v", round, from, racers, err)
				}
			}
		})
		t.remove(from)
		kept := to[round%racers]
		for _, p := range to {
			if p != kept {
				t.remove(p)
			}
		}
		t.wantContent("C9", kept, data)
		t.remove(kept)
	}
}

func checkSwapSource(t *trial) {
	from := t.path("from")
	info := t.put(from, content(99, 10_000))
	for round := range max(racers, t.env.limits.Rounds/4) {
		n := contenders(round)
		t.together(n, func(i int) func() {
			if to := t.path(fmt.Sprintf("to/%d", i)); i > 0 {
				return func() { // which race/copy-source judges
					_, _ = as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
				}
			}
			create, data := t.createSwap(from, info.Version), content(uint64(round), 10_000)
			return func() {
				next, err := t.commit(create, data)
				if err != nil {
					t.errorf("C3", "round %d: a swap of %q, which nobody else writes, beside %d Copies: %v", round, from, n-1, err)
					next = t.info(from)
				}
				info = next
			}
		})
	}
}

// copyMeeting lets Copies of a small stream meet several writes of it.
func (t *trial) copyMeeting(rounds int) {
	from := t.path("from")
	contents := make([][]byte, racers)
	for i := range contents {
		contents[i] = content(uint64(10+i), 300)
	}
	t.put(from, contents[0])
	for round := range rounds {
		t.together(racers, func(i int) func() {
			if i%2 == 0 {
				w := t.create(from)
				t.write(w, from, contents[i])
				return func() {
					defer w.Close()
					if _, err := w.Commit(); err != nil {
						t.errorf("W9", "round %d: Commit of %q among others: %v", round, from, err)
					}
				}
			}
			to := t.path(fmt.Sprintf("to/%d", i))
			return func() {
				_, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
				if errors.Is(err, fsbase.ErrChanged) {
					return
				} else if err != nil {
					t.errorf("C9", "round %d: Copy of %q, which several overwrite meanwhile: %v", round, from, err)
					return
				}
				got, err := t.read(to)
				if !slices.ContainsFunc(contents, func(data []byte) bool { return isContent(got, err, data) }) {
					t.errorf("C9", "round %d: a Copy of %q, which several overwrote meanwhile, has the %d bytes of none of them (%v)", round, from, len(got), err)
				}
			}
		})
	}
}

// copyRace copies a stream while it is overwritten by others of its size, so
// that only the bytes tell a mixture.
func (t *trial) copyRace(rounds, size int) {
	from := t.path("from")
	contents := [2][]byte{content(1, size), content(2, size)}
	t.put(from, contents[0])
	free := make(chan string, racers) // targets: each Copy has one to itself
	for i := range racers {
		free <- t.path(fmt.Sprintf("to/%d", i))
	}
	t.watch(rounds, func(round int) { t.put(from, contents[1-round%2]) }, func() {
		to := <-free
		defer func() { free <- to }()
		_, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
		if errors.Is(err, fsbase.ErrChanged) {
			return
		} else if errors.Is(err, fs.ErrNotExist) {
			t.errorf("W2", "Copy of %q, which is overwritten meanwhile, finds nothing: %v", from, err)
			return
		} else if err != nil {
			t.errorf("C9", "Copy of %q, which is overwritten meanwhile: %v", from, err)
			return
		}
		got, err := t.read(to)
		if err != nil || !bytes.Equal(got, contents[0]) && !bytes.Equal(got, contents[1]) {
			t.errorf("C9", "a Copy of %q (%d bytes), which was overwritten meanwhile, is a mixture: %v; against one content %s; against the other %s",
				from, size, err, difference(got, contents[0]), difference(got, contents[1]))
		}
	})
}
