package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// The checks here lose power where others wrote beside what must be there: a
// storage may gather the writes of all, and make them durable together.
var crashBesideChecks = []Check{
	{
		ID: "durable/without-sync-beside", Clauses: []string{"C11", "W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, Unsyncer},
		Doc: "What handles without sync write before, between, after and while another publishes changes nothing for that, be it large or the same bytes.",
		run: func(t *trial) {
			t = t.besideLarge()
			t = t.besideSame()
			t.besideAtOnce()
		},
	},
	{
		ID: "durable/among-others", Clauses: []string{"W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A large stream that was half written when hundreds of others were committed is there, whole, after its Commit and a power loss.",
		run: checkCrashAmongOthers,
	},
}

// withoutSync returns the same trial on a handle without sync.
func (t *trial) withoutSync() *trial { return t.on(as[fsbase.Unsyncer](t).WithoutSync()) }

// besideLarge writes streams of many pages without sync around others.
func (t *trial) besideLarge() *trial {
	other, small, halves := content(1, t.largeSize()/2), content(2, 3000), content(3, t.allowed(1<<20))
	for i, when := range []struct{ before, between, after bool }{
		{before: true}, {between: true}, {after: true}, {before: true, between: true, after: true},
	} {
		fast := t.withoutSync()
		beside := func(some bool) {
			if some {
				fast.put(t.path("fast"), other)
			}
		}
		p, q := t.path(fmt.Sprintf("dir-%d/small", i)), t.path(fmt.Sprintf("dir-%d/halves", i))
		beside(when.before)
		t.put(p, small)
		w := t.create(q)
		defer w.Close()
		t.write(w, q, halves[:len(halves)/2])
		beside(when.between)
		t.write(w, q, halves[len(halves)/2:])
		if _, err := w.Commit(); err != nil {
			t.fatalf("Commit of %q: %v", q, err)
		}
		beside(when.after)
		t = t.crashed()
		t.wantContent("W3", p, small)
		t.wantContent("W3", q, halves)
	}
	return t
}

// besideSame publishes what is there without sync already, in every way.
func (t *trial) besideSame() *trial {
	written := map[string][]byte{}
	fast := t.withoutSync()
	for i, w := range t.ways() {
		p, from, data := t.path(fmt.Sprintf("way-%d/a", i)), t.path(fmt.Sprintf("way-%d/fast", i)), content(uint64(10+i), 3000)
		if fast.put(from, data); w.clause == "C9" {
			w.begin = copyOf(from)
		}
		publish := w.begin(t, p, data)
		cond, _ := t.clear(w, p, nil)
		if _, err := publish(t, cond); err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		written[p] = data
	}
	t = t.crashed()
	for p, data := range written {
		t.wantContent("W3", p, data)
	}
	return t
}

// besideAtOnce commits while others do so without sync: a storage may sync the
// commits of a moment together, or not.
func (t *trial) besideAtOnce() {
	for round := range max(4, t.env.limits.Rounds/10) {
		fast := t.withoutSync()
		p, data := t.path(fmt.Sprintf("at-once/%d", round)), content(uint64(round), 3000)
		t.together(racers, func(i int) func() {
			own, q := fast, t.path(fmt.Sprintf("at-once/fast-%d", i))
			if i == round%racers {
				own, q = t, p
			}
			w := own.create(q)
			own.write(w, q, data)
			return func() {
				defer w.Close()
				if _, err := w.Commit(); err != nil {
					t.add(fmt.Sprintf("Commit of %q, at once with others: %v", q, err))
				}
			}
		})
		t = t.crashed()
		t.wantContent("W3", p, data)
	}
}

func checkCrashAmongOthers(t *trial) {
	p, data := t.path("dir/a"), content(1, t.largeSize())
	w := t.create(p)
	defer w.Close()
	t.write(w, p, data[:len(data)/2])
	t.bulk(300, func(i int) { t.put(t.path(fmt.Sprintf("other/%d", i%30)), content(uint64(i), 10)) })
	t.write(w, p, data[len(data)/2:])
	if _, err := w.Commit(); err != nil {
		t.fatalf("Commit of %q: %v", p, err)
	}
	t.crashed().wantContent("W3", p, data)
}
