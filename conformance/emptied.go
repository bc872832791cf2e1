package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var emptiedChecks = []Check{
	{
		// Between a folder that is made and what is put there another may take the
		// folder away.
		ID: "race/emptied-folder", Clauses: []string{"W8", "O6"}, Level: Must, Profile: Core,
		Doc: "What is published, in every way, into a folder whose last stream is removed or renamed away at the same time is there.",
		run: checkEmptiedFolder,
	},
}

func checkEmptiedFolder(t *trial) {
	away := t.path("away")
	empties := map[string]func(p string) error{
		"RmFile": func(p string) error { return t.fs.RmFile(t.ctx, p) },
		"Rename": func(p string) error { return t.fs.Rename(t.ctx, p, away) },
	}
	if has[fsbase.RemoveAller](t.fs) {
		empties["RemoveAll"] = func(p string) error { t.removeAll(p); return nil }
	}
	rounds := t.env.limits.Rounds/20 + 2
	for i, w := range t.ways() {
		if w.cond == ifVersion {
			continue // the folder has what is replaced
		}
		name := fmt.Sprint(i)
		for what, empty := range empties {
			for round := range 2 * rounds {
				t.publishBesideEmptying(w, name, what, empty, round)
				if t.failed() {
					return
				}
			}
		}
	}
}

// publishBesideEmptying publishes name into a folder while empty, which is
// called what, takes the last stream out of it.
func (t *trial) publishBesideEmptying(w way, name, what string, empty func(p string) error, round int) {
	dir := []string{"d", "d/e/f"}[round%2]
	last, p := t.path(dir+"/last"), t.path(dir+"/"+name)
	t.put(last, nil)
	publish := w.begin(t, p, content(uint64(round), 3000))
	cond := fsbase.Condition{}
	if w.cond == ifAbsent {
		cond = fsbase.IfAbsent()
	}
	var err, eerr error
	calls := []func(){
		func() { _, err = publish(t, cond) },
		func() { eerr = empty(last) },
	}
	switch round / 2 % 3 {
	case 0:
		t.handOver(calls[0], calls[1])
	case 1:
		t.handOver(calls[1], calls[0])
	case 2:
		t.together(2, func(i int) func() { return calls[i] })
	}
	said := fmt.Sprintf("round %d: %s to %q beside %s of %q", round, w.what, p, what, last)
	if err != nil || eerr != nil {
		t.errorf("O6", "%s: %v, and %v", said, err, eerr)
		return
	}
	if ok, xerr := t.fs.Exists(t.ctx, p); !ok || xerr != nil {
		t.errorf("W8", "%s, and both return nil: Exists is %v, %v", said, ok, xerr)
		return
	}
	t.remove(p)
}
