package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// The checks here list more than any storage tells in one answer.
var listManyChecks = []Check{
	{
		ID: "list/many", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A listing goes on past the page of the storage, also within another, ends where a page does, and leaves no goroutine when it is left.",
		run: checkListMany,
	},
	{
		ID: "list/many-prefixes", Clauses: []string{"C8", "N3"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "It goes on past a page whose last name is a prefix of the next one.",
		run: checkListManyPrefixes,
	},
	{
		ID: "list/many-odd", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "It goes on past a page that ends with a name which looks escaped, and loses none.",
		run: checkListManyOdd,
	},
}

func checkListMany(t *trial) {
	names := t.putMany()
	other := t.path("many-other")
	t.put(other, nil)
	t.wantList("C8", t.prefix("many/"), names)
	t.wantList("C8", t.prefix("many"), append(names, other))
	for _, prefix := range []string{"many/2", "many/2/x-9", "many-"} { // of which the first pages have nothing
		t.wantListOf(append(names, other), t.prefix(prefix))
	}
	t.listAround(t.prefix("many/"), names)
	t.leaveList(t.prefix("many/"))
	if whole := len(names) / 1000 * 1000; whole > 0 { // the last page is whole, too
		t.bulk(len(names)-whole, func(i int) { t.remove(names[whole+i]) })
		t.wantList("C8", t.prefix("many/"), names[:whole])
	}
}

// listAround demands that a listing within another one, of more than a page
// each, disturbs neither.
func (t *trial) listAround(prefix string, names []string) {
	n := 0
	for _, err := range as[fsbase.Lister](t).List(t.ctx, prefix) {
		if err != nil {
			t.errorf("C8", "List(%q) around another, after %d names: %v", prefix, n, err)
			return
		}
		if n++; n%700 == 1 {
			t.wantList("C8", prefix, names)
		}
	}
	if n != len(names) {
		t.errorf("C8", "List(%q) around another yields %d names instead of %d", prefix, n, len(names))
	}
}

// leaveList leaves listings after their first name, while the next page may be
// under way.
func (t *trial) leaveList(prefix string) {
	const times = 100
	do, goroutines := t.descendants()
	do(times, func() {
		for _, err := range as[fsbase.Lister](t).List(t.ctx, prefix) {
			if err != nil {
				t.errorf("C8", "List(%q): %v", prefix, err)
			}
			break
		}
	})
	if n := t.settle(times/2, goroutines); n > times/2 {
		t.errorf("C8", "%d listings of %q that are left after the first name leave %d goroutines", times, prefix, n)
	}
}

// checkListManyPrefixes lists names of which each is the one before and a little
// more. What that is takes turns, so the listing begins a name or two earlier
// until a page of any size has ended before each.
func checkListManyPrefixes(t *trial) {
	rungs := []string{"!"}
	for _, more := range []string{"\x00", "/x"} {
		first := t.path("first")
		t.put(first, nil)
		if _, err := t.commit(t.createIf(t.path("first"+more), fsbase.Condition{}), nil); err == nil {
			rungs = append(rungs, more)
		}
	}
	const page, height = 1003, 41
	var names []string
	for i := range page {
		name := fmt.Sprintf("l%02d", i/height)
		for j := range i % height {
			name += rungs[j%len(rungs)]
		}
		names = append(names, t.path("aa/"+name))
	}
	for early := range len(rungs) - 1 {
		names = append(names, t.path(strings.Repeat("a", early+1)+"-"))
	}
	there := make([]bool, len(names))
	t.bulk(len(names), func(i int) { there[i] = t.accept(names[i], nil) })
	if t.failed() {
		t.fatalf("%d streams could not be written", len(names))
	}
	var listed []string
	for i, name := range names {
		if there[i] {
			listed = append(listed, name)
		}
	}
	for _, prefix := range []string{"aa/", "aa", "a"} {
		t.wantListOf(listed, t.prefix(prefix))
	}
}

// wantListOf demands those of the names that have the prefix.
func (t *trial) wantListOf(names []string, prefix string) {
	t.wantList("C8", prefix, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, prefix) }))
}

// checkListManyOdd lists names with what is escaped in URLs before that which
// tells them apart, and behind it: whoever escapes the last of a page once too
// little or too much goes on before all of them, or behind.
func checkListManyOdd(t *trial) {
	name := func(i int) string { return t.path(fmt.Sprintf("odd/%d +%%2B&/%%%02X/%05d %%2B+&b", i%2, 'A'+i%20, i)) }
	if !t.accept(name(0), nil) {
		return // the storage has no such names
	}
	names := make([]string, t.env.limits.Keys)
	for i := range names {
		names[i] = name(i)
	}
	t.bulk(len(names), func(i int) { t.put(names[i], nil) })
	if t.failed() {
		t.fatalf("%d streams could not be written", len(names))
	}
	t.wantList("C8", t.prefix("odd/"), names)
}
