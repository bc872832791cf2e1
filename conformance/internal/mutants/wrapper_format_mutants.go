package mutants

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// sealed puts a mark before each content, unless there is one: it takes what is
// written for its own.
type sealed struct{ fsbase.FileSystemBase }

const seal = "sealed:"

func (sealed) AsCapability(any) bool { return false }

func (s sealed) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	w, err := s.FileSystemBase.CreateStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return &sealedWriter{WriteStream: w}, nil
}

type sealedWriter struct {
	fsbase.WriteStream
	buf bytes.Buffer
}

func (w *sealedWriter) Write(p []byte) (int, error) { return w.buf.Write(p) }

func (w *sealedWriter) Commit() (fsbase.Info, error) {
	if b := w.buf.Bytes(); !bytes.HasPrefix(b, []byte(seal)) {
		if _, err := w.WriteStream.Write([]byte(seal)); err != nil {
			return fsbase.Info{}, err
		}
	}
	if _, err := w.WriteStream.Write(w.buf.Bytes()); err != nil {
		return fsbase.Info{}, err
	}
	info, err := w.WriteStream.Commit()
	info.Size -= int64(len(seal))
	return info, err
}

func (s sealed) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := s.FileSystemBase.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return sealedReader{r}, nil
}

type sealedReader struct{ fsbase.ReadStream }

func (r sealedReader) Info() fsbase.Info {
	info := r.ReadStream.Info()
	info.Size -= int64(len(seal))
	return info
}

func (r sealedReader) ReadAt(p []byte, off int64) (int, error) {
	return r.ReadStream.ReadAt(p, off+int64(len(seal)))
}

// readingInside is a prefixed whose ReadAt is replaced.
type readingInside struct {
	*prefixed
	readAt func(r fsbase.ReadStream, p []byte, off int64) (int, error)
}

func (f readingInside) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := f.prefixed.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return insideReader{r, f.readAt}, nil
}

type insideReader struct {
	fsbase.ReadStream
	readAt func(r fsbase.ReadStream, p []byte, off int64) (int, error)
}

func (r insideReader) ReadAt(p []byte, off int64) (int, error) { return r.readAt(r.ReadStream, p, off) }

// dialling remembers how its first Exists has ended, if it was with its context.
type dialling struct {
	*prefixed
	once sync.Once
	err  error
}

func (d *dialling) Exists(ctx context.Context, path string) (bool, error) {
	d.once.Do(func() { d.err = ctx.Err() })
	if d.err != nil {
		return false, failed("exists", path, d.err)
	}
	return d.prefixed.Exists(ctx, path)
}

var formatWrappers = []Wrapper{
	{
		Name: "stores as it is what looks like its own", Kills: []string{"wrapper/own-format"}, Hides: AddressedHides(),
		Wrap: func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return sealed{inner} },
	},
	{
		Name: "takes a read that was cut off for the end", Kills: []string{"wrapper/tried-again"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase {
			return readingInside{p, func(r fsbase.ReadStream, p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if n > 0 && n < len(p) {
					err = io.EOF
				}
				return n, err
			}}
		}),
	},
	{
		Name: "goes on with ReadAt elsewhere, from where it began", Kills: []string{"wrapper/tried-again"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase {
			var elsewhere sync.Map // whole contents by their version
			return readingInside{p, func(r fsbase.ReadStream, p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				info := r.Info()
				if off == 0 && int64(n) == info.Size {
					elsewhere.Store(info.Version, bytes.Clone(p[:n]))
				}
				if b, ok := elsewhere.Load(info.Version); ok && errors.Is(err, fsbase.ErrThrottled) {
					m, err := bytes.NewReader(b.([]byte)).ReadAt(p[n:], off)
					return n + m, err
				}
				return n, err
			}}
		}),
	},
	{
		Name: "remembers the end of its first call's context", Kills: []string{"wrapper/contexts"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return &dialling{prefixed: p} }),
	},
}
