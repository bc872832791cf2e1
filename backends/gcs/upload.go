package gcs

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

// Upload publishes the first size bytes of src: in one request if they are one
// part, which reads src twice, else in a resumable upload, which reads it once
// and from the start again if the service loses the upload.
func (f *FS) Upload(ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "upload"
	if size < 0 {
		return fsbase.Info{}, &fs.PathError{Op: op, Path: p, Err: fmt.Errorf("a size of %d bytes: %w", size, fs.ErrInvalid)}
	}
	if err := cond.Check(op, p); err != nil {
		return fsbase.Info{}, err
	}
	if err := checkWrite(ctx, op, p); err != nil {
		return fsbase.Info{}, err
	}
	pub := f.publication(p, cond)
	send := pub.send
	if size > int64(f.chunk) {
		send = pub.sendParts
	}
	info, err := send(ctx, src, size)
	return info, fsbase.PathError(op, p, err)
}

// sendParts publishes in a resumable upload.
func (p *publication) sendParts(ctx context.Context, src io.ReaderAt, size int64) (fsbase.Info, error) {
	target, err := p.target()
	if err != nil {
		return fsbase.Info{}, err
	}
	var attrs *storage.ObjectAttrs
	var sum uint32
	slow := p.fs.pace
	slow.stall = slow.forParts() // the session keeps the pace of its parts
	err = slow.call(ctx, func(ctx context.Context, alive func(int64)) (err error) {
		s := p.open(ctx, target)
		defer s.abandon()
		err = pieces(src, size, func(b []byte, off int64) error {
			alive(off)
			return s.write(b)
		})
		if err != nil {
			return err
		}
		alive(size)
		attrs, err = s.commit()
		sum = s.sum
		return err
	})
	return p.outcome(ctx, attrs, sum, err)
}

// sourceError is an error of the content that was to be sent, and not of the
// sending.
type sourceError struct{ err error }

func (e sourceError) Error() string { return "reading the source: " + e.err.Error() }
func (e sourceError) Unwrap() error { return e.err }

func isSource(err error) bool {
	var source sourceError
	return errors.As(err, &source)
}

var buffers = sync.Pool{New: func() any { return new([piece]byte) }}

// pieces calls f with the first size bytes of src, some at a time, and where
// they are. f must not keep them, unless it fails: over gRPC the client may still
// send what a request that was given up had.
func pieces(src io.ReaderAt, size int64, f func(b []byte, off int64) error) error {
	buf := buffers.Get().(*[piece]byte)
	for off := int64(0); off < size; off += piece {
		b := buf[:min(piece, size-off)]
		n, err := src.ReadAt(b, off)
		switch {
		case n == len(b) && (err == nil || err == io.EOF):
		case err == nil || err == io.EOF:
			return sourceError{fmt.Errorf("at %d: %w", off+int64(n), io.ErrUnexpectedEOF)}
		default: // also with all the bytes: a source may find out last that they are wrong
			return sourceError{fmt.Errorf("at %d: %w", off+int64(n), err)}
		}
		if err := f(b, off); err != nil {
			return err
		}
	}
	buffers.Put(buf)
	return nil
}

// checksum is the CRC32C of the first size bytes of src.
func checksum(src io.ReaderAt, size int64) (sum uint32, err error) {
	err = pieces(src, size, func(b []byte, _ int64) error {
		sum = crc32.Update(sum, castagnoli, b)
		return nil
	})
	return sum, err
}
