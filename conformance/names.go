package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var nameChecks = []Check{
	{
		ID: "names/invalid-path", Clauses: []string{"N1"}, Level: Must, Profile: Core,
		Doc: "A path that is not fs.ValidPath is fs.ErrInvalid, whatever the method.",
		run: checkInvalidPath,
	},
	{
		ID: "names/root", Clauses: []string{"N1", "R1", "O1", "O2", "O3"}, Level: Must, Profile: Core,
		Doc: `"." names the root, which is a folder and no stream: it can be neither written, moved nor removed.`,
		run: checkRoot,
	},
	{
		ID: "names/concat", Clauses: []string{"N2"}, Level: Must, Profile: Core,
		Doc: "ConcatPath joins with one slash and never cleans.",
		run: checkConcat,
	},
	{
		ID: "names/bytes", Clauses: []string{"N3"}, Level: Must, Profile: Core,
		Doc: "A name is kept as it is, or refused with fs.ErrInvalid.",
		run: checkNameBytes,
	},
	{
		ID: "names/distinct", Clauses: []string{"N3"}, Level: Must, Profile: Core,
		Doc: "Names that differ in case or Unicode form alone are two names.",
		run: checkDistinctNames,
	},
}

// invalidPaths are refused by fs.ValidPath.
var invalidPaths = []string{
	"", "/", "/a", "a/", "a//b", "./a", "a/.", "a/./b", "..", "../a", "a/..", "a/../b",
	"a/../../b", "//a", "a/b/", "\xff", "a/\xc3\x28",
}

func checkInvalidPath(t *trial) {
	t.put(t.path("a/b"), []byte("within"))
	t.put(t.path("b"), []byte("beside"))
	good := t.path("good")
	for _, p := range invalidPaths {
		for op, call := range t.pathCalls(good) {
			if err := call(p); !errors.Is(err, fs.ErrInvalid) {
				t.errorf("N1", "%s(%q): %v", op, p, err)
			}
		}
	}
	t.wantContent("N1", t.path("a/b"), []byte("within"))
	t.wantContent("N1", t.path("b"), []byte("beside"))
}

// pathCalls returns a call of every method that takes a path. good is a valid
// path for the methods that take two.
func (t *trial) pathCalls(good string) map[string]func(string) error {
	calls := map[string]func(string) error{
		"CreateStream": func(p string) error {
			_, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }, nil)
			return err
		},
		"OpenStream": func(p string) error {
			r, err := t.fs.OpenStream(t.ctx, p)
			if err == nil {
				r.Close()
			}
			return err
		},
		"Rename":    func(p string) error { return t.fs.Rename(t.ctx, p, good) },
		"Rename to": func(p string) error { return t.fs.Rename(t.ctx, good, p) },
		"Mkdir":     func(p string) error { return t.fs.Mkdir(t.ctx, p) },
		"Exists":    func(p string) error { _, err := t.fs.Exists(t.ctx, p); return err },
		"RmFile":    func(p string) error { return t.fs.RmFile(t.ctx, p) },
	}
	if c, ok := fsbase.As[fsbase.ExclusiveCreator](t.fs); ok {
		calls["CreateExclusive"] = func(p string) error {
			_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateExclusive(t.ctx, p) }, nil)
			return err
		}
	}
	if c, ok := fsbase.As[fsbase.Swapper](t.fs); ok {
		calls["CreateSwap"] = func(p string) error {
			_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateSwap(t.ctx, p, "v") }, nil)
			return err
		}
	}
	if c, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		calls["Upload"] = func(p string) error {
			_, err := c.Upload(t.ctx, p, source("x"), 1, fsbase.Condition{})
			return err
		}
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		calls["ReadRanges"] = func(p string) error { _, err := c.ReadRanges(t.ctx, p, "", nil); return err }
	}
	if c, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		calls["Stat"] = func(p string) error { _, err := c.Stat(t.ctx, p); return err }
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		calls["Copy"] = func(p string) error { _, err := c.Copy(t.ctx, p, good, fsbase.Condition{}); return err }
		calls["Copy to"] = func(p string) error { _, err := c.Copy(t.ctx, good, p, fsbase.Condition{}); return err }
	}
	return calls
}

func checkConcat(t *trial) {
	for _, c := range []struct{ path, suffix, want string }{
		{"a", "b", "a/b"},
		{"a/b", "c/d", "a/b/c/d"},
		{".", "b", "b"},
		{"", "b", "b"},
		{"a", "../b", "a/../b"},
		{"a", "./b", "a/./b"},
		{"a", "..", "a/.."},
		{"a", ".", "a/."},
		{"..", "b", "../b"},
		{"é ", "%2F", "é /%2F"},
	} {
		if got := t.fs.ConcatPath(c.path, c.suffix); got != c.want {
			t.errorf("N2", "ConcatPath(%q, %q) is %q instead of %q", c.path, c.suffix, got, c.want)
		}
	}
}

// oddNames are valid names that storages, URLs and shells like to change.
var oddNames = []string{
	"space in it", " leading", "trailing ", "trailing.", "a+b", "a%2Fb", "a%20b", "100%", "a&b=c", "a?b", "a#b",
	"a*b", "a:b", `a\b`, `a"b`, "a'b", "a<b>c", "a|b", "a;b", "a,b", "a@b", "a!b", "$HOME", "~", "[a]{b}",
	"tab\there", "line\nbreak", "bell\a", ".hidden", "...", "..a", "a..", "a.tmp", ".tmp-a", "__0_0.distcp",
	".metadata", "UPPER", "ümläut", "e\u0301 combined", "\u00e9 composed", "\U0001f4be", "日本語", "CON", "aux.txt", "-rf",
	strings.Repeat("n", 200), strings.Repeat("n", 255), strings.Repeat("deep/", 30) + "x",
}

func checkNameBytes(t *trial) {
	for i, name := range oddNames {
		p, data := t.path(fmt.Sprintf("%d/%s", i, name)), content(uint64(i), 10+i)
		_, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }, data)
		if errors.Is(err, fs.ErrInvalid) {
			continue
		} else if err != nil {
			t.errorf("N3", "writing %q: %v", p, err)
			continue
		}
		t.wantContent("N3", p, data)
		t.wantExists("N3", p, true)
		l, ok := fsbase.As[fsbase.Lister](t.fs)
		if !ok {
			continue
		}
		var got []string
		for info, err := range l.List(t.ctx, t.prefix(fmt.Sprintf("%d/", i))) {
			if err != nil {
				t.errorf("N3", "List, where %q is: %v", p, err)
			}
			got = append(got, info.Path)
		}
		if !slices.Equal(got, []string{p}) {
			t.errorf("N3", "%q is listed as %q", p, got)
		}
	}
}

func checkDistinctNames(t *trial) {
	pairs := [][2]string{
		{"case/name", "case/NAME"},
		{"Folder/x", "folder/x"},
		{"form/e\u0301", "form/\u00e9"},
		{"escape/a b", "escape/a%20b"},
		{"escape/c d", "escape/c+d"},
		{"end/a", "end/a."},
	}
	for _, pair := range pairs {
		kept := map[string][]byte{}
		for i, name := range pair {
			p, data := t.path(name), content(uint64(i), 10+i)
			_, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }, data)
			if err == nil {
				kept[p] = data
			} else if !errors.Is(err, fs.ErrInvalid) {
				t.errorf("N3", "writing %q: %v", p, err)
			}
		}
		for p, data := range kept {
			t.wantContent("N3", p, data)
		}
	}
}
