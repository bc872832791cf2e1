package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The checks here change what is listed from within the loop over it, as
// whoever cleans up does.
var walkChecks = []Check{
	{
		ID: "list/while-changing", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A listing yields each name that is there all the time once, while its consumer removes and writes others.",
		run: checkListWhileChanging,
	},
	{
		ID: "list/nested", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A listing within the loop over another, of the same prefix or of another, whole or left early, disturbs neither.",
		run: checkListNested,
	},
	{
		ID: "removeall/while-changing", Clauses: []string{"C10"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller},
		Doc: "RemoveAll removes nothing that it does not yield, also of what its consumer writes meanwhile, and leaves out nothing that its consumer replaces.",
		run: checkRemoveAllWhileChanging,
	},
	{
		ID: "removeall/everything", Clauses: []string{"C10"}, Level: Must, Profile: List, Needs: []Capability{RemoveAller, Lister},
		Doc: "RemoveAll of a whole folder, or of the root, leaves nothing that List lists.",
		run: func(t *trial) {
			for _, prefix := range []string{"tree/", ""} {
				names := t.putTree()
				slices.Sort(names)
				if got := t.removeAll(t.prefix(prefix)); !slices.Equal(got, names) {
					t.errorf("C10", "RemoveAll(%q) yields %q instead of %q", t.prefix(prefix), got, names)
				}
				t.wantList("C10", t.prefix(prefix), nil)
			}
		},
	},
}

func checkListWhileChanging(t *trial) {
	began := time.Now()
	names := t.putUpTo(morePages)
	slices.Sort(names)
	// Whoever lists in order to remove must get to the end.
	t, cancel := t.atMostFor(t.env.limits.Timeout/10 + 10*time.Since(began))
	defer cancel()
	var got []string
	for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("many/")) {
		if err != nil {
			t.errorf("C8", "List while what it yields is removed, after %d names: %v", len(got), err)
			break
		}
		got = append(got, info.Path)
		if err := t.fs.RmFile(t.ctx, info.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.errorf("C8", "RmFile(%q) within a loop over List: %v", info.Path, err)
			break
		}
	}
	if !t.failed() && !slices.Equal(got, names) {
		t.errorf("C8", "List of %d names, each of which is removed when it comes, yields %d, %d of them different", len(names), len(got), len(slices.Compact(got)))
	}
	// What comes and goes on either side of the place moves nothing else.
	kept := make([]string, 40)
	for i := range kept {
		kept[i] = t.path(fmt.Sprintf("m/%02d-kept", i))
		t.put(kept[i], []byte("kept"))
	}
	seen := map[string]int{}
	n := 0
	for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("m/")) {
		if err != nil {
			t.errorf("C8", "List while others come and go: %v", err)
			break
		}
		seen[info.Path]++
		if n++; n > 200 {
			t.errorf("C8", "List of %d names while others come and go has yielded %d", len(kept), n)
			break
		}
		if !slices.Contains(kept, info.Path) {
			t.remove(info.Path)
		}
		t.put(t.path(fmt.Sprintf("m/%02d-a", max(0, n-20))), nil)
		t.put(t.path(fmt.Sprintf("m/%02d-z", n+5)), nil)
	}
	for _, name := range kept {
		if seen[name] != 1 && !t.failed() {
			t.errorf("C8", "List while others come and go yields %q, which stays, %d times", name, seen[name])
		}
	}
	t.listWithoutNext()
}

// listWithoutNext removes the names with which later pages would begin while
// the first is read.
func (t *trial) listWithoutNext() {
	names := t.putMany()
	slices.Sort(names)
	n, gone := 0, 0
	for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("many/")) {
		if err != nil {
			t.errorf("C8", "List while the first names of later pages are removed, after %d names: %v", n, err)
			return
		}
		if n++; n == 1 {
			for i := 1000; i < len(names); i += 1000 {
				t.remove(names[i])
			}
		} else if i, _ := slices.BinarySearch(names, info.Path); i%1000 == 0 {
			gone++ // on a page that came before
		}
	}
	if want := len(names) - (len(names)-1)/1000; n-gone != want {
		t.errorf("C8", "List while the first names of later pages are removed yields %d of the %d names that stay", n-gone, want)
	}
}

func checkRemoveAllWhileChanging(t *trial) {
	names := make([]string, 220) // more than some remove in one request
	for i := range names {
		names[i] = t.path(fmt.Sprintf("m/%03d", i))
	}
	t.bulk(len(names), func(i int) { t.put(names[i], nil) })
	t, cancel := t.soon()
	defer cancel()
	var written []string
	yielded := map[string]bool{}
	for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("m/")) {
		if err != nil {
			t.errorf("C10", "RemoveAll while others come: %v", err)
			break
		}
		yielded[name] = true
		if len(written) < 10 {
			w := t.path(fmt.Sprintf("m/new-%02d", len(written)))
			t.put(w, []byte("new"))
			written = append(written, w)
			t.put(names[len(names)-10*len(written)], []byte("replaced"))
		}
	}
	for _, w := range written {
		t.wantExists("C10", w, !yielded[w])
	}
	for _, name := range names { // what was replaced when it was removed already is there again
		if !yielded[name] && !t.failed() {
			t.errorf("C10", "RemoveAll(%q) does not yield %q, which is there all the time, replaced or not", t.prefix("m/"), name)
		}
	}
}

func checkListNested(t *trial) {
	t, cancel := t.soon()
	defer cancel()
	dirs := map[string][]string{}
	for _, dir := range []string{"a/", "b/"} {
		for i := range 6 {
			p := t.path(fmt.Sprintf("%s%d", dir, i))
			t.put(p, nil)
			dirs[dir] = append(dirs[dir], p)
		}
	}
	// list lists a folder, does something at each name, and demands all names.
	list := func(dir string, atEach func(i int)) {
		var got []string
		for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix(dir)) {
			if err != nil || len(got) > len(dirs[dir]) {
				t.errorf("C8", "List(%q) around or within another, after %d names: %v", t.prefix(dir), len(got), err)
				return
			}
			got = append(got, info.Path)
			atEach(len(got))
		}
		if !slices.Equal(got, dirs[dir]) {
			t.errorf("C8", "List(%q) around or within another yields %q instead of %q", t.prefix(dir), got, dirs[dir])
		}
	}
	for _, inner := range []string{"a/", "b/"} {
		list("a/", func(int) { list(inner, func(int) {}) })
		list("a/", func(i int) {
			for range as[fsbase.Lister](t).List(t.ctx, t.prefix(inner)) {
				if i--; i <= 0 {
					break
				}
			}
		})
	}
}
