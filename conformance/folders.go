package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var folderChecks = []Check{
	{
		ID: "names/nested", Clauses: []string{"R6", "W1", "O3", "O4", "C2", "C3", "C5", "C9"}, Level: Must, Profile: Core,
		Doc: "A stream at the name of a folder, one below a stream, and a folder there, may be refused, in every way to publish, and by Rename not as an absent source: what was there stays.",
		run: checkNested,
	},
	{
		ID: "operations/folder", Clauses: []string{"O3", "R1", "C9"}, Level: Must, Profile: Core,
		Doc: "Rename and Copy of a folder are fs.ErrNotExist, and what is in it stays where it is.",
		run: checkFolderIsNoSource,
	},
}

// checkRoot calls everything on the root. Under what name a backend that takes
// it for a stream keeps that is not known: so neighbours tell.
func checkRoot(t *trial) {
	p := t.path("a")
	t.put(p, []byte("kept"))
	still := func(what string) {
		if got, err := t.read(p); err != nil || string(got) != "kept" {
			t.errorf("N1", "after %s of the root %q reads %q, %v", what, p, got, err)
			t.put(p, []byte("kept"))
		}
	}
	_, err := t.read(".")
	t.wantNotExist("R1", err, "OpenStream of the root")
	t.wantExists("O1", ".", false)
	if err := t.fs.Mkdir(t.ctx, "."); err != nil {
		t.errorf("N1", `Mkdir("."): %v`, err)
	}
	calls := t.pathCalls(p)
	for _, done := range []string{"OpenStream", "Exists", "Mkdir"} {
		delete(calls, done)
	}
	for what, call := range calls {
		err := call(".")
		switch {
		case what == "RmFile": // of what is no stream: nil, absent or not allowed
			if err != nil {
				t.wantIsAny("O2", err, "RmFile of the root", fs.ErrNotExist, fs.ErrInvalid)
			}
		case err == nil:
			t.errorf("N1", "%s of the root, which is no stream, is nil", what)
		case what == "Rename":
			t.wantIsAny("O3", err, what+" of the root", fs.ErrNotExist, fs.ErrInvalid)
		case what == "Stat", what == "ReadRanges", what == "Copy":
			t.wantIsAny("R1", err, what+" of the root", fs.ErrNotExist, fs.ErrInvalid)
		}
		still(what)
	}
	t.wantExists("O1", ".", false)
}

func checkFolderIsNoSource(t *trial) {
	in := []string{t.path("folder/a"), t.path("folder/sub/b")}
	for _, p := range in {
		t.put(p, []byte(p))
	}
	for _, from := range []string{"folder", "folder/sub"} {
		for i, to := range []string{"new", "old/there", "folder/within"} {
			target := t.path(to)
			if i == 1 {
				t.put(target, []byte("target"))
			}
			t.wantNotExist("O3", t.fs.Rename(t.ctx, t.prefix(from), target), "Rename of the folder %q to %q", t.prefix(from), target)
			if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
				_, err := c.Copy(t.ctx, t.prefix(from), target, fsbase.Condition{})
				t.wantNotExist("R1", err, "Copy of the folder %q to %q", t.prefix(from), target)
			}
			for _, p := range in {
				t.wantContent("O3", p, []byte(p))
				moved := target + strings.TrimPrefix(p, t.prefix(from))
				if strings.HasPrefix(p, t.prefix(from)+"/") {
					t.path(strings.TrimPrefix(moved, t.prefix(""))) // to be removed
					t.wantNoStream("C9", moved)
				}
			}
			if i == 1 {
				t.wantContent("O3", target, []byte("target"))
			} else {
				t.wantAbsent("O3", target)
			}
		}
	}
}

func checkNested(t *trial) {
	for i, w := range t.ways() {
		if w.cond == ifVersion {
			continue // what has a version is a stream already
		}
		t.nested(fmt.Sprintf("%d", i), w.what, w.clause, func(p string) error {
			publish := w.begin(t, p, []byte("new"))
			cond := fsbase.Condition{}
			if w.cond == ifAbsent {
				cond = fsbase.IfAbsent()
			}
			_, err := publish(t, cond)
			return err
		})
	}
	t.nested("rename", "Rename", "O3", func(p string) error {
		from := t.path("from")
		t.put(from, []byte("new"))
		err := t.fs.Rename(t.ctx, from, p)
		if err != nil {
			t.wantContent("O3", from, []byte("new"))
		}
		if errors.Is(err, fs.ErrNotExist) {
			t.errorf("O3", "Rename(%q, %q), of which the source is there: %v", from, p, err)
		}
		return err
	})
	t.nestedInEveryWay()
	stream := t.path("mkdir/s")
	t.put(stream, []byte("stream"))
	for _, below := range []string{"mkdir/s", "mkdir/s/t", "mkdir/s/t/u"} {
		_ = t.fs.Mkdir(t.ctx, t.prefix(below)) // of which some storage can make no folder
		t.wantContent("O4", stream, []byte("stream"))
	}
}

// nestedInEveryWay demands of a storage that has streams at the names of folders
// that it has them however they are published: such a name is absent.
func (t *trial) nestedInEveryWay() {
	p := t.path("flat/a")
	t.put(t.path("flat/a/b"), []byte("below"))
	if _, err := t.commit(t.createIf(p, fsbase.Condition{}), []byte("x")); err != nil {
		return
	}
	for _, w := range t.ways() {
		publish := w.begin(t, p, []byte("new"))
		cond, _ := t.clear(w, p, nil)
		if _, err := publish(t, cond); err != nil {
			t.errorf(w.clause, "%s to %q, which is absent and has streams below it, as a Commit can make one there: %v", w.what, p, err)
		}
	}
}

// wantNoStream demands that Exists finds no stream. A path below a stream may
// be an error to it, which is for other checks.
func (t *trial) wantNoStream(clause, p string) {
	if ok, err := t.fs.Exists(t.ctx, p); ok && err == nil {
		t.errorf(clause, "Exists(%q): true", p)
	}
}

// nested writes at the name of a folder and below a stream.
func (t *trial) nested(dir, what, clause string, write func(p string) error) {
	there := []string{t.path(dir + "/folder/a"), t.path(dir + "/folder/sub/b"), t.path(dir + "/stream")}
	for _, p := range there {
		t.put(p, []byte(path.Base(p)))
	}
	for _, name := range []string{"/folder", "/folder/sub", "/stream/below", "/stream/far/below"} {
		p := t.path(dir + name)
		err := write(p)
		if err == nil {
			t.wantContent(clause, p, []byte("new"))
		} else {
			t.wantNoStream(clause, p)
		}
		for _, q := range there {
			if got, rerr := t.read(q); rerr != nil || string(got) != path.Base(q) {
				t.errorf("R6", "after %s to %q (%v) %q reads %q, %v", what, p, err, q, got, rerr)
				return
			}
		}
		if err == nil { // so that names below it are free on every storage
			t.remove(p)
		}
	}
}
