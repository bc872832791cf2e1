package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// The checks here race goroutines. A window in which a fault shows with
// probability q per round escapes R rounds with (1-q)^R: at the default of 200
// rounds 0.1 % for q = 3.4 %.
var raceChecks = []Check{
	{
		ID: "race/overwrite", Clauses: []string{"W2", "R2", "O6"}, Level: Must, Profile: Atomic,
		Doc: "While a stream is overwritten again and again, every reader finds one of the contents, whole.",
		run: func(t *trial) { t.overwriteRace(t.env.limits.Rounds, 3000) },
	},
	{
		ID: "race/overwrite-large", Clauses: []string{"W2", "R2", "O6"}, Level: Must, Profile: Atomic,
		Doc: "The same with large streams.",
		run: func(t *trial) { t.overwriteRace(6, t.largeSize()-1) },
	},
	{
		ID: "race/rename-over", Clauses: []string{"O7", "W2", "R2"}, Level: Must, Profile: Atomic,
		Doc: "While streams are renamed to a name again and again, every reader of it finds one of the contents, whole.",
		run: checkRenameOver,
	},
	{
		ID: "race/writers", Clauses: []string{"W9", "O6"}, Level: Must, Profile: Atomic,
		Doc: "Many writers at once, of their own names and of a common one, do not disturb each other.",
		run: checkWriters,
	},
}

// overwriteRace lets readers look while one writer replaces a stream of two
// contents of different lengths in turns.
func (t *trial) overwriteRace(rounds, size int) {
	p := t.path("dir/a")
	contents := [2][]byte{content(1, size), content(2, size+1)}
	t.put(p, contents[0])
	t.watch(rounds, func(round int) { t.put(p, contents[1-round%2]) }, func() { t.look(p, contents[:]) })
}

func checkRenameOver(t *trial) {
	from, p := t.path("dir/from"), t.path("dir/a")
	contents := [][]byte{content(1, 3000), content(2, 3001)}
	t.put(p, contents[0])
	t.watch(max(10, t.env.limits.Rounds/4), func(round int) {
		t.put(from, contents[1-round%2])
		if err := t.fs.Rename(t.ctx, from, p); err != nil {
			t.errorf("O7", "Rename(%q, %q) while the target is read: %v", from, p, err)
		}
	}, func() { t.look(p, contents) })
}

// watch lets one goroutine change something and the others look at it all the
// while. Every change waits for a few looks, so that they meet however fast
// the changes are.
func (t *trial) watch(rounds int, change func(round int), look func()) {
	var over atomic.Bool
	var looks atomic.Int64
	t.each(racers, func(i int) {
		if i > 0 {
			for !over.Load() && !t.failed() {
				look()
				looks.Add(1)
			}
			return
		}
		defer over.Store(true)
		for round := range rounds {
			change(round)
			for looks.Load() < int64(round*racers/2) && !t.failed() {
				runtime.Gosched()
			}
		}
	})
}

// look reads p once and demands one of contents.
func (t *trial) look(p string, contents [][]byte) {
	if ok, err := t.fs.Exists(t.ctx, p); !ok || err != nil {
		t.errorf("W2", "Exists(%q) while it is overwritten: %v, %v", p, ok, err)
	}
	r, err := t.fs.OpenStream(t.ctx, p)
	if err != nil {
		t.errorf("W2", "OpenStream(%q) while it is overwritten: %v", p, err)
		return
	}
	defer r.Close()
	got, err := readStream(r)
	if errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
		return
	} else if err != nil {
		t.errorf("R2", "reading %q while it is overwritten: %v", p, err)
		return
	}
	for _, c := range contents {
		if bytes.Equal(got, c) {
			return
		}
	}
	t.errorf("W2", "%q reads as a mixture while it is overwritten: against one content %s; against the other %s",
		p, difference(got, contents[0]), difference(got, contents[1]))
}

func checkWriters(t *trial) {
	common := t.path("common")
	all := make([][]byte, racers)
	for i := range all {
		all[i] = content(uint64(i), 20_000+i)
	}
	for round := range max(1, t.env.limits.Rounds/10) {
		t.together(racers, func(i int) func() {
			own := t.path(fmt.Sprintf("dir-%d/own", i))
			var streams []fsbase.WriteStream
			for _, p := range []string{own, common} {
				w := t.create(p)
				for part := range 4 {
					t.write(w, p, all[i][5000*part:5000*(part+1)])
					runtime.Gosched() // so that the Writes meet, too
				}
				t.write(w, p, all[i][20_000:])
				streams = append(streams, w)
			}
			return func() {
				for _, w := range streams {
					if _, err := w.Commit(); err != nil {
						t.errorf("W9", "round %d: a Commit of %q or %q among others: %v", round, own, common, err)
					}
					w.Close()
				}
				t.wantContent("W9", own, all[i])
			}
		})
		got, err := t.read(common)
		if err != nil {
			t.errorf("W9", "round %d: reading %q, which %d streams committed: %v", round, common, racers, err)
			continue
		}
		i := len(got) - 20_000
		if i < 0 || i >= racers || !bytes.Equal(got, all[i]) {
			t.errorf("O6", "round %d: %q, which %d streams committed, has the %d bytes of none of them", round, common, racers, len(got))
		}
	}
}
