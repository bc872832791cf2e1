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
// block, else in blocks, several at once, each of which is in memory meanwhile.
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
		content, err := readPart(src, 0, size)
		if err != nil {
			return fsbase.Info{}, fail(ctx, op, p, err)
		}
		info, err := f.publication(p, cond).send(ctx, content)
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
		g.Go(func() error {
			content, err := readPart(src, off, min(block, size-off))
			if err != nil {
				return err
			}
			return p.stage(within, id, content)
		})
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

// readPart reads size bytes of src at off. Nothing is taken from it but what was
// asked for.
func readPart(src io.ReaderAt, off, size int64) ([]byte, error) {
	b := make([]byte, size)
	if size == 0 {
		return b, nil
	}
	n, err := src.ReadAt(b, off)
	switch {
	case n == len(b) && (err == nil || err == io.EOF):
		return b, nil
	case err == nil || err == io.EOF:
		return nil, sourceError{fmt.Errorf("at %d: %w", off+int64(n), io.ErrUnexpectedEOF)}
	}
	// Also with all the bytes: a source may find out last that they are wrong.
	return nil, sourceError{fmt.Errorf("at %d: %w", off+int64(n), err)}
}
