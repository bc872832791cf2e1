package conformance

import (
	"fmt"
	"time"

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
		ID: "handles/mixed-exclusive", Clauses: []string{"C2", "O7"}, Level: Must, Profile: Exclusive,
		Needs: []Capability{CanReopen, ExclusiveCreator},
		Doc:   "Of streams, Uploads and Copies at once through two handles under one absent name exactly one succeeds.",
		run: func(t *trial) {
			handles := t.handles()
			t.amid(func() { t.mixedRace(handles, "C2", ifAbsent) })
		},
	},
	{
		ID: "handles/mixed-swap", Clauses: []string{"C3", "O7"}, Level: Must, Profile: Swap,
		Needs: []Capability{CanReopen, Swapper},
		Doc:   "Of streams, Uploads and Copies at once through two handles under one version exactly one succeeds.",
		run: func(t *trial) {
			handles := t.handles()
			t.amid(func() { t.mixedRace(handles, "C3", ifVersion) })
		},
	},
	{
		ID: "handles/source-interferes", Clauses: []string{"C5", "C2", "C3", "O6"}, Level: Must, Profile: Atomic,
		Needs: []Capability{CanReopen, Uploader},
		Doc:   "The condition of an Upload counts when it publishes: what another handle does to the name while its source is read is seen.",
		run:   func(t *trial) { t.sourceInterferes(t.reopened()) },
	},
	{
		ID: "handles/later", Clauses: []string{"R6", "O1", "C7", "C8", "W12"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "A handle that is opened later sees everything that was there before it, with the same times.",
		run: checkHandleLater,
	},
	{
		ID: "handles/versions", Clauses: []string{"C4", "W12"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "Handles that write one name in turns never give one version to two contents, nor a content an earlier time than the one before it.",
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
	var last time.Time
	for i := range t.env.limits.Rounds {
		v := handles[i%2].put(p, content(uint64(i), 64)).Version
		if j, ok := seen[v]; ok {
			t.errorf("C4", "writes %d and %d of %q with different contents both have the version %q", j, i, p, v)
			return
		}
		seen[v] = i
		if i < 6 {
			now := t.info(p).ModTime
			if now.Before(last) {
				t.errorf("W12", "%q was written at %v, and before that, by another handle, at %v", p, now, last)
			}
			last = now
		}
	}
}

func checkHandleLater(t *trial) {
	written := map[string][]byte{}
	times := map[string]time.Time{}
	for i, w := range t.ways() {
		for j, n := range []int{0, 3000, 70_000} {
			p, data := t.path(fmt.Sprintf("way-%d/%d", i, j)), content(uint64(10*i+j), n)
			publish := w.begin(t, p, data)
			cond, _ := t.clear(w, p, content(99, 500)) // something to overwrite, if the way can
			if _, err := publish(t, cond); err != nil {
				t.fatalf("%s to %q: %v", w.what, p, err)
			}
			written[p], times[p] = data, t.info(p).ModTime
		}
	}
	time.Sleep(late)
	other := t.reopened()
	for p, data := range written {
		other.sees(p, data)
		if got := other.info(p).ModTime; !got.Equal(times[p]) {
			t.errorf("W12", "%q was written at %v, and on a handle that was opened later at %v", p, times[p], got)
		}
	}
}
