package conformance

import (
	"errors"
	"io/fs"
)

var operationChecks = []Check{
	{
		ID: "operations/exists", Clauses: []string{"O1"}, Level: Must, Profile: Core,
		Doc: "Exists is true for streams, and false without an error for folders and what is not there.",
		run: checkExists,
	},
	{
		ID: "operations/remove", Clauses: []string{"O2"}, Level: Must, Profile: Core,
		Doc: "RmFile removes one name, and of what is not there is nil or fs.ErrNotExist.",
		run: checkRemove,
	},
	{
		ID: "operations/rename", Clauses: []string{"O3", "O4"}, Level: Must, Profile: Core,
		Doc: "Rename moves a stream, replaces the target and makes its parents.",
		run: checkRename,
	},
	{
		ID: "operations/rename-absent", Clauses: []string{"O3"}, Level: Must, Profile: Core,
		Doc: "Rename of an absent source, be it to itself, is fs.ErrNotExist and leaves the target.",
		run: func(t *trial) {
			from, to := t.path("absent"), t.path("to")
			t.wantNotExist("O3", t.fs.Rename(t.ctx, from, from), "Rename of %q, which is not there, to itself", from)
			t.wantNotExist("O3", t.fs.Rename(t.ctx, from, to), "Rename(%q, %q), neither there", from, to)
			t.put(to, []byte("kept"))
			t.wantNotExist("O3", t.fs.Rename(t.ctx, from, to), "Rename(%q, %q), the source not there", from, to)
			t.wantContent("O3", to, []byte("kept"))
			t.wantAbsent("O3", from)
		},
	},
	{
		ID: "operations/rename-self", Clauses: []string{"O3"}, Level: Should, Profile: Core,
		Doc: "Rename to the same name does not lose the stream.",
		run: func(t *trial) {
			p := t.path("a")
			t.put(p, []byte("kept"))
			err := t.fs.Rename(t.ctx, p, p)
			if got, rerr := t.read(p); rerr != nil || string(got) != "kept" {
				t.errorf("O3", "after Rename(%q, %[1]q) = %v: %q, %v", p, err, got, rerr)
			}
		},
	},
	{
		ID: "operations/mkdir", Clauses: []string{"O4", "O1"}, Level: Must, Profile: Core,
		Doc: "Mkdir makes parents, may be repeated, and leaves what is inside.",
		run: checkMkdir,
	},
}

func checkExists(t *trial) {
	t.put(t.path("dir/sub/a"), []byte("x"))
	t.put(t.path("empty"), nil)
	for _, c := range []struct {
		name string
		want bool
	}{
		{"dir/sub/a", true},
		{"empty", true},
		{"dir", false},
		{"dir/sub", false},
		{"dir/su", false},
		{"dir/sub/a/below", false},
		{"dir/sub/aa", false},
		{"absent", false},
		{"absent/a", false},
	} {
		t.wantExists("O1", t.path(c.name), c.want)
	}
}

// rmAbsent removes what is not there.
func (t *trial) rmAbsent(clause, path string) {
	if err := t.fs.RmFile(t.ctx, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.errorf(clause, "RmFile(%q), which is no stream: %v", path, err)
	}
}

func checkRemove(t *trial) {
	p := t.path("dir/a")
	neighbours := []string{"dir/ab", "dir/a.b", "dir/b", "di", "dir/sub/a", "a"}
	for _, n := range append(neighbours, "dir/a") {
		t.put(t.path(n), []byte(n))
	}
	if err := t.fs.RmFile(t.ctx, p); err != nil {
		t.errorf("O2", "RmFile(%q): %v", p, err)
	}
	t.wantAbsent("O2", p)
	for _, absent := range []string{"dir/a", "dir", "dir/sub", "absent", "absent/a", "a/below"} {
		t.rmAbsent("O2", t.path(absent))
	}
	for _, n := range neighbours {
		t.wantContent("O2", t.path(n), []byte(n))
	}
	for i := range 3 { // removed names are free again
		t.put(p, content(uint64(i), 10))
		if err := t.fs.RmFile(t.ctx, p); err != nil {
			t.errorf("O2", "RmFile(%q): %v", p, err)
		}
		t.wantAbsent("O2", p)
	}
}

func checkRename(t *trial) {
	for i, to := range []string{"b", "new/folder/b", "taken", "dir/a.b"} {
		from, target, data := t.path("dir/a"), t.path(to), content(uint64(i), 1000+i)
		t.put(from, data)
		if to == "taken" {
			t.put(target, content(99, 5000))
		}
		if err := t.fs.Rename(t.ctx, from, target); err != nil {
			t.errorf("O3", "Rename(%q, %q): %v", from, target, err)
			continue
		}
		t.wantContent("O3", target, data)
		t.wantAbsent("O3", from)
		if got := t.info(target); got.Path != target || got.Size != int64(len(data)) {
			t.errorf("O3", "OpenStream(%q).Info() after Rename tells path %q, size %d", target, got.Path, got.Size)
		}
	}
}

func checkMkdir(t *trial) {
	p := t.path("dir/sub/a")
	for i := range 2 {
		for _, d := range []string{"dir", "dir/sub", "other/deep/er"} {
			if err := t.fs.Mkdir(t.ctx, t.prefix(d)); err != nil {
				t.errorf("O4", "Mkdir(%q), time %d: %v", t.prefix(d), i+1, err)
			}
			t.wantExists("O1", t.prefix(d), false)
		}
		if i == 0 {
			t.put(p, []byte("kept"))
		}
	}
	_ = t.fs.Mkdir(t.ctx, p) // a stream, of which some storage can make no folder
	t.wantContent("O4", p, []byte("kept"))
	t.put(t.path("other/deep/er/a"), []byte("x"))
	t.wantContent("O4", t.path("other/deep/er/a"), []byte("x"))
}
