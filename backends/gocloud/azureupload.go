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

// body is a part of a source as the client wants it. It tells that it is read.
type body struct {
	*io.SectionReader
	end   int64
	alive func()
}

func newBody(src io.ReaderAt, off, size int64, alive func()) *body {
	return &body{io.NewSectionReader(src, off, size), size, alive}
}

// Read makes a source that is too short an error.
func (b *body) Read(p []byte) (int, error) {
	b.alive()
	at, err := b.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	n, err := b.SectionReader.Read(p)
	if err == io.EOF && at+int64(n) < b.end {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = sourceError{err}
	}
	return n, err
}

func (b *body) Close() error { return nil }
