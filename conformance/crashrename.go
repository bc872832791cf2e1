package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// checkCrashRename demands no more than the contract: that Rename itself is
// durable no clause says.
func checkCrashRename(t *trial) {
	type move struct {
		from, to string
		data     []byte
	}
	var moves []move
	for i, names := range [][2]string{
		{"one/a", "one/b"}, {"one/c", "two/c"}, {"one/d", "new/folder/d"}, {"one/e", "e"}, {"one/taken", "two/taken"}, {"one/large", "two/large"},
	} {
		m := move{t.path(names[0]), t.path(names[1]), content(uint64(i), 3000)}
		if names[0] == "one/large" {
			m.data = content(uint64(i), t.largeSize())
		}
		if names[0] == "one/taken" {
			t.put(m.to, content(99, 500))
		}
		t.put(t.path("two/there"), nil) // a folder that is known to be durable
		t.put(m.from, m.data)
		if err := t.fs.Rename(t.ctx, m.from, m.to); err != nil {
			t.fatalf("Rename(%q, %q): %v", m.from, m.to, err)
		}
		moves = append(moves, m)
	}
	after := t.crashed()
	for _, m := range moves {
		old, oerr := after.read(m.from)
		now, nerr := after.read(m.to)
		if isContent(old, oerr, m.data) || isContent(now, nerr, m.data) {
			continue
		}
		t.errorf("W3", "after Rename(%q, %q) and a power loss the stream of %d bytes is under neither: the old name has %d bytes (%v), the new one %d (%v)",
			m.from, m.to, len(m.data), len(old), oerr, len(now), nerr)
	}
}

func checkCrashOverRenamed(t *trial) {
	written := map[string][]byte{}
	for i, w := range t.ways() {
		for j, place := range []string{"old", "new"} {
			from, to := t.path(fmt.Sprintf("way-%d/%s/from", i, place)), t.path(fmt.Sprintf("way-%d/%s/to", i, place))
			p, data := map[string]string{"old": from, "new": to}[place], content(uint64(10*i+j), 3000)
			publish := w.begin(t, p, data)
			t.put(from, content(99, 500))
			if err := t.fs.Rename(t.ctx, from, to); err != nil {
				t.fatalf("Rename(%q, %q): %v", from, to, err)
			}
			cond := fsbase.Condition{}
			switch {
			case w.cond == ifAbsent && place == "new":
				continue
			case w.cond == ifAbsent:
				cond = fsbase.IfAbsent()
			case w.cond == ifVersion && place == "old":
				continue
			case w.cond == ifVersion:
				cond = fsbase.IfVersion(t.info(p).Version)
			}
			if _, err := publish(t, cond); err != nil {
				t.fatalf("%s to %q: %v", w.what, p, err)
			}
			written[p] = data
		}
	}
	after := t.crashed()
	for p, data := range written {
		after.wantContent("W3", p, data)
	}
}

func checkCrashCopyAlone(t *trial) {
	written := map[string][]byte{}
	for i, w := range t.waysOf("C9") {
		for j, fate := range []func(from string){
			t.remove,
			func(from string) { t.put(from, content(98, 500)) },
			func(from string) {
				if err := t.fs.Rename(t.ctx, from, t.path("elsewhere")); err != nil {
					t.fatalf("Rename(%q): %v", from, err)
				}
			},
		} {
			p, from, data := t.path(fmt.Sprintf("way-%d/%d", i, j)), t.path(fmt.Sprintf("from/%d-%d", i, j)), content(uint64(10*i+j), 3000)
			t.put(from, data)
			cond, _ := t.clear(w, p, nil)
			if _, err := as[fsbase.Copier](t).Copy(t.ctx, from, p, cond); err != nil {
				t.fatalf("%s of %q to %q: %v", w.what, from, p, err)
			}
			fate(from)
			written[p] = data
		}
	}
	after := t.crashed()
	for p, data := range written {
		after.wantContent("W3", p, data)
	}
}
