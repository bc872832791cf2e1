package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var reservedChecks = []Check{
	{
		ID: "names/reserved", Clauses: []string{"N3", "C8", "C10"}, Level: Must, Profile: Core,
		Doc: "Names that file systems, shells and tools keep for themselves are read, listed and removed like others, as a stream's and as a folder's, or refused with fs.ErrInvalid.",
		run: checkReservedNames,
	},
	{
		ID: "names/long", Clauses: []string{"N3", "O1", "O3", "C8"}, Level: Must, Profile: Core,
		Doc: "Names longer than file systems and object stores have them, of which two differ at the end only, are two names in every way to publish, or refused with fs.ErrInvalid.",
		run: checkLongNames,
	},
	{
		ID: "operations/alike-names", Clauses: []string{"O3", "C9"}, Level: Must, Profile: Core,
		Doc: "Rename and Copy between two names that are alike, of which some storage makes one for a lock or a temporary file, end, and move what is there.",
		run: checkAlikeNames,
	},
}

// reservedNames are skipped by somebody who walks a folder.
var reservedNames = []string{
	".nfs0001", ".nfs00000000000a1b2c00000003", ".fuse_hidden0000000100000002", ".snapshot", ".snapshots", ".zfs", "lost+found", ".Trash-0", ".Trashes",
	"._a", ".DS_Store", ".AppleDouble", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "~$a", ".~lock.a#", ".#a", "#a#", "@eaDir",
	".git", ".gitkeep", ".keep", "_SUCCESS", "_temporary", "_a", "a_$folder$", ".wh.a", ".a.swp", ".lock", ".tmp", "tmp", "CVS",
}

func checkReservedNames(t *trial) {
	var names []string
	for i, name := range reservedNames {
		for _, p := range []string{t.path("stream/" + name), t.path("folder/" + name + "/a")} {
			data := content(uint64(i), 50+i)
			if !t.accept(p, data) {
				continue
			}
			names = append(names, p)
			t.wantContent("N3", p, data)
		}
	}
	if !has[fsbase.Lister](t.fs) {
		return
	}
	t.wantList("C8", t.prefix(""), names)
	for _, p := range names {
		t.wantList("C8", p, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, p) }))
	}
	if has[fsbase.RemoveAller](t.fs) {
		if got := t.removeAll(t.prefix("")); len(got) != len(names) {
			t.errorf("C10", "RemoveAll(%q) yields %d of %d names: %q", t.prefix(""), len(got), len(names), got)
		}
		t.wantList("C10", t.prefix(""), nil)
	}
}

// longStems are names without an end: of long parts, and of many.
func longStems() (stems []string) {
	for _, n := range []int{256, 300, 1024, 5000} {
		stems = append(stems, strings.Repeat("n", n-1))
	}
	for _, n := range []int{1100, 4097} {
		stems = append(stems, strings.Repeat(strings.Repeat("n", 99)+"/", n/100)+strings.Repeat("n", n%100+1))
	}
	return stems
}

func checkLongNames(t *trial) {
	one, two := content(1, 100), content(2, 100)
	for i, stem := range longStems() {
		dir := fmt.Sprintf("%d/", i)
		p, q := t.path(dir+stem+"1"), t.path(dir+stem+"2")
		if !t.accept(p, one) {
			t.refusedName(p)
			continue
		}
		if !t.accept(q, two) {
			continue
		}
		t.wantContent("N3", p, one)
		t.wantContent("N3", q, two)
		if has[fsbase.Lister](t.fs) {
			t.wantList("C8", t.prefix(dir), []string{p, q})
		}
		for _, w := range t.ways() {
			publish := w.begin(t, q, two)
			cond, _ := t.clear(w, q, nil)
			if _, err := publish(t, cond); err != nil {
				t.errorf("N3", "%s to %q, which a Commit can make: %v", w.what, q, err)
			}
			t.wantContent("N3", q, two)
		}
		t.remove(q)
		t.wantAbsent("N3", q)
		t.wantContent("N3", p, one)
	}
}

// refusedName demands that p, which a Commit cannot make, is refused however it
// is written, and is not there.
func (t *trial) refusedName(p string) {
	data := content(1, 100)
	for _, w := range t.ways() {
		cond := fsbase.Condition{}
		switch w.cond {
		case ifAbsent:
			cond = fsbase.IfAbsent()
		case ifVersion:
			continue // which does not hold
		}
		_, err := w.begin(t, p, data)(t, cond)
		t.wantIs("N3", err, fmt.Sprintf("%s to %q, which a Commit refuses", w.what, p), fs.ErrInvalid)
	}
	from := t.path("from")
	t.put(from, data)
	t.wantIs("O3", t.fs.Rename(t.ctx, from, p), fmt.Sprintf("Rename(%q, %q), to what a Commit refuses", from, p), fs.ErrInvalid)
	t.wantContent("O3", from, data)
	if ok, err := t.fs.Exists(t.ctx, p); ok || err != nil && !errors.Is(err, fs.ErrInvalid) {
		t.errorf("O1", "Exists(%q), which a Commit refuses: %v, %v", p, ok, err)
	}
}

// alikeNames are one name to those who replace what they do not want in one, or
// do not know of case.
var alikeNames = [][2]string{
	{"a/b", "a_b"},
	{"a/b", "a__b"},
	{"a/b", "a-b"},
	{"a/b", "a.b"},
	{"a/b", "a:b"},
	{"a/b", "a%2Fb"},
	{"a/b", `a\b`},
	{"a/b", "ab"},
	{"a/x", "b/x"},
	{"a b", "a_b"},
	{"a.b", "a_b"},
	{"a%20b", "a b"},
	{"NAME", "name"},
	{"Folder/x", "folder/x"},
	{"e\u0301", "\u00e9"},
	{"end.", "end"},
	{"end ", "end"},
	{".hidden", "hidden"},
	{"a.tmp", "a"},
	{"a.lock", "a"},
}

func checkAlikeNames(t *trial) {
	t, cancel := t.soon()
	defer cancel()
	for i, pair := range alikeNames {
		p, q := t.path(fmt.Sprintf("%d/%s", i, pair[0])), t.path(fmt.Sprintf("%d/%s", i, pair[1]))
		data := content(uint64(i), 300)
		if !t.accept(q, data) || !t.accept(p, data) {
			continue
		}
		for range 2 {
			if err := t.fs.Rename(t.ctx, p, q); err != nil {
				t.errorf("O3", "Rename(%q, %q): %v", p, q, err)
				return
			}
			t.wantAbsent("O3", p)
			t.wantContent("O3", q, data)
			if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
				if _, err := c.Copy(t.ctx, q, p, fsbase.Condition{}); err != nil {
					t.errorf("C9", "Copy(%q, %q): %v", q, p, err)
					return
				}
				t.wantContent("C9", p, data)
			}
			p, q = q, p
		}
	}
}
