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
	"github.com/godcp/godcp/dcp/metadata"
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

// pins remembers what was seen first of each file: its version and size.
type pins struct {
	mu   sync.Mutex
	seen map[string]pin
}

type pin struct {
	version fsbase.Version
	size    int64 // bytes
}

// of is the pin of path, zero for none.
func (p *pins) of(path string) pin {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[path]
}

func (p *pins) set(info fsbase.Info, path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[path] = pin{info.Version, info.Size}
}

// check pins path to what is seen now, or tells whether that is its pin already.
func (p *pins) check(info fsbase.Info, path string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, seen := p.seen[path]; !seen {
		p.seen[path] = pin{info.Version, info.Size}
	}
	return p.seen[path].version == info.Version
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
	err    error
	stream fsbase.ReadStream  // nil where ranges are read without one
	ranged fsbase.RangeReader // nil where a stream is
}

// file is one use of a shared file.
type file struct {
	*shared
	left func() bool // stops watching the user's context
}

func newSource(fsys fsbase.FileSystemBase) *source {
	return &source{fsys: fsys, pins: &pins{seen: map[string]pin{}}, open: map[string]*shared{}}
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

	f.once.Do(f.begin)
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

// begin opens the file, or, where that would be a round trip of its own, leaves
// it to the first read to find out whether it is there.
func (f *shared) begin() {
	s := f.src
	if fsbase.Limits(s.fsys).Remote {
		if r, ok := fsbase.As[fsbase.RangeReader](s.fsys); ok {
			f.ranged = r
			return
		}
	}
	stream, err := s.fsys.OpenStream(f.ctx, f.path)
	if err != nil {
		f.err = f.problem(err)
		return
	}
	if f.err = f.saw(stream.Info()); f.err != nil {
		f.err = errors.Join(f.err, stream.Close())
		return
	}
	f.stream = stream
}

// saw pins the file to what was seen of it.
func (f *shared) saw(info fsbase.Info) error {
	if !f.src.pins.check(info, f.path) {
		return fsbase.PathError("read", f.path, fsbase.ErrChanged)
	}
	return nil
}

// problem is what an error of the storage means for a file of a checkpoint. One
// that is gone because the checkpoint was overwritten is ErrChanged, whichever
// of the two came first.
func (f *shared) problem(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if f.src.overwritten(f.ctx) {
			return fsbase.PathError("read", f.path, fmt.Errorf("%w: the checkpoint was overwritten, open it again", fsbase.ErrChanged))
		}
		return &ckpterr.Error{Class: ckpterr.MissingFile, File: f.path, Offset: -1, Err: err}
	case errors.Is(err, fs.ErrInvalid):
		return notRegular(f.path, err)
	case f.ranged != nil && errors.Is(err, io.ErrUnexpectedEOF):
		return &ckpterr.Error{Class: ckpterr.OutOfRange, File: f.path, Offset: -1, Err: err}
	}
	return err
}

// overwritten tells whether .metadata is another than the one that was read.
func (s *source) overwritten(ctx context.Context) bool {
	read := s.pins.of(metadata.Name).version
	if read == "" {
		return false
	}
	info, err := fsbase.Stat(ctx, s.fsys, metadata.Name)
	return err == nil && info.Version != read
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
