package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var otherNameChecks = []Check{
	{
		ID: "swap/other-name", Clauses: []string{"C3"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "A version that another name has now, because the stream was renamed or copied there or was written there, is none of a name with another one.",
		run: checkSwapOtherName,
	},
}

func checkSwapOtherName(t *trial) {
	one, other := t.path("dir/one"), t.path("dir/other")
	type move struct {
		how string
		do  func()
	}
	moves := []move{
		{"renamed", func() {
			if err := t.fs.Rename(t.ctx, one, other); err != nil {
				t.fatalf("Rename(%q, %q): %v", one, other, err)
			}
		}},
		{"written", func() { t.put(other, content(3, 300)) }},
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		moves = append(moves, move{"copied", func() {
			if _, err := c.Copy(t.ctx, one, other, fsbase.Condition{}); err != nil {
				t.fatalf("Copy(%q, %q): %v", one, other, err)
			}
		}})
	}
	for _, m := range moves {
		for _, w := range t.ways() {
			if w.cond != ifVersion {
				continue
			}
			publish := w.begin(t, one, content(4, 300))
			t.put(one, content(1, 300))
			m.do()
			now := content(2, 300) // of the same size: only the version tells
			current := t.put(one, now).Version
			version := t.info(other).Version
			if version == current {
				continue // versions are of names, and these two are equal by chance
			}
			_, err := publish(t, fsbase.IfVersion(version))
			t.wantIs("C3", err, fmt.Sprintf("%s to %q of the version of %q, which was %s there,", w.what, one, other, m.how), fsbase.ErrPrecondition)
			t.wantContent("C3", one, now)
			if got := t.info(one).Version; got != current {
				t.errorf("C3", "a lost swap changes the version of %q from %q to %q", one, current, got)
			}
		}
	}
}
