package conformance

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var removeAllChecks = []Check{
	{
		ID: "removeall/prefix", Clauses: []string{"C10"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller},
		Doc: "RemoveAll removes and yields exactly the streams with the raw prefix.",
		run: checkRemoveAllPrefix,
	},
	{
		ID: "removeall/many", Clauses: []string{"C10"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller},
		Doc: "RemoveAll goes on past the page of the storage, and no more than one request's names, 1,000, before its consumer.",
		run: checkRemoveAllMany,
	},
	{
		ID: "removeall/stop", Clauses: []string{"C10"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller},
		Doc: "A consumer may stop early: what was yielded is removed, and another call removes the rest.",
		run: checkRemoveAllStop,
	},
	{
		ID: "removeall/cancelled", Clauses: []string{"O5", "C10", "E1"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller},
		Doc: "Under a done context RemoveAll yields the context's error and removes nothing; one that ends within is an error, and the rest stays.",
		run: checkRemoveAllCancelled,
	},
	{
		ID: "removeall/beside-writes", Clauses: []string{"C10", "W1", "C2", "C5"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller},
		Doc: "What is half written is no stream yet: RemoveAll of its folder, or of another, leaves large streams and Uploads alone, and they are committed afterwards, whole.",
		run: func(t *trial) {
			t.amidWrites(t.waysOf("W1", "C2"), "RemoveAll ran", func() {
				for _, prefix := range []string{"other/", "writes/none", "", "writes/"} {
					t.removeAll(t.prefix(prefix))
				}
			})
		},
	},
}

// removeAll returns the sorted names that RemoveAll yields, and ends the check
// if it fails.
func (t *trial) removeAll(prefix string) []string {
	var names []string
	for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, prefix) {
		if err != nil {
			t.fatalf("RemoveAll(%q) after %d names: %v", prefix, len(names), err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func checkRemoveAllPrefix(t *trial) {
	names := t.putTree()
	for _, name := range []string{"other/" + t.prefix("tree/") + "x", "other/tree/d/aa"} { // which have it within
		p := t.path(name)
		t.put(p, []byte("x"))
		names = append(names, p)
	}
	slices.Sort(names)
	for _, prefix := range []string{"tree/none", "tree/e/", "tree/d/aa", "tree/d/a.", "tree/d/", "tree/d", "tree/"} {
		full := t.prefix(prefix)
		var gone []string
		names = slices.DeleteFunc(names, func(n string) bool {
			has := strings.HasPrefix(n, full)
			if has {
				gone = append(gone, n)
			}
			return has
		})
		if got := t.removeAll(full); !slices.Equal(got, gone) {
			t.errorf("C10", "RemoveAll(%q) yields %q instead of %q", full, got, gone)
		}
		for _, n := range gone {
			t.wantAbsent("C10", n)
		}
		for _, n := range names {
			t.wantExists("C10", n, true)
		}
	}
}

func checkRemoveAllMany(t *trial) {
	names := t.putMany()
	slices.Sort(names)
	kept := t.path("many-other")
	t.put(kept, nil)
	for _, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("many/")) {
		if err != nil {
			t.fatalf("RemoveAll: %v", err)
		}
		break
	}
	got := t.removeAll(t.prefix("many/"))
	if ahead := len(names) - len(got); ahead < 1 || ahead > 1000 {
		t.errorf("C10", "RemoveAll(%q) whose consumer stops at the first name removes %d", t.prefix("many/"), ahead)
	}
	for i, n := range got {
		if _, ok := slices.BinarySearch(names, n); !ok || i > 0 && got[i-1] == n {
			t.errorf("C10", "RemoveAll(%q) yields %q, which was not there, or twice", t.prefix("many/"), n)
		}
	}
	t.bulk(len(names), func(i int) { t.wantExists("C10", names[i], false) })
	t.wantExists("C10", kept, true)
}

func checkRemoveAllStop(t *trial) {
	names := t.putTree()
	var got []string
	for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("tree/")) {
		if err != nil {
			t.fatalf("RemoveAll: %v", err)
		}
		got = append(got, name)
		if len(got) == 3 {
			break
		}
	}
	for _, n := range names {
		if slices.Contains(got, n) {
			t.wantAbsent("C10", n)
		}
	}
	t.removeAll(t.prefix("tree/"))
	for _, n := range names {
		t.wantAbsent("C10", n)
	}
}

func checkRemoveAllCancelled(t *trial) {
	p := t.path("dir/a")
	t.put(p, []byte("kept"))
	t.wantCancelled("RemoveAll", func(t *trial) error {
		var last error
		for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("dir/")) {
			if last != nil {
				t.errorf("C10", "RemoveAll yields %q after the error %v", name, last)
			}
			last = err
		}
		return last
	})
	t.wantContent("O5", p, []byte("kept"))
	for i, want := range []error{context.Canceled, context.DeadlineExceeded, context.Canceled} {
		names, prefix := t.putTree(), "tree/"
		if i == 2 { // more than one request
			names, prefix = t.putUpTo(morePages), "many/"
		}
		got, last := t.endWithin("C10", "RemoveAll", want, func(ctx context.Context) iter.Seq2[string, error] {
			return as[fsbase.RemoveAller](t).RemoveAll(ctx, t.prefix(prefix))
		})
		if last == nil { // then it has got to its end
			for j := 0; j < len(names); j += 1 + len(names)/50 {
				t.wantExists("C10", names[j], false)
			}
		}
		for j := 0; j < len(got); j += 1 + len(got)/50 { // what was under way when the context ended may be done besides
			t.wantExists("C10", got[j], false)
		}
	}
}
