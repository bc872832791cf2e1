package dcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
)

// source reads the files of one checkpoint. Each file is pinned to the version
// that was seen first, so that no load mixes two checkpoints. It is safe for
// concurrent use.
type source struct {
	fsys  fsbase.FileSystemBase
	pins  *pins
	moved atomic.Int64 // bytes read, for reports

	mu   sync.Mutex
	open map[string]*shared
}

// pins remembers the first version seen of each file.
type pins struct {
	mu       sync.Mutex
	versions map[string]fsbase.Version
}

// check pins path to v, or tells whether it is pinned to v already.
func (p *pins) check(path string, v fsbase.Version) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, seen := p.versions[path]; !seen {
		p.versions[path] = v
	}
	return p.versions[path] == v
}

// shared is an open file that several tasks read. It implements io.ReaderAt.
//
// Its context is its own: it is done when those of all its users are, so that
// no task that ends, or is cancelled, ends the reads of another.
type shared struct {
	src    *source
	path   string
	users  int // that have not called done
	live   int // of them, those whose context is not done
	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once
	stream fsbase.ReadStream
	err    error
}

// file is one use of a shared file.
type file struct {
	*shared
	left func() bool // stops watching the user's context
}

func newSource(fsys fsbase.FileSystemBase) *source {
	return &source{fsys: fsys, pins: &pins{versions: map[string]fsbase.Version{}}, open: map[string]*shared{}}
}

// fork reads the same versions and counts for itself.
func (s *source) fork() *source {
	return &source{fsys: s.fsys, pins: s.pins, open: map[string]*shared{}}
}

// checkPath refuses names from a checkpoint that are not plain relative paths.
// Some systems read backslashes, colons and NUL in their own way.
func checkPath(path string) error {
	if !fs.ValidPath(path) || path == "." || strings.ContainsAny(path, "\\\x00") ||
		len(path) > 1 && path[1] == ':' {
		return ckpterr.New(ckpterr.UnsafePath, "%q is not a plain path inside the checkpoint", path)
	}
	return nil
}

// use opens path, or shares the open file. The caller calls done exactly once.
func (s *source) use(ctx context.Context, path string) (*file, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	s.mu.Lock()
	f := s.open[path]
	if f == nil {
		f = &shared{src: s, path: path}
		f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		s.open[path] = f
	}
	f.users++
	f.live++
	s.mu.Unlock()
	u := &file{shared: f, left: context.AfterFunc(ctx, f.leave)}

	f.once.Do(func() { f.stream, f.err = s.openPinned(f.ctx, path) })
	if f.err != nil {
		u.done()
		return nil, f.err
	}
	return u, nil
}

// leave takes one user's context away. Without any the file is of no more use,
// to newcomers neither.
func (f *shared) leave() {
	f.src.mu.Lock()
	defer f.src.mu.Unlock()
	if f.live--; f.live > 0 {
		return
	}
	f.cancel()
	if f.src.open[f.path] == f {
		delete(f.src.open, f.path)
	}
}

func (s *source) openPinned(ctx context.Context, path string) (fsbase.ReadStream, error) {
	stream, err := s.fsys.OpenStream(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &ckpterr.Error{Class: ckpterr.MissingFile, File: path, Offset: -1, Err: err}
	case errors.Is(err, fs.ErrInvalid):
		return nil, notRegular(path, err)
	case err != nil:
		return nil, err
	}
	if !s.pins.check(path, stream.Info().Version) {
		return nil, errors.Join(fsbase.PathError("read", path, fsbase.ErrChanged), stream.Close())
	}
	return stream, nil
}

// notRegular is the error for a name that a checkpoint may have and storage
// will not read.
func notRegular(path string, err error) error {
	return &ckpterr.Error{
		Class: ckpterr.UnsafePath, File: path, Offset: -1, Err: err,
		Hint: "a checkpoint has regular files only: no FIFO, device or socket, and no link that leads out of it",
	}
}

// done gives up one use; the last one closes the file.
func (f *file) done() {
	if f.left() {
		f.leave()
	}
	f.src.mu.Lock()
	f.users--
	last := f.users == 0
	f.src.mu.Unlock()
	if last && f.stream != nil {
		f.stream.Close() // only read from: nothing can be lost
	}
}

// opened is an open file, or a part of one in memory.
type opened interface {
	io.ReaderAt
	name() string
	size() int64 // of the whole file, bytes
}

func (f *shared) name() string { return f.path }
func (f *shared) size() int64  { return f.stream.Info().Size }

// ReadAt reads and counts.
func (f *shared) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.stream.ReadAt(p, off)
	f.src.moved.Add(int64(n))
	return n, err
}

// window is a file of which a part is already in memory.
type window struct {
	*file
	start int64
	mem   []byte
}

func (w *window) ReadAt(p []byte, off int64) (int, error) {
	if at := off - w.start; at >= 0 && at+int64(len(p)) <= int64(len(w.mem)) {
		return copy(p, w.mem[at:]), nil
	}
	return w.file.ReadAt(p, off)
}

// slice is a part of the memory.
func (w *window) slice(offset, length int64) ([]byte, bool) {
	at := offset - w.start
	if at < 0 || length < 0 || at+length > int64(len(w.mem)) {
		return nil, false
	}
	return w.mem[at:][:length], true
}

// section checks that a byte range lies in a file and returns it.
func section(f opened, offset, length int64) (*io.SectionReader, error) {
	if offset < 0 || length < 0 || length > f.size()-offset {
		return nil, &ckpterr.Error{
			Class: ckpterr.OutOfRange, File: f.name(), Offset: offset,
			Err: fmt.Errorf("%d bytes at %d are not inside a file of %d", length, offset, f.size()),
		}
	}
	return io.NewSectionReader(f, offset, length), nil
}

// fill reads exactly len(p) bytes.
func fill(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
