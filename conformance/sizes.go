package conformance

import (
	"fmt"
	"slices"
)

var sizeChecks = []Check{
	{
		ID: "sizes/round-trip", Clauses: []string{"W1", "R3", "R4", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "0 bytes, 1 byte, 4 KiB and 1 MiB, give or take one, come back as they were.",
		run: func(t *trial) {
			for _, n := range []int{0, 1, 2, 4095, 4096, 4097, 65_537, 1<<20 - 1, 1 << 20, 1<<20 + 1} {
				t.roundTrip(n, 32<<10)
			}
		},
	},
	{
		ID: "sizes/large", Clauses: []string{"W1", "R3", "R4", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "A large stream comes back as it was, however it was cut into Writes.",
		run: func(t *trial) {
			n := t.largeSize()
			t.roundTrip(n, n)
			t.roundTrip(n-1, 1_000_003)
		},
	},
	{
		ID: "sizes/large-parts", Clauses: []string{"R3"}, Level: Must, Profile: Core,
		Doc: "ReadAt of a large stream is right at every power of two and at the sizes of common parts.",
		run: checkLargeParts,
	},
	{
		ID: "sizes/many-writes", Clauses: []string{"W1", "R3", "R4", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "More than 65,536 small Writes are one stream.",
		run: func(t *trial) { t.roundTrip(200_000, 3) },
	},
}

// roundTrip writes n bytes in Writes of at most chunk, and reads them back.
func (t *trial) roundTrip(n, chunk int) {
	p, whole := t.path(fmt.Sprintf("%d-by-%d", n, chunk)), content(uint64(n), n)
	w := t.create(p)
	defer w.Close()
	for part := range slices.Chunk(whole, chunk) {
		t.write(w, p, part)
	}
	info, err := w.Commit()
	if err != nil {
		t.errorf("W1", "Commit of %d bytes to %q: %v", n, p, err)
		return
	}
	if info.Size != int64(n) {
		t.errorf("R4", "Commit of %d bytes to %q tells the size %d", n, p, info.Size)
	}
	if got := t.info(p).Size; got != int64(n) {
		t.errorf("R4", "Info().Size of %q is %d after a commit of %d bytes", p, got, n)
	}
	t.wantContent("W1", p, whole)
	t.sameInfo(p)
	r := t.open(p)
	defer r.Close()
	for _, off := range []int{0, n / 3, n - 1, n} {
		if off >= 0 {
			t.readAt(r, p, whole, int64(off), min(n, 10_000)+1)
		}
	}
}

func checkLargeParts(t *trial) {
	n := t.largeSize()
	p, whole := t.path("large"), content(3, n)
	t.put(p, whole)
	r := t.open(p)
	defer r.Close()
	edges := []int{5 << 20, 6 << 20, 10 << 20, 12 << 20, n}
	for e := 512; e < n; e *= 2 {
		edges = append(edges, e)
	}
	for _, e := range edges {
		for _, span := range []int{2, 64, 9000} {
			if off := e - span/2; off >= 0 && off < n {
				t.readAt(r, p, whole, int64(off), span)
			}
		}
		if e >= 9 && e <= n {
			t.readAt(r, p, whole, int64(e-9), 9)
			t.readAt(r, p, whole, int64(e), 9)
		}
	}
	const part = 3_000_017
	t.each((n+part-1)/part, func(i int) {
		t.readAt(r, p, whole, int64(i)*part, part)
	})
}
