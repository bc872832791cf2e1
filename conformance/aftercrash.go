package conformance

import (
	"fmt"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The checks here go on after a power loss: what was there is there for every
// call, and for every condition.
var afterCrashChecks = []Check{
	{
		ID: "durable/seen", Clauses: []string{"W3", "R6", "O1", "C7", "C8", "W12"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "After a power loss, and after another, everything that looks sees what was there, of any size, published in any way or moved, with its time.",
		run: checkCrashSeen,
	},
	{
		ID: "durable/versions", Clauses: []string{"C4"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A content that is found or written after a power loss has no version that its name had with another content before.",
		run: checkCrashVersions,
	},
	{
		ID: "durable/conditions", Clauses: []string{"C2", "C3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "After a power loss a condition counts at the first write of a name, in every way to publish and whatever way the name was written before.",
		run: checkCrashConditions,
	},
	{
		ID: "durable/rename", Clauses: []string{"W3", "O3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A power loss after Rename finds the stream, whole, under the old name or the new one, of one folder, of two, or of a new one.",
		run: checkCrashRename,
	},
	{
		ID: "durable/over-renamed", Clauses: []string{"W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "What replaces a stream that was renamed, or is written where it was, survives a power loss, in every way to publish.",
		run: checkCrashOverRenamed,
	},
	{
		ID: "durable/copy-alone", Clauses: []string{"W3", "C9"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, Copier},
		Doc: "A copy survives a power loss also when its source was removed, replaced or renamed since.",
		run: checkCrashCopyAlone,
	},
}

func checkCrashSeen(t *trial) {
	type stream struct {
		from, path string // from for what was moved
		data       []byte
	}
	var written []stream
	times := map[string]time.Time{}
	for i, n := range []int{0, 1, 3000, t.allowed(1 << 20)} {
		for j, w := range t.ways() {
			s := stream{"", t.path(fmt.Sprintf("way-%d/%d", j, i)), content(uint64(10*i+j), n)}
			publish := w.begin(t, s.path, s.data)
			cond, _ := t.clear(w, s.path, nil)
			if _, err := publish(t, cond); err != nil {
				t.fatalf("%s to %q: %v", w.what, s.path, err)
			}
			written = append(written, s)
		}
		s := stream{t.path(fmt.Sprintf("from/%d", i)), t.path(fmt.Sprintf("to/%d", i)), content(uint64(10*i+9), n)}
		t.put(s.from, s.data)
		times[s.from] = t.info(s.from).ModTime
		time.Sleep(late) // so that the Rename has another time
		if err := t.fs.Rename(t.ctx, s.from, s.path); err != nil {
			t.fatalf("Rename(%q, %q): %v", s.from, s.path, err)
		}
		written = append(written, s)
	}
	for _, s := range written {
		times[s.path] = t.info(s.path).ModTime
	}
	for range 2 {
		time.Sleep(late)
		t = t.crashed()
		for _, s := range written {
			p := s.path
			if _, err := t.read(p); s.from != "" && isContent(nil, err, nil) {
				p = s.from // that Rename is durable no clause says
			}
			t.sees(p, s.data)
			if got := t.info(p).ModTime; !got.Equal(times[p]) {
				t.errorf("W12", "%q was written at %v, and after a power loss at %v", p, times[p], got)
			}
		}
	}
}

func checkCrashVersions(t *trial) {
	type version struct {
		path string
		fsbase.Version
	}
	had := map[version]string{} // which content
	note := func(p string, v fsbase.Version, data, when string) {
		if before, ok := had[version{p, v}]; ok && before != data {
			t.errorf("C4", "%s %q has the version %q, which it had with another content", when, p, v)
		}
		had[version{p, v}] = data
	}
	there := map[string]string{}
	n := 0
	for round := range 3 {
		for i, w := range t.ways() {
			p := t.path(fmt.Sprintf("way-%d/a", i))
			if data, ok := there[p]; ok {
				note(p, t.info(p).Version, data, "after a power loss")
			}
			for range 3 {
				n++
				data := content(uint64(n), 500)
				publish := w.begin(t, p, data)
				before := content(uint64(1000+n), 500)
				cond, _ := t.clear(w, p, before)
				if w.cond != ifAbsent {
					note(p, t.info(p).Version, string(before), fmt.Sprintf("in life %d", round))
				}
				info, err := publish(t, cond)
				if err != nil {
					t.fatalf("%s to %q: %v", w.what, p, err)
				}
				note(p, info.Version, string(data), fmt.Sprintf("in life %d", round))
				there[p] = string(data)
			}
		}
		// The last of all writes, of which nothing is left.
		gone := t.path("gone")
		n++
		note(gone, t.put(gone, content(uint64(n), 500)).Version, string(content(uint64(n), 500)), fmt.Sprintf("in life %d", round))
		t.remove(gone)
		for range 1 + round%2 { // the second takes what the first has put in order
			t = t.crashed()
		}
		n++
		note(gone, t.put(gone, content(uint64(n), 500)).Version, string(content(uint64(n), 500)), "after its removal and a power loss")
	}
}

// checkCrashConditions has a name for each way to write it and each way to try
// it afterwards: on some backend only the first try goes wrong.
func checkCrashConditions(t *trial) {
	type name struct {
		path  string
		data  []byte
		stale fsbase.Version
		by    way
		try   way
	}
	var names []name
	for i, by := range t.ways() {
		for j, try := range t.ways() {
			if try.cond == "" {
				continue
			}
			p, data := t.path(fmt.Sprintf("way-%d/%d", i, j)), content(uint64(10*i+j), 300)
			publish := by.begin(t, p, data)
			stale := t.put(p, content(99, 300)).Version
			cond, _ := t.clear(by, p, content(98, 300))
			if _, err := publish(t, cond); err != nil {
				t.fatalf("%s to %q: %v", by.what, p, err)
			}
			names = append(names, name{p, data, stale, by, try})
		}
	}
	t = t.crashed()
	for _, n := range names {
		clause, cond := "C2", fsbase.IfAbsent()
		if n.try.cond == ifVersion {
			clause, cond = "C3", fsbase.IfVersion(n.stale)
		}
		_, err := n.try.begin(t, n.path, content(97, 300))(t, cond)
		what := fmt.Sprintf("after a power loss the first %s to %q, which was written by %s,", n.try.what, n.path, n.by.what)
		if clause == "C2" {
			t.wantLost(err, "%s", what)
		} else {
			t.wantIs(clause, err, what+" of an older version", fsbase.ErrPrecondition)
		}
		t.wantContent(clause, n.path, n.data)
	}
}
