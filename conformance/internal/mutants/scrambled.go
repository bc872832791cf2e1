package mutants

import (
	"context"
	"io"

	"github.com/godcp/godcp/fsbase"
)

// scrambled is a correct wrapper that changes bytes: what is stored is not what
// is read and written, as with encryption. It hands out Uploader and
// RangeReader, and hides the rest.
type scrambled struct {
	fsbase.FileSystemBase
	plainUploads bool // the fault: Upload stores what it is given
}

// Scrambled returns a wrapper that changes bytes.
func Scrambled(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
	return scrambled{FileSystemBase: inner}
}

// mask of the byte at an offset.
func mask(b []byte, off int64) {
	for i := range b {
		b[i] ^= byte(off+int64(i))*31 | 1
	}
}

func (s scrambled) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	w, err := s.FileSystemBase.CreateStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return &scrambledWriter{WriteStream: w}, nil
}

type scrambledWriter struct {
	fsbase.WriteStream
	off int64
}

func (w *scrambledWriter) Write(p []byte) (int, error) {
	b := append([]byte(nil), p...)
	mask(b, w.off)
	n, err := w.WriteStream.Write(b)
	w.off += int64(n)
	return n, err
}

func (s scrambled) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := s.FileSystemBase.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	// Here is where a header would be read.
	if _, err := r.ReadAt(make([]byte, 1), 0); err != nil && err != io.EOF {
		r.Close()
		return nil, err
	}
	return scrambledReader{r}, nil
}

type scrambledReader struct{ fsbase.ReadStream }

func (r scrambledReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReadStream.ReadAt(p, off)
	mask(p[:n], off)
	return n, err
}

// AsCapability implements fsbase.Capable.
func (s scrambled) AsCapability(target any) (ok bool) {
	switch t := target.(type) {
	case *fsbase.Uploader:
		var inner fsbase.Uploader
		if inner, ok = fsbase.As[fsbase.Uploader](s.FileSystemBase); ok {
			*t = scrambledUploader{inner, s.plainUploads}
		}
	case *fsbase.RangeReader:
		var inner fsbase.RangeReader
		if inner, ok = fsbase.As[fsbase.RangeReader](s.FileSystemBase); ok {
			*t = scrambledRanges{inner}
		}
	}
	return ok
}

type scrambledUploader struct {
	inner fsbase.Uploader
	plain bool
}

func (u scrambledUploader) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	if !u.plain {
		src = scrambledSource{src}
	}
	return u.inner.Upload(ctx, path, src, size, cond)
}

type scrambledSource struct{ io.ReaderAt }

func (s scrambledSource) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, off)
	mask(p[:min(max(n, 0), len(p))], off) // a source may break its own contract
	return n, err
}

type scrambledRanges struct{ inner fsbase.RangeReader }

func (r scrambledRanges) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	info, err := r.inner.ReadRanges(ctx, path, pin, ranges)
	if err == nil {
		for _, g := range ranges {
			mask(g.Dst, g.Offset)
		}
	}
	return info, err
}
