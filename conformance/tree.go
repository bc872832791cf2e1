package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// list returns the names with the raw prefix and ends the check if it cannot.
func (t *trial) list(prefix string) []string {
	var names []string
	for info, err := range as[fsbase.Lister](t).List(t.ctx, prefix) {
		if err != nil {
			t.fatalf("List(%q) after %d names: %v", prefix, len(names), err)
		}
		names = append(names, info.Path)
	}
	return names
}

// wantList demands that List(prefix) yields exactly the names in byte order.
func (t *trial) wantList(clause, prefix string, names []string) {
	got, want := t.list(prefix), slices.Sorted(slices.Values(names))
	if slices.Equal(got, want) {
		return
	}
	if len(got)+len(want) < 40 {
		t.errorf(clause, "List(%q) yields %q instead of %q", prefix, got, want)
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	t.errorf(clause, "List(%q) yields %d names instead of %d, first difference at %d: %q instead of %q",
		prefix, len(got), len(want), i, got[i:min(len(got), i+1)], want[i:min(len(want), i+1)])
}

// treeNames are in neither order of directory walks: '-' and '.' sort before
// the slash, '0' after it.
var treeNames = []string{
	"d/a", "d/a-b", "d/a-b/x", "d/a.b", "d/a0", "d/aa/x", "d/aa/b/c/d", "d/aa/b", "d/B", "d/~", "d/é", "d/.metadata",
	"d/aa.x/y", "d.txt", "d-/x", "e", "d/a b", "d/a+b", "d/%61", "d/zz/z", "C/a",
	"d/\uffee", "d/\U0001f4be", // of which UTF-16 has the second first
}

// putTree writes treeNames, but for those that the storage refuses.
func (t *trial) putTree() []string {
	var names []string
	for _, name := range treeNames {
		// A file system with real folders cannot have both of these.
		if slices.ContainsFunc(treeNames, func(n string) bool { return strings.HasPrefix(n, name+"/") }) {
			continue
		}
		p := t.path("tree/" + name)
		if t.accept(p, []byte(name)) {
			names = append(names, p)
		}
	}
	return names
}

// putMany writes Limits.Keys small streams under a folder and next to it.
func (t *trial) putMany() []string { return t.putUpTo(t.env.limits.Keys) }

// morePages is just above one page of S3 and GCS.
const morePages = 1103

// putUpTo writes n of them, or as many as the limits say.
func (t *trial) putUpTo(n int) []string {
	names := make([]string, min(n, t.env.limits.Keys))
	for i := range names {
		names[i] = t.path(fmt.Sprintf("many/%d/x-%05d", i%3, i*7919%100_003))
	}
	t.bulk(len(names), func(i int) { t.put(names[i], []byte{byte(i)}) })
	if t.failed() {
		t.fatalf("%d streams could not be written", len(names))
	}
	return names
}
