package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// The checks here use two handles on one storage, as two processes have them.
var handleChecks = []Check{
	{
		ID: "handles/visible", Clauses: []string{"R6"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "What one handle commits, replaces or removes another sees at once, whatever it saw before.",
		run: checkHandlesSee,
	},
	{
		ID: "handles/pinned", Clauses: []string{"R2"}, Level: Must, Profile: Atomic, Needs: []Capability{CanReopen},
		Doc: "A reader of one handle keeps its version when another handle replaces it.",
		run: func(t *trial) {
			other := t.reopened()
			t.pinned(func(p string) { other.put(p, content(9, 300_000)) })
		},
	},
	{
		ID: "handles/exclusive", Clauses: []string{"C2"}, Level: Must, Profile: Exclusive,
		Needs: []Capability{CanReopen, ExclusiveCreator},
		Doc:   "Of exclusive commits through two handles exactly one succeeds.",
		run: func(t *trial) {
			handles := t.handles()
			t.amid(func() { t.exclusiveRace(handles, t.env.limits.Rounds/4) })
		},
	},
	{
		ID: "handles/swap", Clauses: []string{"C3"}, Level: Must, Profile: Swap,
		Needs: []Capability{CanReopen, Swapper},
		Doc:   "Of swaps of one version through two handles exactly one succeeds.",
		run: func(t *trial) {
			handles := t.handles()
			t.amid(func() { t.swapRace(handles, t.env.limits.Rounds/4) })
		},
	},
	{
		ID: "handles/versions", Clauses: []string{"C4"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "Handles that write one name in turns never give one version to two contents.",
		run: checkHandleVersions,
	},
}

func checkHandlesSee(t *trial) {
	handles := []*trial{t, t.reopened()}
	p := t.path("dir/a")
	for i := range 20 {
		writer, reader := handles[i%2], handles[1-i%2]
		reader.wantAbsent("R6", p)
		for j := range 2 {
			data := content(uint64(2*i+j), 100+j)
			info := writer.put(p, data)
			reader.wantContent("R6", p, data)
			reader.wantExists("R6", p, true)
			reader.wantInfo("R6", fmt.Sprintf("OpenStream of the other handle, turn %d,", i), reader.info(p), info)
		}
		if err := writer.fs.RmFile(t.ctx, p); err != nil {
			t.fatalf("RmFile(%q): %v", p, err)
		}
	}
}

func checkHandleVersions(t *trial) {
	handles := []*trial{t, t.reopened()}
	p := t.path("a")
	seen := map[fsbase.Version]int{}
	for i := range t.env.limits.Rounds {
		v := handles[i%2].put(p, content(uint64(i), 64)).Version
		if j, ok := seen[v]; ok {
			t.errorf("C4", "writes %d and %d of %q with different contents both have the version %q", j, i, p, v)
			return
		}
		seen[v] = i
	}
}
