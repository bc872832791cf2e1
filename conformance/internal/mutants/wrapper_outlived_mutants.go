package mutants

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// restarting begins a new stream for a Write that was refused, and goes on.
type restarting struct{ *prefixed }

func (f restarting) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	w, err := f.prefixed.CreateStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return &restarter{w, func() (fsbase.WriteStream, error) { return f.prefixed.CreateStream(ctx, path) }}, nil
}

type restarter struct {
	fsbase.WriteStream
	again func() (fsbase.WriteStream, error)
}

func (w *restarter) Write(p []byte) (int, error) {
	n, err := w.WriteStream.Write(p)
	if !errors.Is(err, fsbase.ErrThrottled) {
		return n, err
	}
	again, err := w.again()
	if err != nil {
		return 0, err
	}
	w.WriteStream.Close()
	w.WriteStream = again
	return again.Write(p)
}

// insistentRename asks again when it is not known what became of it.
type insistentRename struct{ *prefixed }

func (f insistentRename) Rename(ctx context.Context, path, newPath string) error {
	err := f.prefixed.Rename(ctx, path, newPath)
	if errors.Is(err, fsbase.ErrCommitUnknown) {
		return f.prefixed.Rename(ctx, path, newPath)
	}
	return err
}

// leakingStater opens and does not close.
type leakingStater struct{ p *prefixed }

func (c leakingStater) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	r, err := c.p.OpenStream(ctx, path)
	if err != nil {
		return fsbase.Info{}, err
	}
	return r.Info(), nil
}

// within returns what a call returns, or, when ctx ends before, its error: the
// call goes on.
func within[T any](ctx context.Context, op, path string, do func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	c := make(chan result, 1)
	go func() {
		v, err := do()
		c <- result{v, err}
	}()
	select {
	case r := <-c:
		return r.v, r.err
	case <-ctx.Done():
		var zero T
		return zero, failed(op, path, ctx.Err())
	}
}

// impatient waits for nothing inside when the context ends.
type impatient struct{ *prefixed }

func (f impatient) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	w, err := f.prefixed.CreateStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return impatientWriter{w, ctx, path}, nil
}

type impatientWriter struct {
	fsbase.WriteStream
	ctx  context.Context
	path string
}

func (w impatientWriter) Commit() (fsbase.Info, error) {
	return within(w.ctx, "commit", w.path, w.WriteStream.Commit)
}

// impatientRemoval is the same of RmFile.
type impatientRemoval struct{ *prefixed }

func (f impatientRemoval) RmFile(ctx context.Context, path string) error {
	_, err := within(ctx, "remove", path, func() (bool, error) { return true, f.prefixed.RmFile(ctx, path) })
	return err
}

// impatientRanges is the same of ReadRanges.
type impatientRanges struct{ prefixedRangeReader }

func (c impatientRanges) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	return within(ctx, "read", path, func() (fsbase.Info, error) {
		return c.prefixedRangeReader.ReadRanges(ctx, path, pin, ranges)
	})
}

// hedged reads a second time, into the same memory, when the first is slow.
func hedged(r fsbase.ReadStream, p []byte, off int64) (int, error) {
	type result struct {
		n   int
		err error
	}
	c := make(chan result, 2)
	read := func() {
		n, err := r.ReadAt(p, off)
		c <- result{n, err}
	}
	go read()
	select {
	case got := <-c:
		return got.n, got.err
	case <-time.After(2 * time.Millisecond):
	}
	go read()
	got := <-c
	return got.n, got.err
}

// sharing lets whoever asks for a name wait for the answer that another waits
// for already.
type sharing struct {
	inner fsbase.Stater
	mu    sync.Mutex
	all   map[string]*oneAnswer
}

type oneAnswer struct {
	done chan struct{}
	info fsbase.Info
	err  error
}

func (s *sharing) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	s.mu.Lock()
	f, ok := s.all[path]
	if !ok {
		f = &oneAnswer{done: make(chan struct{})}
		s.all[path] = f
		go func() {
			f.info, f.err = s.inner.Stat(context.WithoutCancel(ctx), path)
			s.mu.Lock()
			delete(s.all, path)
			s.mu.Unlock()
			close(f.done)
		}()
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.info, f.err
	case <-ctx.Done():
		return fsbase.Info{}, failed("stat", path, ctx.Err())
	}
}

var outlivedWrappers = []Wrapper{
	{
		Name: "begins anew in the midst of a stream", Kills: []string{"wrapper/tried-again"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return restarting{p} }),
	},
	{
		Name: "asks Rename again that may be done", Kills: []string{"wrapper/tried-again"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return insistentRename{p} }),
	},
	{
		Name: "Stat opens and does not close", Kills: []string{"wrapper/closes"},
		Wrap: handing(func(p *prefixed, target *fsbase.Stater) bool {
			*target = leakingStater{p}
			return true
		}),
	},
	{
		Name: "Commit returns when its context ends", Kills: []string{"wrapper/outlived"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return impatient{p} }),
	},
	{
		Name: "RmFile returns when its context ends", Kills: []string{"wrapper/outlived"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return impatientRemoval{p} }),
	},
	{
		Name: "ReadRanges returns when its context ends", Kills: []string{"wrapper/outlived"},
		Wrap: handing(func(p *prefixed, target *fsbase.RangeReader) bool {
			inner, ok := fsbase.As[fsbase.RangeReader](p.inner)
			*target = impatientRanges{prefixedRangeReader{p, inner}}
			return ok
		}),
	},
	{
		Name: "ReadAt reads twice and returns with the first", Kills: []string{"wrapper/outlived"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return readingInside{p, hedged} }),
	},
	{
		Name: "Stats of one name share an answer", Kills: []string{"wrapper/own-answer"},
		Wrap: func(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
			var once sync.Once
			var s *sharing
			return handing(func(p *prefixed, target *fsbase.Stater) bool {
				c, ok := fsbase.As[fsbase.Stater](p.inner)
				once.Do(func() { s = &sharing{inner: prefixedStater{p, c}, all: map[string]*oneAnswer{}} })
				*target = s
				return ok
			})(inner)
		},
	},
}
