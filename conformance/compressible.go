package conformance

import "bytes"

var compressibleChecks = []Check{
	{
		ID: "sizes/compressible", Clauses: []string{"W1", "C2", "C3", "C5", "C9"}, Level: Must, Profile: Core,
		Doc: "Zeros, a byte or a text again and again, and random bytes with zeros behind, which storages compress, or leave out, come back as they were in every way to publish.",
		run: checkCompressible,
	},
}

// compressible are contents of n bytes that take less than that to keep.
func compressible(n int) map[string][]byte {
	again := func(text string) []byte { return bytes.Repeat([]byte(text), n/len(text)+1)[:n] }
	return map[string][]byte{
		"zeros":               make([]byte, n),
		"a byte repeated":     again("x"),
		"a text repeated":     again("step,loss,learning rate\n"),
		"zeros behind others": append(content(1, n/2), make([]byte, n-n/2)...),
	}
}

func checkCompressible(t *trial) {
	p := t.path("a")
	publish := func(w way, what string, data []byte) {
		publish := w.begin(t, p, data)
		cond, _ := t.clear(w, p, nil)
		if _, err := publish(t, cond); err != nil {
			t.errorf(w.clause, "%s of %d bytes (%s) to %q: %v", w.what, len(data), what, p, err)
			return
		}
		t.wantContent(w.clause, p, data)
	}
	const inEveryWay = 300_000
	for _, w := range t.ways() {
		sizes := []int{inEveryWay}
		if w.cond == "" {
			sizes = []int{100, block, 64<<10 - 1, 64 << 10, 64<<10 + 1, inEveryWay}
		}
		for _, n := range t.atMost(sizes...) {
			for what, data := range compressible(n) {
				publish(w, what, data)
			}
		}
		if n := t.largeSize(); w.cond == "" {
			const what = "zeros behind others"
			publish(w, what, compressible(n)[what])
		}
	}
	// One of these takes as many bytes compressed as it has.
	for n := 1; n <= 24; n++ {
		for _, text := range []string{"a", "ab"} {
			data := bytes.Repeat([]byte(text), n)
			t.put(p, data)
			t.wantContent("W1", p, data)
		}
	}
}
