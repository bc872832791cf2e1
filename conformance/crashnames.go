package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var crashNameChecks = []Check{
	{
		ID: "durable/names", Clauses: []string{"W3", "N3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "Names that are odd or long, if the storage takes them, are the same after a power loss, and after another.",
		run: checkCrashNames,
	},
}

func checkCrashNames(t *trial) {
	names := slices.Clone(oddNames)
	for _, pair := range confusable {
		names = append(names, pair[0], pair[1])
	}
	names = append(names, " both ", "\nbegin", "end\n", "end\r\n", "end\t", "two\n\nbreaks", folders(2)+"x", folders(3)+"x")
	for _, n := range []int{63, 64, 127, 128, 254, 256} { // where lengths take another byte
		names = append(names, strings.Repeat("n", n))
	}
	written := map[string][]byte{}
	for i, name := range names { // each in a folder, since some name a folder of others
		if p, data := t.path(fmt.Sprintf("%d/%s", i, name)), content(uint64(i), 10+i); t.accept(p, data) {
			written[p] = data
		}
	}
	for range 2 {
		t = t.crashed()
		var want []string
		for p, data := range written {
			t.wantContent("W3", p, data)
			want = append(want, p)
		}
		if has[fsbase.Lister](t.fs) {
			t.wantList("N3", t.prefix(""), want)
		}
	}
}
