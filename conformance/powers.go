package conformance

import "fmt"

var powerChecks = []Check{
	{
		ID: "sizes/powers", Clauses: []string{"W1", "R4", "C2", "C3", "C5", "C9"}, Level: Must, Profile: Core,
		Doc: "Streams of every power of two up to 1 MiB, give or take a byte, and of 3, 5 and 17 blocks come back as they were, and those of whole blocks in every way to publish.",
		run: checkPowers,
	},
}

// block is the size of a page, and of a block of most file systems.
const block = 4096

func checkPowers(t *trial) {
	whole := []int{3 * block, 5 * block, 17 * block}
	sizes := []int{0}
	for power := 1; power <= 1<<20; power *= 2 {
		if power >= block && power < 1<<20 { // 1 MiB in every way is in the ladder
			whole = append(whole, power)
		} else {
			sizes = append(sizes, power)
		}
		if power > 2 {
			sizes = append(sizes, power-1, power+1)
		}
	}
	for _, n := range t.atMost(sizes...) {
		p, data := t.path("a"), content(uint64(n), n)
		info := t.put(p, data)
		if info.Size != int64(n) {
			t.errorf("R4", "Commit of %d bytes to %q tells the size %d", n, p, info.Size)
		}
		t.wantContent("W1", p, data)
	}
	for i, w := range t.ways() {
		for _, n := range t.atMost(whole...) {
			p, data := t.path(fmt.Sprintf("way-%d/%d", i, n)), content(uint64(n), n)
			publish := w.begin(t, p, data)
			cond, _ := t.clear(w, p, nil)
			info, err := publish(t, cond)
			if err != nil {
				t.errorf(w.clause, "%s of %d bytes to %q: %v", w.what, n, p, err)
				continue
			}
			if info.Size != int64(n) {
				t.errorf("R4", "%s of %d bytes to %q tells the size %d", w.what, n, p, info.Size)
			}
			t.wantContent(w.clause, p, data)
		}
	}
}
