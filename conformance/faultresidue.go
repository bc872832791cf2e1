package conformance

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

var faultResidueChecks = []Check{
	{
		ID: "faults/residue", Clauses: []string{"W4"}, Level: Must, Profile: Atomic, Needs: []Capability{CanRefuse, CanResidue},
		Doc: "No temporary file stays of commits that the storage refused or forbade, nor parts of large ones, nor of commits that succeed although their answer was lost.",
		run: checkDeniedResidue,
	},
}

func checkDeniedResidue(t *trial) {
	t.noteResidue()
	parts := 0
	leave := func(arm Arm, w way, p string, before, data []byte) {
		if arm == nil {
			return
		}
		publish := w.begin(t, p, data)
		cond, _ := t.clear(w, p, before)
		if t.mustStrike(arm, Fault{On: ToCommit}, func() { _, _ = publish(t, cond) }) {
			parts++
		}
		t.wantNoResidue(fmt.Sprintf("a %s of %d bytes that was denied", w.what, len(data)))
	}
	if lose := t.env.faults.Lose; lose != nil {
		for _, w := range t.ways() {
			for _, n := range []int{3000, t.largeSize()} {
				p, data := t.path("lost"), content(1, n)
				publish := w.begin(t, p, data)
				cond, _ := t.clear(w, p, nil)
				var err error
				_, ok := t.under(lose, Fault{On: ToCommit, Times: 1}, func() { _, err = publish(t, cond) })
				if ok && err == nil {
					t.wantNoResidue(fmt.Sprintf("a %s of %d bytes that was not answered at first, and is nil,", w.what, n))
				}
			}
		}
	}
	for _, arm := range []Arm{t.env.faults.Refuse, t.env.faults.Forbid} {
		t.eachCommit(func(w way, p string, before, data []byte) { leave(arm, w, p, before, data) })
		for _, w := range t.ways() {
			leave(arm, w, t.path("large"), nil, content(1, t.largeSize()))
		}
		parts += t.deniedParts(arm)
	}
	t.fruitless(parts)
}

// deniedParts lets each part of a large stream and of a large Upload be denied,
// and returns how many were.
func (t *trial) deniedParts(arm Arm) (parts int) {
	if arm == nil {
		return 0
	}
	p, data := t.path("large"), content(1, t.largeSize())
	writes := map[string]func(){"Commit": func() {
		w := t.create(p)
		defer w.Close()
		for part := range slices.Chunk(data, 1<<20) {
			if _, err := w.Write(part); err != nil {
				break
			}
		}
		_, _ = w.Commit()
	}}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		writes["Upload"] = func() {
			_, _ = u.Upload(t.ctx, p, bytes.NewReader(data), int64(len(data)), fsbase.Condition{})
		}
	}
	for what, write := range writes {
		for skip := range 4 {
			struck, ok := t.under(arm, Fault{On: ToWrite, Skip: skip}, write)
			if !ok || struck == 0 {
				break
			}
			parts++
			t.wantNoResidue(fmt.Sprintf("%s of %d bytes of which parts after %d were denied", what, len(data), skip))
		}
	}
	return parts
}
