package conformance

import (
	"bytes"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// handed finds the capabilities that do something, each as the value that As
// returns.
var handed = []struct {
	name Capability
	get  func(fsbase.FileSystemBase) any
}{
	{ExclusiveCreator, handedOut[fsbase.ExclusiveCreator]},
	{Swapper, handedOut[fsbase.Swapper]},
	{Uploader, handedOut[fsbase.Uploader]},
	{RangeReader, handedOut[fsbase.RangeReader]},
	{Stater, handedOut[fsbase.Stater]},
	{Lister, handedOut[fsbase.Lister]},
	{Copier, handedOut[fsbase.Copier]},
	{RemoveAller, handedOut[fsbase.RemoveAller]},
	{Unsyncer, handedOut[fsbase.Unsyncer]},
}

func handedOut[T any](fsys fsbase.FileSystemBase) any {
	t, ok := fsbase.As[T](fsys)
	if !ok {
		return nil
	}
	return t
}

func checkBypass(t *trial) {
	s, w := t.spied()
	if _, ok := w.fs.(planted); ok {
		t.errorf("C1", "wrap returns the backend that it was given")
		return
	}
	for _, h := range handed {
		if _, ok := h.get(w.fs).(planted); ok {
			t.errorf("C1", "As finds the %s of the backend inside, and not one of the wrapper", h.name)
		}
	}
	if u, ok := fsbase.As[fsbase.Unsyncer](w.fs); ok {
		if _, ok := u.WithoutSync().(planted); ok {
			t.errorf("C1", "WithoutSync returns the backend inside without the wrapper")
		}
	}
	t.samePaths(s, w)
	t.sameBytes(s, w)
}

// samePaths demands that every method of the wrapper makes the same names of
// the caller's. Names inside that depend on the content as well are its own.
func (t *trial) samePaths(s *spy, w *trial) {
	p, good := t.path("dir/a"), t.path("good")
	use := func(name string, data []byte) []string {
		return pathsOf(s.during(nil, func() {
			w.put(name, data)
			if _, err := w.read(name); err != nil {
				t.fatalf("reading %q: %v", name, err)
			}
		}))
	}
	known := slices.Concat(use(p, []byte("x")), use(good, []byte("y")))
	names := slices.Equal(use(p, []byte("p's")), use(p, []byte("p's, too")))
	for op, call := range w.everyCall(good) {
		if op == "List" || op == "RemoveAll" {
			continue // a prefix may be split up; what it means is for other checks
		}
		// Whether it succeeds is for other checks, too.
		for _, inside := range pathsOf(s.during(nil, func() { _ = call(p) })) {
			if of := strings.HasSuffix(inside, p) || strings.HasSuffix(inside, good); (names || of) && !slices.Contains(known, inside) {
				t.errorf("N1", "%s of %q and %q reaches %q inside, and CreateStream and OpenStream reach %q", op, p, good, inside, known)
			}
		}
	}
}

func pathsOf(calls []call) []string {
	var paths []string
	for _, c := range calls {
		paths = append(paths, c.paths...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// storedBy returns what the writing of p leaves inside under the names that it
// reaches.
func (t *trial) storedBy(s *spy, w *trial, p string, write func(p string) error) [][]byte {
	_ = w.fs.RmFile(t.ctx, p)
	var err error
	paths := pathsOf(s.during(nil, func() { err = write(p) }))
	if err != nil {
		t.fatalf("writing %q: %v", p, err)
	}
	var all [][]byte
	for _, name := range paths {
		if b, err := t.on(s.inner).read(name); err == nil {
			all = append(all, b)
		}
	}
	return all
}

// sameBytes demands that a wrapper which changes what is written does so
// whatever method it is written with.
func (t *trial) sameBytes(s *spy, w *trial) {
	p, data := t.path("bytes/a"), content(1, 3000)
	asGiven := func(write func(p string) error) bool {
		return slices.ContainsFunc(t.storedBy(s, w, p, write), func(b []byte) bool { return bytes.Equal(b, data) })
	}
	if asGiven(func(p string) error { return w.fill(p, data) }) {
		return // what is written is what is stored
	}
	for op, write := range w.writes(data) {
		if asGiven(write) {
			t.errorf("C1", "%s stores the bytes that it is given, and CreateStream does not", op)
		}
	}
}

// checkOwnFormat writes what the wrapper has stored of contents that it may
// store in different ways.
func checkOwnFormat(t *trial) {
	s, w := t.spied()
	p := t.path("bytes/a")
	for _, data := range [][]byte{nil, []byte("x"), content(1, 3000), make([]byte, 3000), content(2, 70_000), make([]byte, 70_000)} {
		for _, stored := range t.storedBy(s, w, p, func(p string) error { return w.fill(p, data) }) {
			ways := w.writes(stored)
			ways["CreateStream"] = func(p string) error { return w.fill(p, stored) }
			for op, write := range ways {
				q := t.path("bytes/" + op)
				_ = w.fs.RmFile(t.ctx, q)
				if err := write(q); err != nil {
					t.errorf("W1", "%s to %q of the %d bytes that are stored inside for %d: %v", op, q, len(stored), len(data), err)
					continue
				}
				w.wantContent("W1", q, stored)
			}
		}
	}
}

// writes are the ways to write data to an absent name that only some backends
// have.
func (t *trial) writes(data []byte) map[string]func(p string) error {
	ways := map[string]func(string) error{}
	if c, ok := fsbase.As[fsbase.ExclusiveCreator](t.fs); ok {
		ways["CreateExclusive"] = func(p string) error {
			_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateExclusive(t.ctx, p) }, data)
			return err
		}
	}
	if c, ok := fsbase.As[fsbase.Swapper](t.fs); ok {
		ways["CreateSwap"] = func(p string) error {
			old := t.put(p, nil).Version
			_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateSwap(t.ctx, p, old) }, data)
			return err
		}
	}
	if c, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		ways["Upload"] = func(p string) error {
			_, err := c.Upload(t.ctx, p, bytes.NewReader(data), int64(len(data)), fsbase.Condition{})
			return err
		}
	}
	return ways
}
