package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// insideError stands for the error type of a storage's own library.
type insideError struct{}

func (*insideError) Error() string { return "an error of the storage inside" }

// failWith answers calls of the methods, of all for none, with an error of
// that kind as a backend would make it.
func failWith(kind error, methods ...string) func(call) error {
	return func(c call) error {
		if len(methods) > 0 && !slices.Contains(methods, c.method) {
			return nil
		}
		return &fs.PathError{Op: "conformance", Path: c.paths[0], Err: fmt.Errorf("%w: %w", kind, &insideError{})}
	}
}

// wantWrapped demands that what failed inside has failed, and why.
func (t *trial) wantWrapped(err error, what string, kind error) {
	if err == nil {
		t.errorf("E1", "%s returns no error, and the backend inside failed with %q", what, kind)
		return
	}
	t.wantIs("E1", err, what, kind)
	var typed *insideError
	if !errors.As(err, &typed) {
		t.errorf("E2", "%s: errors.As does not find the type of the error inside: %v", what, err)
	}
}

func checkWrappedErrors(t *trial) {
	s, w := t.spied()
	p, good := t.path("dir/a"), t.path("good")
	w.put(p, []byte("x"))
	w.put(good, []byte("y"))
	// A wrapper may try again for a while what is throttled or not known: so no
	// call meets more kinds of errors than it can have.
	looks := []string{"OpenStream", "Stat", "ReadRanges"}
	changes := []string{"Upload", "Rename", "Rename to", "Copy", "Copy to"}
	for op, call := range w.everyCall(good) {
		kinds := []error{fs.ErrPermission, fsbase.ErrThrottled}
		if slices.Contains(looks, op) {
			kinds = append(kinds, fs.ErrNotExist, fsbase.ErrChanged)
		}
		if slices.Contains(changes, op) {
			kinds = append(kinds, fsbase.ErrCommitUnknown)
		}
		for _, kind := range kinds {
			var err error
			if calls := s.during(failWith(kind), func() { err = call(p) }); len(calls) > 0 {
				t.wantWrapped(err, fmt.Sprintf("%s(%q)", op, p), kind)
			}
		}
	}
}

func checkWrappedStreamErrors(t *trial) {
	s, w := t.spied()
	data := content(1, 100_000)
	ways := w.writes(data)
	ways["CreateStream"] = func(p string) error { return w.fill(p, data) }
	for op, write := range ways {
		for i, method := range []string{"Write", "Commit", "Upload"} {
			for j, kind := range []error{fs.ErrPermission, fsbase.ErrCommitUnknown, fsbase.ErrExist()} {
				p := t.path(fmt.Sprintf("%s/%d-%d", op, i, j))
				var hit atomic.Bool
				fail := failWith(kind, method)
				var err error
				s.during(func(c call) error {
					e := fail(c)
					// A swap is of a stream that was put there before.
					if e == nil || op == "CreateSwap" && !hit.Load() && !t.there(s.inner, c) {
						return nil
					}
					hit.Store(true)
					return e
				}, func() { err = write(p) })
				if hit.Load() {
					t.wantWrapped(err, fmt.Sprintf("%s(%q) whose %s fails inside", op, p, method), kind)
				}
			}
		}
	}
	t.readErrors(s, w, t.path("read/a"), data)
}

// there tells whether the stream of a call exists already.
func (t *trial) there(inner fsbase.FileSystemBase, c call) bool {
	ok, err := inner.Exists(context.WithoutCancel(c.ctx), c.paths[0])
	return ok && err == nil
}

func (t *trial) readErrors(s *spy, w *trial, p string, data []byte) {
	w.put(p, data)
	for _, kind := range []error{fs.ErrPermission, fsbase.ErrChanged} {
		r := w.open(p)
		var err error
		calls := s.during(failWith(kind), func() { _, err = r.ReadAt(make([]byte, 10), 50_000) })
		r.Close()
		if len(calls) > 0 {
			t.wantWrapped(err, fmt.Sprintf("ReadAt of %q", p), kind)
		}
	}
}

func checkErrorPaths(t *trial) {
	s, w := t.spied()
	p, good := t.path("dir/a"), t.path("good")
	w.put(p, []byte("x"))
	w.put(good, []byte("y"))
	for op, call := range w.everyCall(good) {
		var err error
		s.during(failWith(fs.ErrPermission), func() { err = call(p) })
		var pe *fs.PathError
		if errors.As(err, &pe) && pe.Path != p && pe.Path != good {
			t.errorf("N1", "%s of %q and %q: the error has the path %q: %v", op, p, good, pe.Path, err)
		} else if err != nil && pe == nil {
			t.errorf("E1", "%s(%q): no *fs.PathError but %T: %v", op, p, err, err)
		}
	}
	t.streamErrorPaths(s, w)
}

// streamErrorPaths is the same for the methods of streams.
func (t *trial) streamErrorPaths(s *spy, w *trial) {
	data := content(1, 3000)
	ways := w.writes(data)
	ways["CreateStream"] = func(p string) error { return w.fill(p, data) }
	ways["OpenStream"] = func(p string) error {
		w.put(p, data) // which fails before a reader is asked, if it is asked to
		r, err := w.fs.OpenStream(w.ctx, p)
		if err != nil {
			return err // of a wrapper that reads a header first
		}
		defer r.Close()
		_, err = r.ReadAt(make([]byte, 10), 1000)
		return err
	}
	for op, do := range ways {
		for i, method := range []string{"Write", "Commit", "ReadAt"} {
			if (op == "OpenStream") != (method == "ReadAt") {
				continue
			}
			p := t.path(fmt.Sprintf("streams/%s/%d", op, i))
			var err error
			s.during(func(c call) error {
				if op == "CreateSwap" && !t.there(s.inner, c) { // what it swaps is put first
					return nil
				}
				return failWith(fs.ErrPermission, method)(c)
			}, func() { err = do(p) })
			var pe *fs.PathError
			if errors.As(err, &pe) && pe.Path != p {
				t.errorf("N1", "%s of a stream of %q by %s: the error has the path %q: %v", method, p, op, pe.Path, err)
			} else if err != nil && pe == nil {
				t.errorf("E1", "%s of a stream of %q by %s: no *fs.PathError but %T: %v", method, p, op, err, err)
			}
		}
	}
}
