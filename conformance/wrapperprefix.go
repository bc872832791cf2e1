package conformance

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// checkPrefixedNames writes names that look as if they had the prefix already,
// all before it looks at any: so that two that are taken for one show.
func checkPrefixedNames(t *trial) {
	s, w := t.spied()
	f, ok := t.fence(s, w)
	if !ok || f.prefix == "" {
		return // names are not changed
	}
	first, _, _ := strings.Cut(f.prefix, "/")
	end := t.prefix("leaf") // no folder of any of these
	written := map[string][]byte{}
	for i, name := range []string{
		end, f.prefix + end, f.prefix + f.prefix + end, first + "/" + end, first + end, first[:1] + "/" + end,
		t.prefix("in/" + f.prefix + "leaf"), t.prefix("dir/" + f.prefix + f.prefix + "leaf"),
	} {
		if _, twice := written[name]; twice {
			continue
		}
		data := content(uint64(i), 100+i)
		defer func() { _ = w.fs.RmFile(t.ctx, name) }() // some lie outside of the check's folder
		paths := pathsOf(s.during(nil, func() {
			if w.accept(name, data) {
				written[name] = data
			}
		}))
		if !slices.Equal(paths, []string{f.prefix + name}) && written[name] != nil {
			t.errorf("N1", "CreateStream(%q) reaches %q inside, where names get the prefix %q", name, paths, f.prefix)
		}
	}
	for name, data := range written {
		w.wantContent("N3", name, data)
		w.wantExists("N3", name, true)
		w.toldAs(name)
	}
	if has[fsbase.RemoveAller](w.fs) {
		for name := range written {
			for got, err := range as[fsbase.RemoveAller](w).RemoveAll(t.ctx, name) {
				if err != nil || got != name {
					t.errorf("C10", "RemoveAll(%q) yields %q, %v", name, got, err)
				}
			}
		}
	}
}

// toldAs demands that every Info of name has that path.
func (t *trial) toldAs(name string) {
	told := map[string]string{"OpenStream": t.info(name).Path}
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		info, err := s.Stat(t.ctx, name)
		if err != nil {
			t.errorf("N3", "Stat(%q): %v", name, err)
		}
		told["Stat"] = info.Path
	}
	if r, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		info, err := r.ReadRanges(t.ctx, name, "", nil)
		if err != nil {
			t.errorf("N3", "ReadRanges(%q): %v", name, err)
		}
		told["ReadRanges"] = info.Path
	}
	for who, path := range told {
		if path != name {
			t.errorf("N3", "%s of %q tells the path %q", who, name, path)
		}
	}
	if has[fsbase.Lister](t.fs) {
		t.wantList("C8", name, []string{name})
	}
}

// checkInnerCloses counts what is opened and closed inside.
func checkInnerCloses(t *trial) {
	s, w := t.spied()
	data := content(1, 3000)
	ways := w.writes(data)
	ways["CreateStream"] = func(p string) error { return w.fill(p, data) }
	for op, write := range ways {
		for i, method := range []string{"Write", "Commit"} {
			p := t.path(fmt.Sprintf("%s/%d", op, i))
			before := s.open()
			s.during(func(c call) error {
				if op == "CreateSwap" && !t.there(s.inner, c) { // what it swaps is put first
					return nil
				}
				return failWith(fsbase.ErrThrottled, method)(c)
			}, func() { _ = write(p) })
			if n := s.open() - before; n > 0 {
				t.errorf("W4", "%s of %q, whose %s fails inside and which is closed, leaves %d streams open inside", op, p, method, n)
			}
		}
	}
	p := t.path("a")
	before := s.open()
	c := w.create(p)
	t.write(c, p, data)
	c.Close()
	if n := s.open() - before; n > 0 {
		t.errorf("W4", "a stream of %q that is closed without Commit leaves %d open inside", p, n)
	}
	w.put(p, data)
	before = s.open()
	r := w.open(p)
	_, _ = r.ReadAt(make([]byte, 10), 0)
	r.Close()
	if n := s.open() - before; n > 0 {
		t.errorf("R5", "a reader of %q that is closed leaves %d open inside", p, n)
	}
	t.everyCallCloses(s, w)
}

// everyCallCloses is the same for every call, also when it fails inside after
// something was opened.
func (t *trial) everyCallCloses(s *spy, w *trial) {
	p, good := t.path("every/a"), t.path("every/good")
	fails := map[string]func(call) error{
		"":                            nil,
		" of which a read fails":      failWith(fsbase.ErrThrottled, "ReadAt"),
		" of which writing fails":     failWith(fsbase.ErrThrottled, "Write", "Commit"),
		" of which all else fails":    failWith(fsbase.ErrThrottled, "Stat", "Exists", "ReadRanges", "Upload", "Copy", "Rename", "RmFile"),
		" of which it is told absent": failWith(fs.ErrNotExist, "ReadAt", "Stat", "Exists", "ReadRanges"),
	}
	for op, call := range w.everyCall(good) {
		for how, meet := range fails {
			w.put(p, []byte("x"))
			w.put(good, []byte("y"))
			before := s.open()
			calls := s.during(meet, func() { _ = call(p) })
			n := s.settled(before) - before
			clause := "R5"
			if slices.ContainsFunc(calls, beginsWrite) {
				clause = "W4"
			}
			if n > 0 {
				t.errorf(clause, "%s(%q)%s leaves %d streams open inside", op, p, how, n)
				break // it is waited for each time
			}
		}
	}
}

// beginsWrite tells the calls that open a stream to write.
func beginsWrite(c call) bool { return strings.HasPrefix(c.method, "Create") }
