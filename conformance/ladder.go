package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// The checks here take every way to publish up the same ladder of sizes: a
// storage has a code path for each, and one of them is wrong alone.
var ladderChecks = []Check{
	{
		ID: "sizes/exclusive", Clauses: []string{"C2", "W11", "C7", "C8"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "Exclusive commits of all sizes publish every byte, and are refused by streams of all sizes.",
		run: func(t *trial) {
			t.climb("C2")
			t.refusals(t.waysOf("C2"))
		},
	},
	{
		ID: "sizes/swap", Clauses: []string{"C3", "W11", "C7", "C8"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "Swaps of all sizes publish every byte, and stale ones are refused whatever the sizes.",
		run: func(t *trial) {
			t.climb("C3")
			t.refusals(t.waysOf("C3"))
		},
	},
	{
		ID: "sizes/upload", Clauses: []string{"C5", "C2", "C3", "W11", "C7", "C8"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "Uploads of all sizes, under every condition, publish every byte or are refused.",
		run: func(t *trial) {
			t.climb("C5")
			t.refusals(t.waysOf("C5"))
		},
	},
	{
		ID: "sizes/copy", Clauses: []string{"C9", "C2", "C3", "W11", "C7", "C8"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copies of all sizes, under every condition, publish every byte or are refused.",
		run: func(t *trial) {
			t.climb("C9")
			t.refusals(t.waysOf("C9"))
		},
	},
}

// ladder are the sizes at which storages change their ways: nothing, one byte,
// a block, a buffer, and above the size of a part.
func (t *trial) ladder() []int { return []int{0, 1, 4096, 1 << 20, t.largeSize()} }

// climb publishes streams of every size in the ways of one clause.
func (t *trial) climb(clause string) {
	p := t.path("climb/a")
	for i, w := range t.waysOf(clause) {
		for j, n := range append(t.ladder(), t.wholeParts()...) {
			data := content(uint64(20*i+j+1), n)
			publish := w.begin(t, p, data)
			cond, _ := t.clear(w, p, content(99, min(n, 5000)+1))
			info, err := publish(t, cond)
			if err != nil {
				t.errorf(clause, "%s of %d bytes to %q: %v", w.what, n, p, err)
				continue
			}
			t.wantContent(clause, p, data)
			t.sameInfo(p)
			if info.Path != p || info.Size != int64(n) || info.Version == "" {
				t.errorf("W11", "%s of %d bytes to %q tells path %q, size %d, version %q", w.what, n, p, info.Path, info.Size, info.Version)
			}
			t.wantInfo("W11", "OpenStream", t.info(p), info)
		}
	}
}

// sameInfo demands that what describes path describes what a reader finds.
func (t *trial) sameInfo(p string) {
	want := t.info(p)
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		got, err := s.Stat(t.ctx, p)
		if err != nil {
			t.errorf("C7", "Stat(%q): %v", p, err)
		}
		t.wantInfo("C7", "Stat", got, want)
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for got, err := range l.List(t.ctx, p) {
			if err == nil && got.Path == p {
				t.wantInfo("C8", "List", got, want)
			}
		}
	}
}

// refusals publishes under conditions that do not hold, for all sizes of what
// is there and of what would replace it.
func (t *trial) refusals(ways []way) {
	p := t.path("refused/a")
	for _, w := range ways {
		for i, there := range t.ladder() {
			for j, n := range t.ladder() {
				if w.cond == "" || i+1 == len(t.ladder()) && j+1 < len(t.ladder()) {
					continue // writing a large stream for each is all that would be new
				}
				t.refusal(w, p, content(1, there), content(2, n))
			}
		}
	}
}

// refusal publishes data where before has come between.
func (t *trial) refusal(w way, p string, before, data []byte) {
	publish := w.begin(t, p, data)
	cond, _ := t.clear(w, p, content(3, len(before)))
	info := t.put(p, before)
	what := fmt.Sprintf("%s of %d bytes to %q, where another of %d bytes is", w.what, len(data), p, len(before))
	_, err := publish(t, cond)
	if w.cond == ifAbsent {
		t.wantLost(err, "%s", what)
	} else if len(before) > 0 { // nothing is as good as nothing: the version may be the same
		t.wantStale(err, "%s", what)
	} else if err == nil {
		return
	}
	clause := w.condition()
	t.wantContent(clause, p, before)
	if got := t.info(p).Version; got != info.Version {
		t.errorf(clause, "%s, changes its version from %q to %q", what, info.Version, got)
	}
}
