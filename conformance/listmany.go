package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// The checks here list more than any storage tells in one answer.
var listManyChecks = []Check{
	{
		ID: "list/many", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A listing goes on past the page of the storage, also within another, and ends where a page does.",
		run: checkListMany,
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
	t.listAround(t.prefix("many/"), names)
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

func checkListManyOdd(t *trial) {
	name := func(i int) string { return t.path(fmt.Sprintf("odd/%d/%%%02X/%05d %%2B+&b", i%2, 'A'+i%20, i)) }
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
