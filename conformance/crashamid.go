package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// The checks here lose power while a call runs. A window of a tenth of the call
// is met by one or two of the moments.
var crashAmidChecks = []Check{
	{
		ID: "durable/during-publish", Clauses: []string{"W1", "W2", "W3", "C4"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A power loss while a stream is published, in any way, finds the new content or what was there before, whole, and under the version of the one not the other.",
		run: checkCrashDuringPublish,
	},
	{
		ID: "durable/during-rename", Clauses: []string{"W3", "O3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A power loss during Rename finds the stream, whole, under the old name or the new one.",
		run: checkCrashDuringRename,
	},
}

// crashMoments is how often each call loses power.
const crashMoments = 12

func checkCrashDuringPublish(t *trial) {
	for i, w := range t.ways() {
		p := t.path(fmt.Sprintf("way-%d/a", i))
		old, next := content(1, 3000), content(uint64(i+2), 70_000)
		prepare := func() (publication, fsbase.Condition, []byte) {
			publish := w.begin(t, p, next)
			cond, before := t.clear(w, p, old)
			return publish, cond, before
		}
		publish, cond, _ := prepare()
		var err error
		took := timed(func() { _, err = publish(t, cond) })
		if err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		for _, wait := range moments(crashMoments, took) {
			publish, cond, before := prepare()
			var was fsbase.Version
			if before != nil {
				was = t.info(p).Version
			}
			t = t.crashedAmid(wait, func() { _, _ = publish(t, cond) })
			t.wantOneOf("W2", "after a power loss during "+w.what, p, before, next)
			if got, err := t.read(p); before != nil && isContent(got, err, next) && t.info(p).Version == was {
				t.errorf("C4", "after a power loss during %s %q has the new content, and the version %q that it had before", w.what, p, was)
			}
		}
	}
}

func checkCrashDuringRename(t *trial) {
	for _, names := range [][2]string{{"one/a", "one/b"}, {"one/c", "two/c"}} {
		from, to, data := t.path(names[0]), t.path(names[1]), content(1, 70_000)
		for _, replaced := range [][]byte{nil, content(2, 500)} {
			prepare := func() {
				t.put(from, data)
				if t.remove(to); replaced != nil {
					t.put(to, replaced)
				}
			}
			prepare()
			took := timed(func() {
				if err := t.fs.Rename(t.ctx, from, to); err != nil {
					t.fatalf("Rename(%q, %q): %v", from, to, err)
				}
			})
			for _, wait := range moments(crashMoments, took) {
				prepare()
				t = t.crashedAmid(wait, func() { _ = t.fs.Rename(t.ctx, from, to) })
				said := fmt.Sprintf("after a power loss during Rename(%q, %q)", from, to)
				old, oerr := t.read(from)
				now, nerr := t.read(to)
				if !isContent(old, oerr, data) && !isContent(now, nerr, data) {
					t.errorf("W3", "%s the stream is under neither: the old name has %d bytes (%v), the new one %d (%v)", said, len(old), oerr, len(now), nerr)
				}
				if !isContent(now, nerr, data) && !isContent(now, nerr, replaced) && !isContent(now, nerr, nil) {
					t.errorf("O3", "%s the new name has %d bytes (%v), neither those it had nor those of the stream", said, len(now), nerr)
				}
			}
		}
	}
}
