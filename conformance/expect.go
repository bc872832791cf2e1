package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// create begins an unconditional write and ends the check if it cannot.
func (t *trial) create(path string) fsbase.WriteStream {
	w, err := t.fs.CreateStream(t.ctx, path)
	if err != nil {
		t.fatalf("CreateStream(%q): %v", path, err)
	}
	return w
}

// write writes all of data and ends the check if it cannot.
func (t *trial) write(w fsbase.WriteStream, path string, data []byte) {
	n, err := w.Write(data)
	if err != nil || n != len(data) {
		w.Close()
		t.fatalf("Write of %d bytes to %q: %d, %v", len(data), path, n, err)
	}
}

// put writes data under path and ends the check if it cannot.
func (t *trial) put(path string, data []byte) fsbase.Info {
	info, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, path) }, data)
	if err != nil {
		t.fatalf("writing %d bytes to %q: %v", len(data), path, err)
	}
	return info
}

// commit creates, writes, commits and closes, and returns the first error.
func (t *trial) commit(create func() (fsbase.WriteStream, error), data []byte) (fsbase.Info, error) {
	w, err := create()
	if err != nil {
		return fsbase.Info{}, err
	}
	defer w.Close()
	n, err := w.Write(data)
	if err != nil {
		return fsbase.Info{}, err
	}
	if n != len(data) {
		return fsbase.Info{}, fmt.Errorf("write of %d bytes: %d, nil: %w", len(data), n, io.ErrShortWrite)
	}
	return w.Commit()
}

// open opens a stream and ends the check if it cannot.
func (t *trial) open(path string) fsbase.ReadStream {
	r, err := t.fs.OpenStream(t.ctx, path)
	if err != nil {
		t.fatalf("OpenStream(%q): %v", path, err)
	}
	return r
}

// info returns the Info of an open stream of path.
func (t *trial) info(path string) fsbase.Info {
	r := t.open(path)
	defer r.Close()
	return r.Info()
}

// maxRead bounds what a check believes of an Info.Size.
const maxRead = 1 << 30

// read reads a whole stream.
func (t *trial) read(path string) ([]byte, error) {
	r, err := t.fs.OpenStream(t.ctx, path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readStream(r)
}

// readStream reads what Info().Size promises. It is an error when there is
// less.
func readStream(r fsbase.ReadStream) ([]byte, error) {
	return readStreamTo(r, func(n int) []byte { return make([]byte, n) })
}

// readStreamTo reads it into zeros that are taken.
func readStreamTo(r fsbase.ReadStream, take func(n int) []byte) ([]byte, error) {
	size := r.Info().Size
	if size < 0 || size > maxRead {
		return nil, fmt.Errorf("the Info of the stream has the size %d", size)
	}
	b := take(int(size))
	n, err := r.ReadAt(b[:size:size], 0)
	switch {
	case n == len(b) && (err == nil || errors.Is(err, io.EOF)):
		return b, nil
	case err == nil:
		return nil, fmt.Errorf("ReadAt of %d bytes at 0: %d, nil: %w", len(b), n, io.ErrNoProgress)
	}
	return nil, err
}

// wantContent demands that path reads as want.
func (t *trial) wantContent(clause, path string, want []byte) {
	t.compare(path, func(got []byte, err error) {
		if err != nil {
			t.errorf(clause, "reading %q: %v", path, err)
		} else if d := difference(got, want); d != "" {
			t.errorf(clause, "reading %q: %s", path, d)
		}
	})
}

// compare is read for with, which must not keep what it gets.
func (t *trial) compare(path string, with func(got []byte, err error)) {
	r, err := t.fs.OpenStream(t.ctx, path)
	if err != nil {
		with(nil, err)
		return
	}
	defer r.Close()
	got, err := readStreamTo(r, t.env.spare.take)
	with(got, err)
	if err == nil { // else the buffer is left to whoever may still fill it
		t.env.spare.give(got)
	}
}

// wantAbsent demands that nothing that looks can see path.
func (t *trial) wantAbsent(clause, path string) {
	if r, err := t.fs.OpenStream(t.ctx, path); err == nil {
		t.errorf(clause, "OpenStream(%q) finds %d bytes", path, r.Info().Size)
		r.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.errorf(clause, "OpenStream(%q): %v", path, err)
	}
	if ok, err := t.fs.Exists(t.ctx, path); ok || err != nil {
		t.errorf(clause, "Exists(%q): %v, %v", path, ok, err)
	}
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		if info, err := s.Stat(t.ctx, path); err == nil {
			t.errorf(clause, "Stat(%q) finds %d bytes", path, info.Size)
		}
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for info, err := range l.List(t.ctx, path) {
			if err == nil && info.Path == path {
				t.errorf(clause, "List(%q) has it", path)
			}
		}
	}
}

// wantExists demands an answer of Exists.
func (t *trial) wantExists(clause, path string, want bool) {
	if got, err := t.fs.Exists(t.ctx, path); err != nil || got != want {
		t.errorf(clause, "Exists(%q): %v, %v instead of %v", path, got, err, want)
	}
}

// wantIs demands an error that errors.Is finds all targets in.
func (t *trial) wantIs(clause string, err error, what string, targets ...error) {
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.errorf(clause, "%s: %v, which is not %q", what, err, target)
		}
	}
}

// wantNotExist demands fs.ErrNotExist.
func (t *trial) wantNotExist(clause string, err error, format string, args ...any) {
	t.wantIs(clause, err, fmt.Sprintf(format, args...), fs.ErrNotExist)
}

// wantInfo demands that got describes the same version as want. Times are left
// out: not every storage tells them when it commits.
func (t *trial) wantInfo(clause, who string, got, want fsbase.Info) {
	if got.Path != want.Path || got.Size != want.Size || got.Version != want.Version {
		t.errorf(clause, "%s says path %q, size %d, version %q instead of %q, %d, %q",
			who, got.Path, got.Size, got.Version, want.Path, want.Size, want.Version)
	}
}

// wantCancelled demands O5 of call under both kinds of done contexts.
func (t *trial) wantCancelled(what string, call func(t *trial) error) {
	t.wantIs("O5", call(t.cancelled()), what+" under a cancelled context", context.Canceled)
	ctx, cancel := context.WithTimeoutCause(t.ctx, -1, errCause)
	defer cancel()
	t.wantIs("O5", call(t.with(ctx)), what+" past its deadline", context.DeadlineExceeded)
}
