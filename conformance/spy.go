package conformance

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// spy is the backend inside of a wrapper while a check looks at the wrapper.
// It hands every call on, notes it, and fails it when it is told to. It has
// exactly the capabilities of the backend that it stands for, in types of its
// own: whoever holds one of those has gone around the wrapper.
type spy struct {
	inner fsbase.FileSystemBase
	bare  bool // hands out no capability
	*log
}

// log is what a spy and what it handed out have seen.
type log struct {
	mu    sync.Mutex
	calls []call
	meet  func(call) error // is asked in every call; an error is the answer
	opens int              // streams that are neither committed nor closed

	answered func(call) // is told of every call that has its answer, which waits for it
	running  int        // calls that are under way
}

// call is one call of the backend inside.
type call struct {
	ctx    context.Context // of the stream, for the methods of streams
	method string
	paths  []string
}

// planted marks what a spy hands out.
type planted interface{ planted() }

func (*log) planted() {}

// enter notes a call and returns what it is to fail with, and what notes its
// end.
func (l *log) enter(ctx context.Context, method string, paths ...string) (leave func(), err error) {
	c := call{ctx, method, paths}
	l.mu.Lock()
	l.calls = append(l.calls, c)
	l.running++
	meet := l.meet
	l.mu.Unlock()
	leave = func() { l.leave(c) }
	if meet == nil {
		return leave, nil
	}
	return leave, meet(c)
}

// during notes the calls while f runs, with meet asked in each.
func (l *log) during(meet func(call) error, f func()) []call {
	l.mu.Lock()
	l.calls, l.meet = nil, meet
	l.mu.Unlock()
	f()
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls, l.meet = nil, nil
	return calls
}

// opened notes that a stream was opened, and returns what notes its end, once.
func (l *log) opened() (ended func()) {
	count := func(n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.opens += n
	}
	count(1)
	return sync.OnceFunc(func() { count(-1) })
}

// open returns how many streams are neither committed nor closed.
func (l *log) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opens
}

// seen returns the calls so far.
func (l *log) seen() []call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

func (s *spy) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return s.writing(ctx, "CreateStream", path, s.inner.CreateStream)
}

func (s *spy) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	leave, err := s.enter(ctx, "OpenStream", path)
	defer leave()
	if err != nil {
		return nil, err
	}
	r, err := s.inner.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return &spyReader{r, s.log, ctx, path, s.opened()}, nil
}

func (s *spy) ConcatPath(path, suffix string) string { return s.inner.ConcatPath(path, suffix) }

func (s *spy) Rename(ctx context.Context, path, newPath string) error {
	_, err := s.publishing(ctx, "Rename", func() (fsbase.Info, error) {
		return fsbase.Info{}, s.inner.Rename(ctx, path, newPath)
	}, path, newPath)
	return err
}

func (s *spy) Mkdir(ctx context.Context, path string) error {
	leave, err := s.enter(ctx, "Mkdir", path)
	defer leave()
	if err != nil {
		return err
	}
	return s.inner.Mkdir(ctx, path)
}

func (s *spy) Exists(ctx context.Context, path string) (bool, error) {
	leave, err := s.enter(ctx, "Exists", path)
	defer leave()
	if err != nil {
		return false, err
	}
	return s.inner.Exists(ctx, path)
}

func (s *spy) RmFile(ctx context.Context, path string) error {
	leave, err := s.enter(ctx, "RmFile", path)
	defer leave()
	if err != nil {
		return err
	}
	return s.inner.RmFile(ctx, path)
}

func (s *spy) ValidateCheckpointID(id string) error { return s.inner.ValidateCheckpointID(id) }

// writing begins a write by create and wraps its stream.
func (l *log) writing(ctx context.Context, method, path string, create func(context.Context, string) (fsbase.WriteStream, error)) (fsbase.WriteStream, error) {
	leave, err := l.enter(ctx, method, path)
	defer leave()
	if err != nil {
		return nil, err
	}
	w, err := create(ctx, path)
	if err != nil {
		return nil, err
	}
	return &spyWriter{WriteStream: w, log: l, ctx: ctx, path: path, ended: l.opened()}, nil
}

type spyWriter struct {
	fsbase.WriteStream
	log  *log
	ctx  context.Context
	path string
	err  error // of a Write that was made to fail, which is sticky: W6

	ended func()
}

func (w *spyWriter) Write(p []byte) (int, error) {
	if w.err == nil {
		leave, err := w.log.enter(w.ctx, "Write", w.path)
		defer leave()
		w.err = err
	}
	if w.err != nil {
		return 0, w.err
	}
	return w.WriteStream.Write(p)
}

func (w *spyWriter) Commit() (fsbase.Info, error) {
	if w.err != nil {
		return fsbase.Info{}, w.err
	}
	return w.log.publishing(w.ctx, "Commit", func() (fsbase.Info, error) {
		info, err := w.WriteStream.Commit()
		if err == nil {
			w.ended()
		}
		return info, err
	}, w.path)
}

// errAnswerLost, met by what publishes, is the answer to what was carried out.
var errAnswerLost = errors.New("the answer got lost")

// publishing is enter for what publishes, and calls that.
func (l *log) publishing(ctx context.Context, method string, publish func() (fsbase.Info, error), paths ...string) (fsbase.Info, error) {
	leave, met := l.enter(ctx, method, paths...)
	defer leave()
	if met != nil && !errors.Is(met, errAnswerLost) {
		return fsbase.Info{}, met
	}
	info, err := publish()
	if err == nil && met != nil {
		return fsbase.Info{}, met
	}
	return info, err
}

func (w *spyWriter) Close() error {
	w.ended()
	return w.WriteStream.Close()
}

// errHalfRead, met by ReadAt, lets it read the first half.
var errHalfRead = errors.New("the connection broke off")

type spyReader struct {
	fsbase.ReadStream
	log  *log
	ctx  context.Context
	path string

	ended func()
}

func (r *spyReader) Close() error {
	r.ended()
	return r.ReadStream.Close()
}

func (r *spyReader) ReadAt(p []byte, off int64) (int, error) {
	leave, err := r.log.enter(r.ctx, "ReadAt", r.path)
	defer leave()
	switch {
	case errors.Is(err, errHalfRead):
		n, _ := r.ReadStream.ReadAt(p[:len(p)/2], off)
		return n, err
	case errors.Is(err, errScratch):
		scribble(p)
		return 0, err
	case err != nil:
		return 0, err
	}
	return r.ReadStream.ReadAt(p, off)
}
