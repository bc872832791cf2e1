package conformance

import "fmt"

var faultDurableChecks = []Check{
	{
		ID: "faults/durable", Clauses: []string{"W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, CanRefuse},
		Doc: "What is published although a request for it failed at first survives a power loss, in every way, small and large.",
		run: checkDurableTriedAgain,
	},
}

func checkDurableTriedAgain(t *trial) {
	parts := 0
	type stream struct {
		said, path string
		data       []byte
	}
	var published []stream
	for i, w := range t.ways() {
		for j, n := range []int{3000, t.largeSize()} {
			for k, fault := range []struct {
				how string
				arm Arm
				on  Request
			}{
				{"refused", t.env.faults.Refuse, ToCommit},
				{"refused", t.env.faults.Refuse, ToWrite},
				{"not answered", t.env.faults.Lose, ToCommit},
			} {
				if fault.arm == nil {
					continue
				}
				p, data := t.path(fmt.Sprintf("way-%d/%d-%d", i, j, k)), content(uint64(10*i+j), n)
				publish := w.begin(t, p, data)
				cond, _ := t.clear(w, p, content(99, 70))
				var err error
				struck, ok := t.under(fault.arm, Fault{On: fault.on, Times: 1}, func() { _, err = publish(t, cond) })
				if ok && struck > 0 {
					parts++
				}
				if err == nil && ok {
					published = append(published, stream{fmt.Sprintf("%s of %d bytes, of which a request to %s was %s", w.what, n, fault.on, fault.how), p, data})
				}
			}
		}
	}
	t.fruitless(parts)
	after := t.crashed()
	for _, s := range published {
		if got, err := after.read(s.path); !isContent(got, err, s.data) {
			after.errorf("W3", "after %s, and a power loss, %q has: %v, %s", s.said, s.path, err, difference(got, s.data))
		}
	}
}
