package conformance

import "fmt"

var durableWayChecks = []Check{
	{
		ID: "durable/every-way", Clauses: []string{"W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "Whatever was published in any way, of any size, under a new name, an old one or one that was removed, survives a power loss.",
		run: checkDurableEveryWay,
	},
}

func checkDurableEveryWay(t *trial) {
	for i, w := range t.ways() {
		type stream struct {
			path string
			data []byte
		}
		var published []stream
		for j, n := range append(t.ladder(), t.atMost(5<<20+1)...) {
			for _, history := range []string{"new", "replaced", "removed"} {
				if n > 1<<20 && history != "new" {
					continue
				}
				p, data := t.path(fmt.Sprintf("way-%d/%s/%d/a", i, history, j)), content(uint64(10*i+j), n)
				publish := w.begin(t, p, data)
				if history != "new" {
					t.put(p, content(99, 70))
				}
				if history == "removed" {
					t.remove(p)
				}
				if history == "replaced" && w.cond == ifAbsent {
					continue
				}
				cond, _ := t.clear(w, p, nil)
				if history == "replaced" && w.cond == "" {
					cond, _ = t.clear(w, p, content(98, 70))
				}
				if _, err := publish(t, cond); err != nil {
					t.fatalf("%s to %q: %v", w.what, p, err)
				}
				published = append(published, stream{p, data})
			}
		}
		t = t.crashed()
		for _, s := range published {
			t.wantContent("W3", s.path, s.data)
		}
	}
}
