package conformance

import (
	"errors"
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var faultDurableChecks = []Check{
	{
		ID: "faults/durable", Clauses: []string{"W2", "W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, CanRefuse},
		Doc: "What is published although a request for it failed survives a power loss, in every way, small and large, and so does what was there where nothing is published.",
		run: checkDurableTriedAgain,
	},
}

func checkDurableTriedAgain(t *trial) {
	parts := 0
	type stream struct {
		clause, said, path string
		data               []byte // nil for a stream that is not there
	}
	var streams []stream
	for i, w := range t.ways() {
		for j, n := range []int{3000, t.largeSize()} {
			data := content(uint64(10*i+j), n)
			for k, fault := range []struct {
				how string
				arm Arm
				Fault
			}{
				{"refused", t.env.faults.Refuse, Fault{On: ToCommit, Times: 1}},
				{"refused", t.env.faults.Refuse, Fault{On: ToWrite, Times: 1}},
				{"refused every time", t.env.faults.Refuse, Fault{On: ToCommit}},
				{"refused every time", t.env.faults.Refuse, Fault{On: ToWrite}},
				{"refused every time after the first", t.env.faults.Refuse, Fault{On: ToWrite, Skip: 1}},
				{"not answered", t.env.faults.Lose, Fault{On: ToCommit, Times: 1}},
			} {
				if fault.arm == nil {
					continue
				}
				p := t.path(fmt.Sprintf("way-%d/%d-%d", i, j, k))
				publish := w.begin(t, p, data)
				cond, before := t.clear(w, p, content(99, 70))
				var err error
				struck, ok := t.under(fault.arm, fault.Fault, func() { _, err = publish(t, cond) })
				if ok && struck > 0 {
					parts++
				}
				said := fmt.Sprintf("%s of %d bytes, of which a request to %s was %s, and which returned %v", w.what, n, fault.On, fault.how, err)
				switch {
				case !ok:
				case err == nil:
					streams = append(streams, stream{"W3", said, p, data})
				case !errors.Is(err, fsbase.ErrCommitUnknown):
					streams = append(streams, stream{"W2", said, p, before})
				}
			}
		}
	}
	t.fruitless(parts)
	after := t.crashed()
	for _, s := range streams {
		if got, err := after.read(s.path); !isContent(got, err, s.data) {
			after.errorf(s.clause, "after %s, and a power loss, %q has: %v, %s", s.said, s.path, err, difference(got, s.data))
		}
	}
}
