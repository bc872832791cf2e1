package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var oddNameChecks = []Check{
	{
		ID: "names/every-call", Clauses: []string{"N3"}, Level: Must, Profile: Core,
		Doc: "No call takes a name for one that is like it: escaped, in another case or Unicode form, or with a trimmed end.",
		run: func(t *trial) {
			for i, pair := range confusable {
				for j := range pair {
					t.likeNames(fmt.Sprintf("%d-%d/", i, j), pair[j], pair[1-j])
				}
			}
		},
	},
	{
		ID: "names/large", Clauses: []string{"N3"}, Level: Must, Profile: Core,
		Doc: "Large streams, too, keep names that URLs would have escaped.",
		run: checkLargeNames,
	},
	{
		ID: "names/patterns", Clauses: []string{"N3", "O1", "O2", "C8", "C10"}, Level: Must, Profile: Core,
		Doc: "No name and no prefix is a pattern.",
		run: checkPatterns,
	},
}

// confusable are pairs of names that some layer of some storage takes for one.
var confusable = [][2]string{
	{"a%20b", "a b"},
	{"a+b", "a b"},
	{"a%2Fb", "a/b"},
	{`a\b`, "a/b"},
	{"100%", "100%25"},
	{"a&amp;b", "a&b"},
	{"NAME", "name"},
	{"Folder/x", "folder/x"},
	{"e\u0301", "\u00e9"},
	{"\u212a", "K"},
	{"\ufb01", "fi"},
	{"stra\u00dfe", "strasse"},
	{"end.", "end"},
	{"end ", "end"},
	{" begin", "begin"},
	{"a.tmp", "a"},
	{".hidden", "hidden"},
	{"a?b", "a"},
	{"a#b", "a"},
	{"a:b", "a"},
	{"a;b", "a"},
	{"nul\x00in", "nul"},
	{strings.Repeat("n", 120) + "1", strings.Repeat("n", 120) + "2"},
	{strings.Repeat("n", 250) + "1", strings.Repeat("n", 250) + "2"},
	{folders(8) + "1", folders(8) + "2"}, // near 900
	{folders(9) + "1", folders(9) + "2"}, // near 1,000
	{folders(12) + "1", folders(12) + "2"},
	{"\U0001f4be", "\U0001f4bf"},
	{"a\tb", "a\nb"},
	{"a\rb", "a\nb"},
	{"a\r\nb", "a\nb"},
}

// folders is a path of n folders with long names.
func folders(n int) string { return strings.Repeat(strings.Repeat("n", 110)+"/", n) }

// accept writes a stream unless the storage refuses the name.
func (t *trial) accept(p string, data []byte) bool {
	_, err := t.commit(t.createIf(p, fsbase.Condition{}), data)
	if err != nil && !errors.Is(err, fs.ErrInvalid) {
		t.errorf("N3", "writing %q: %v", p, err)
	}
	return err == nil
}

// likeNames calls everything on odd, which is absent at first and then there,
// and demands that like, which is there, stays as it is.
func (t *trial) likeNames(dir, odd, like string) {
	p, q := t.path(dir+odd), t.path(dir+like)
	kept, data := content(1, 300), content(2, 200)
	if !t.accept(p, data) {
		return
	}
	if err := t.fs.RmFile(t.ctx, p); err != nil {
		t.errorf("N3", "RmFile(%q), which has been written: %v", p, err)
	}
	if !t.accept(q, kept) {
		return
	}
	for _, call := range []func(){
		func() { t.wantAbsent("N3", p) },
		func() { t.remove(p) },
		func() {
			t.wantNotExist("N3", t.fs.Rename(t.ctx, p, t.path(dir+"to")), "Rename(%q), which is not there", p)
		},
	} {
		call()
		t.wantContent("N3", q, kept)
	}
	for _, w := range t.ways() {
		publish := w.begin(t, p, data)
		cond, _ := t.clear(w, p, nil)
		if _, err := publish(t, cond); err != nil {
			t.errorf("N3", "%s to %q while %q is there: %v", w.what, p, q, err)
			return
		}
		t.onlyOdd(dir, p, q, data)
		t.wantContent("N3", q, kept)
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		to := t.path(dir + "copy")
		if _, err := c.Copy(t.ctx, p, to, fsbase.Condition{}); err != nil {
			t.errorf("N3", "Copy(%q, %q): %v", p, to, err)
		}
		t.wantContent("N3", to, data)
	}
	to := t.path(dir + "moved")
	if err := t.fs.Rename(t.ctx, p, to); err != nil {
		t.errorf("N3", "Rename(%q, %q): %v", p, to, err)
	}
	t.wantAbsent("N3", p)
	if err := t.fs.Rename(t.ctx, to, p); err != nil {
		t.errorf("N3", "Rename(%q, %q): %v", to, p, err)
	}
	t.onlyOdd(dir, p, q, data)
	t.remove(p)
	t.wantAbsent("N3", p)
	t.wantContent("N3", q, kept)
	// Of a prefix, the longer names have to go as well.
	if c, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok && !strings.HasPrefix(q, p) {
		t.put(p, data)
		for name, err := range c.RemoveAll(t.ctx, p) {
			if err != nil || name != p {
				t.errorf("N3", "RemoveAll(%q) yields %q, %v", p, name, err)
			}
		}
		t.wantContent("N3", q, kept)
		t.wantAbsent("N3", p)
	}
}

// onlyOdd looks at p, which has data, in every way. Beside it there is q.
func (t *trial) onlyOdd(dir, p, q string, data []byte) {
	t.wantContent("N3", p, data)
	t.wantExists("N3", p, true)
	info := t.info(p)
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		got, err := s.Stat(t.ctx, p)
		if err != nil {
			t.errorf("N3", "Stat(%q): %v", p, err)
		}
		t.wantInfo("N3", "Stat", got, info)
	}
	if r, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		buf := make([]byte, len(data))
		got, err := r.ReadRanges(t.ctx, p, info.Version, []fsbase.Range{{Dst: buf}})
		if err != nil || !bytes.Equal(buf, data) {
			t.errorf("N3", "ReadRanges of %q: %v, %s", p, err, difference(buf, data))
		}
		t.wantInfo("N3", "ReadRanges", got, info)
	}
	if has[fsbase.Lister](t.fs) {
		got := t.list(t.prefix(dir))
		for _, name := range []string{p, q} {
			if !slices.Contains(got, name) {
				t.errorf("N3", "List(%q) yields %q without %q", t.prefix(dir), got, name)
			}
		}
	}
}

func checkPatterns(t *trial) {
	others := []string{"g/ab", "g/ac", "g/a", "g/a-b/x", "g/aXb"}
	for _, n := range others {
		t.put(t.path(n), []byte(n))
	}
	still := func() {
		for _, n := range others {
			t.wantContent("O2", t.path(n), []byte(n))
		}
	}
	for _, pattern := range []string{"g/a*", "g/*", "*/ab", "g/a?", "g/[a]b", "g/a%", "g/a_b", "g/{ab,ac}", "g/a.b", "g/^a", "g/ab$", "g/a|b", `g/a\b`} {
		p := t.path(pattern)
		if ok, err := t.fs.Exists(t.ctx, p); ok || err != nil && !errors.Is(err, fs.ErrInvalid) {
			t.errorf("O1", "Exists(%q), which is not there: %v, %v", p, ok, err)
		}
		_, err := t.read(p)
		t.wantIsAny("N3", err, fmt.Sprintf("OpenStream(%q), which is not there", p), fs.ErrNotExist, fs.ErrInvalid)
		if err := t.fs.RmFile(t.ctx, p); err != nil {
			t.wantIsAny("O2", err, fmt.Sprintf("RmFile(%q), which is not there", p), fs.ErrNotExist, fs.ErrInvalid)
		}
		still()
		if has[fsbase.Lister](t.fs) {
			t.wantList("C8", p, nil)
		}
		if has[fsbase.RemoveAller](t.fs) {
			if got := t.removeAll(p); len(got) > 0 {
				t.errorf("C10", "RemoveAll(%q) yields %q", p, got)
			}
			still()
		}
		if t.accept(p, []byte("odd")) {
			if has[fsbase.Lister](t.fs) {
				t.wantList("C8", p, []string{p})
			}
			t.remove(p)
			t.wantAbsent("O2", p)
			still()
		}
	}
}

// wantIsAny demands an error that errors.Is finds one of the targets in.
func (t *trial) wantIsAny(clause string, err error, what string, targets ...error) {
	if !slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) }) {
		t.errorf(clause, "%s: %v, which is none of %q", what, err, targets)
	}
}

// checkLargeNames writes to names what may go in parts, by calls of its own.
func checkLargeNames(t *trial) {
	data := map[string][]byte{}
	for i, name := range []string{"dir/a+b", "dir/a b", "dir/a%2Bb", "dir/a%b", "dir/a&b=c", "dir/a#b", "dir/\u00e4b"} {
		if p := t.path(name); t.accept(p, nil) {
			data[p] = content(uint64(i), t.largeSize())
			t.put(p, data[p])
		}
	}
	for p := range data {
		t.wantContent("N3", p, data[p])
	}
}
