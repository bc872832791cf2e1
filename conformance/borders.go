package conformance

import (
	"fmt"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

var borderChecks = []Check{
	{
		ID: "sizes/part-borders", Clauses: []string{"W1", "C5"}, Level: Must, Profile: Core,
		Doc: "Streams that are exactly one or two parts long, of common parts and of those that PartLimits names, give or take a byte or with a small last part, come back as they were.",
		run: checkPartBorders,
	},
	{
		ID: "sizes/rename", Clauses: []string{"O3"}, Level: Must, Profile: Core,
		Doc: "Rename moves streams of all sizes, whole.",
		run: func(t *trial) {
			from, to := t.path("from"), t.path("to")
			for i, n := range append(t.ladder(), t.wholeParts()...) {
				data := content(uint64(i+1), n)
				t.put(from, data)
				if err := t.fs.Rename(t.ctx, from, to); err != nil {
					t.errorf("O3", "Rename of %d bytes: %v", n, err)
				}
				t.wantAbsent("O3", from)
				t.wantContent("O3", to, data)
			}
		},
	},
	{
		ID: "sizes/many-streams", Clauses: []string{"W1"}, Level: Must, Profile: Core,
		Doc: "Each of more than a thousand streams has its own content.",
		run: func(t *trial) {
			n := t.env.limits.Keys
			name := func(i int) string { return t.prefix(fmt.Sprintf("many/%d", i)) }
			t.bulk(n, func(i int) { t.put(t.path(fmt.Sprintf("many/%d", i)), content(uint64(i), 40)) })
			t.bulk(n, func(i int) { t.wantContent("W1", name(i), content(uint64(i), 40)) })
		},
	},
	{
		ID: "write/many-open", Clauses: []string{"W9", "R3"}, Level: Must, Profile: Core,
		Doc: "256 streams, and as many readers, are open at once.",
		run: checkManyOpen,
	},
	{
		ID: "interleaving/readers", Clauses: []string{"R2", "R5"}, Level: Must, Profile: Atomic,
		Doc: "Readers that are open at once and read in turns do not disturb each other, and closing one leaves the others.",
		run: checkReadersInTurns,
	},
}

// namedPart is the size of parts that the backend names, 0 for none.
func (t *trial) namedPart() int {
	l, ok := fsbase.As[fsbase.PartLimiter](t.fs)
	if !ok || l.PartLimits().Write > t.env.limits.HugeSize {
		return 0
	}
	return int(max(l.PartLimits().Write, 0))
}

// parts are the sizes in which storages write: common ones, and that which the
// backend names.
func (t *trial) parts() []int {
	parts := []int{5 << 20, 8 << 20}
	if named := t.namedPart(); named > 0 {
		parts = append(parts, named)
	}
	return parts
}

// severalParts is a size of which even the common large parts are three or more.
func (t *trial) severalParts() int { return t.allowed(2*t.env.limits.LargeSize + 1) }

// wholeParts are the sizes of one and two parts.
func (t *trial) wholeParts() []int { return t.aroundParts([]int{0}, []int{0}) }

// borders are the sizes at which the last part of a stream is whole, and those
// beside them.
func (t *trial) borders() []int {
	return t.aroundParts([]int{-1, 0, 1, 2, 37, 4095}, []int{-1, 0, 1})
}

// aroundParts are sizes by what they have more than one part, and more than two:
// large ones, and huge ones if the backend has such parts.
func (t *trial) aroundParts(one, two []int) []int {
	var sizes []int
	for _, part := range t.parts() {
		most := t.largeSize()
		if part == t.namedPart() {
			most = int(t.hugeSize())
		}
		for parts, more := range [][]int{1: one, 2: two} {
			for _, d := range more {
				if n := parts*part + d; n <= most {
					sizes = append(sizes, n)
				}
			}
		}
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

func checkPartBorders(t *trial) {
	for _, n := range t.borders() {
		data := content(uint64(n), n)
		for _, w := range t.ways() {
			if w.cond != "" || w.clause == "C9" {
				continue
			}
			p := t.path("a")
			publish := w.begin(t, p, data)
			if _, err := publish(t, fsbase.Condition{}); err != nil {
				t.errorf(w.clause, "%s of %d bytes to %q: %v", w.what, n, p, err)
				continue
			}
			t.wantContent(w.clause, p, data)
		}
	}
}

func checkManyOpen(t *trial) {
	const n = 256
	name := func(i int) string { return t.path(fmt.Sprintf("dir-%d/%d", i%3, i)) }
	streams := make([]fsbase.WriteStream, n)
	for i := range streams {
		w, err := t.fs.CreateStream(t.ctx, name(i))
		if err != nil {
			t.fatalf("CreateStream(%q), with %d others open: %v", name(i), i, err)
		}
		defer w.Close()
		streams[i] = w
		t.write(w, name(i), content(uint64(i), 700))
	}
	for i, w := range streams {
		if _, err := w.Commit(); err != nil {
			t.errorf("W9", "Commit of %q, with %d others open: %v", name(i), n-1-i, err)
		}
	}
	readers := make([]fsbase.ReadStream, n)
	for i := range readers {
		readers[i] = t.open(name(i))
		defer readers[i].Close()
	}
	for i, r := range readers {
		got, err := readStream(r)
		if d := difference(got, content(uint64(i), 700)); err != nil || d != "" {
			t.errorf("R3", "reading %q, with %d others open: %v, %s", name(i), n-1, err, d)
		}
	}
}

func checkReadersInTurns(t *trial) {
	names := []string{t.path("a"), t.path("a"), t.path("b"), t.path("a"), t.path("b")}
	whole := map[string][]byte{names[0]: content(1, 50_000), names[2]: content(2, 50_000)}
	for p, data := range whole {
		t.put(p, data)
	}
	var readers []fsbase.ReadStream
	for _, p := range names {
		r := t.open(p)
		defer r.Close()
		readers = append(readers, r)
	}
	for closed := range readers {
		for turn := range 5 {
			for i := closed; i < len(readers); i++ {
				// The same offsets, and others, in turns.
				for _, off := range []int64{0, int64(1000*turn + 3000*i), int64(9000 * turn)} {
					t.readPinned(readers[i], names[i], whole[names[i]], off)
				}
			}
		}
		if err := readers[closed].Close(); err != nil {
			t.errorf("R5", "Close of one of %d readers of %q: %v", len(readers)-closed, names[closed], err)
		}
	}
}
