package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/fsbase"
)

const (
	blocksInFlight = 4
	uploadTries    = 3 // of which all but the last may lose their blocks to another writer
)

// Upload publishes the first size bytes of src: in one request if they are one
// block, else in blocks, several at once. It reads src twice, as the service is
// told a checksum of each block before the block.
func (f azure) Upload(ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "upload"
	if size < 0 {
		return fsbase.Info{}, &fs.PathError{Op: op, Path: p, Err: fmt.Errorf("a size of %d bytes: %w", size, fs.ErrInvalid)}
	}
	if err := cond.Check(op, p); err != nil {
		return fsbase.Info{}, err
	}
	if err := f.checkWrite(ctx, op, p); err != nil {
		return fsbase.Info{}, err
	}
	if size <= f.block {
		info, err := f.publication(p, cond).send(ctx, src, size)
		return info, fsbase.PathError(op, p, err)
	}
	for try := 1; ; try++ {
		info, err := f.publication(p, cond).sendBlocks(ctx, src, size)
		if try == uploadTries || !isDropped(err) || errors.Is(err, fsbase.ErrPrecondition) {
			return info, fsbase.PathError(op, p, err)
		}
	}
}

func (p *publication) sendBlocks(ctx context.Context, src io.ReaderAt, size int64) (fsbase.Info, error) {
	block := max(p.fs.block, (size+maxBlocks-1)/maxBlocks)
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(blocksInFlight)
	for off := int64(0); off < size && within.Err() == nil; off += block {
		id := p.nextBlock()
		g.Go(func() error { return p.stage(within, id, src, off, min(block, size-off)) })
	}
	if err := g.Wait(); err != nil {
		return fsbase.Info{}, fail(ctx, "upload", p.path, err)
	}
	if err := ctx.Err(); err != nil {
		return fsbase.Info{}, fail(ctx, "upload", p.path, err)
	}
	return p.commit(ctx, size)
}

// isDropped tells whether the service does not have our blocks any more: another
// writer has committed the name.
func isDropped(err error) bool { return bloberror.HasCode(err, bloberror.InvalidBlockList) }

func isBlobNotFound(err error) bool { return bloberror.HasCode(err, bloberror.BlobNotFound) }

// sourceError is an error of the content that was to be sent, and not of the
// sending.
type sourceError struct{ err error }

func (e sourceError) Error() string { return "reading the source: " + e.err.Error() }
func (e sourceError) Unwrap() error { return e.err }

// body is a part of a source as the client wants it. It tells that it is read,
// and takes nothing from the source but what was asked for.
type body struct {
	src       io.ReaderAt
	off, size int64
	at        int64
	alive     func()
}

func newBody(src io.ReaderAt, off, size int64, alive func()) *body {
	return &body{src: src, off: off, size: size, alive: alive}
}

func (b *body) Read(p []byte) (int, error) {
	b.alive()
	if b.at >= b.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.size-b.at)]
	n, err := b.src.ReadAt(p, b.off+b.at)
	switch {
	case n == len(p) && (err == nil || err == io.EOF):
	case err == nil || err == io.EOF:
		return 0, sourceError{fmt.Errorf("at %d: %w", b.off+b.at+int64(n), io.ErrUnexpectedEOF)}
	default: // also with all the bytes: a source may find out last that they are wrong
		return 0, sourceError{fmt.Errorf("at %d: %w", b.off+b.at+int64(n), err)}
	}
	b.at += int64(n)
	return n, nil
}

func (b *body) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	b.at = offset
	return offset, nil
}

func (b *body) Close() error { return nil }
