package dcp_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// fullFS is a storage with what a save can use.
type fullFS interface {
	fsbase.FileSystemBase
	fsbase.ExclusiveCreator
	fsbase.Swapper
	fsbase.Uploader
	fsbase.Stater
	fsbase.Lister
}

// faultyFS puts trouble on the way of every call of a storage, those of its
// streams included. The calls are numbered as they come.
type faultyFS struct {
	fullFS
	calls   atomic.Int64
	trouble func(ctx context.Context, n int64, call func() error) error
}

var errTrouble = errors.New("trouble")

// How call n, or what begins with it, goes wrong.
var troubles = map[string]func(at int64) func(context.Context, int64, func() error) error{
	"refused": func(at int64) func(context.Context, int64, func() error) error {
		return func(_ context.Context, n int64, call func() error) error {
			if n == at {
				return errTrouble
			}
			return call()
		}
	},
	"answer lost": func(at int64) func(context.Context, int64, func() error) error {
		return func(_ context.Context, n int64, call func() error) error {
			err := call()
			if n == at && err == nil {
				return errors.Join(fsbase.ErrCommitUnknown, errTrouble)
			}
			return err
		}
	},
	"hangs": func(at int64) func(context.Context, int64, func() error) error {
		return func(ctx context.Context, n int64, call func() error) error {
			if n == at {
				<-ctx.Done()
				return ctx.Err()
			}
			return call()
		}
	},
	"gone from there on": func(at int64) func(context.Context, int64, func() error) error {
		return func(_ context.Context, n int64, call func() error) error {
			if n >= at {
				return errTrouble
			}
			return call()
		}
	},
}

func (f *faultyFS) call(ctx context.Context, call func() error) error {
	return f.trouble(ctx, f.calls.Add(1), call)
}

func (f *faultyFS) writer(ctx context.Context, create func() (fsbase.WriteStream, error)) (fsbase.WriteStream, error) {
	var s fsbase.WriteStream
	err := f.call(ctx, func() (err error) { s, err = create(); return err })
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, err
	}
	return &faultyWriter{f, ctx, s}, nil
}

func (f *faultyFS) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.writer(ctx, func() (fsbase.WriteStream, error) { return f.fullFS.CreateStream(ctx, path) })
}

func (f *faultyFS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.writer(ctx, func() (fsbase.WriteStream, error) { return f.fullFS.CreateExclusive(ctx, path) })
}

func (f *faultyFS) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	return f.writer(ctx, func() (fsbase.WriteStream, error) { return f.fullFS.CreateSwap(ctx, path, old) })
}

func (f *faultyFS) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, c fsbase.Condition) (info fsbase.Info, err error) {
	err = f.call(ctx, func() (err error) { info, err = f.fullFS.Upload(ctx, path, src, size, c); return err })
	return info, err
}

func (f *faultyFS) OpenStream(ctx context.Context, path string) (s fsbase.ReadStream, err error) {
	err = f.call(ctx, func() (err error) { s, err = f.fullFS.OpenStream(ctx, path); return err })
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, err
	}
	return &faultyReader{f, ctx, s}, nil
}

func (f *faultyFS) Stat(ctx context.Context, path string) (info fsbase.Info, err error) {
	err = f.call(ctx, func() (err error) { info, err = f.fullFS.Stat(ctx, path); return err })
	return info, err
}

func (f *faultyFS) Exists(ctx context.Context, path string) (there bool, err error) {
	err = f.call(ctx, func() (err error) { there, err = f.fullFS.Exists(ctx, path); return err })
	return there, err
}

func (f *faultyFS) Mkdir(ctx context.Context, path string) error {
	return f.call(ctx, func() error { return f.fullFS.Mkdir(ctx, path) })
}

func (f *faultyFS) RmFile(ctx context.Context, path string) error {
	return f.call(ctx, func() error { return f.fullFS.RmFile(ctx, path) })
}

// List is counted once, and fails before its first element.
func (f *faultyFS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		if err := f.call(ctx, func() error { return nil }); err != nil {
			yield(fsbase.Info{}, err)
			return
		}
		f.fullFS.List(ctx, prefix)(yield)
	}
}

type faultyWriter struct {
	f   *faultyFS
	ctx context.Context
	s   fsbase.WriteStream
}

func (w *faultyWriter) Write(p []byte) (n int, err error) {
	err = w.f.call(w.ctx, func() (err error) { n, err = w.s.Write(p); return err })
	return n, err
}

func (w *faultyWriter) Commit() (info fsbase.Info, err error) {
	err = w.f.call(w.ctx, func() (err error) { info, err = w.s.Commit(); return err })
	return info, err
}

func (w *faultyWriter) Close() error { return w.s.Close() }

type faultyReader struct {
	f   *faultyFS
	ctx context.Context
	fsbase.ReadStream
}

func (r *faultyReader) ReadAt(p []byte, off int64) (n int, err error) {
	err = r.f.call(r.ctx, func() (err error) { n, err = r.ReadStream.ReadAt(p, off); return err })
	return n, err
}
