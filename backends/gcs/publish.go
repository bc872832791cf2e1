package gcs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

const (
	// markKey is the metadata key of the mark that tells our write from
	// another's. It is part of the format: older objects have it.
	markKey = "godcp-write"

	contentType = "application/octet-stream"

	// piece is how much of a write the client is handed at once: when it has
	// taken that, something has moved.
	piece = 1 << 20
)

// publication is one write of one name under one condition.
type publication struct {
	fs   *FS
	path string
	cond fsbase.Condition
	mark string

	// unsure: a request may have published without our hearing of it.
	unsure bool
}

func (f *FS) publication(p string, cond fsbase.Condition) *publication {
	return &publication{fs: f, path: p, cond: cond, mark: rand.Text()}
}

// conditions are those of the client. A version that no object can have is
// found out without asking.
func (p *publication) conditions() (*storage.Conditions, error) {
	switch {
	case p.cond.Absent():
		return &storage.Conditions{DoesNotExist: true}, nil
	case p.cond.Version() != "":
		generation, ok := generationOf(p.cond.Version())
		if !ok {
			return nil, fmt.Errorf("%q is no version: %w", p.cond.Version(), fsbase.ErrPrecondition)
		}
		return &storage.Conditions{GenerationMatch: generation}, nil
	}
	return nil, nil
}

// target is the object under its condition.
func (p *publication) target() (*storage.ObjectHandle, error) {
	conds, err := p.conditions()
	o := p.fs.object(p.path)
	if conds != nil {
		o = o.If(*conds)
	}
	return o, err
}

// send publishes in one request.
func (p *publication) send(ctx context.Context, src io.ReaderAt, size int64) (fsbase.Info, error) {
	target, err := p.target()
	if err != nil {
		return fsbase.Info{}, err
	}
	sum, err := checksum(src, size)
	if err != nil {
		return fsbase.Info{}, err
	}
	var attrs *storage.ObjectAttrs
	err = p.fs.call(ctx, func(ctx context.Context, alive func(int64)) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		w := p.writer(ctx, target)
		w.ChunkSize, w.SendCRC32C, w.CRC32C = 0, true, sum
		err := pieces(src, size, func(b []byte, off int64) error {
			alive(off)
			_, err := w.Write(b)
			return err
		})
		if err != nil {
			abort(w)
			cancel() // before Close, which would begin a write that has not begun
		}
		if closed := w.Close(); !isSource(err) {
			err = closed // of a request that fails Close tells more than Write
		}
		attrs = w.Attrs()
		p.note(err)
		return err
	})
	return p.outcome(ctx, attrs, sum, err)
}

func (p *publication) writer(ctx context.Context, target *storage.ObjectHandle) *storage.Writer {
	w := target.NewWriter(ctx)
	w.ContentType = contentType
	w.Metadata = map[string]string{markKey: p.mark}
	w.Append = false // of which the parts would be visible
	return w
}

// note remembers that a request may have done more than it said.
func (p *publication) note(err error) {
	if err != nil && !answered(err) {
		p.unsure = true
	}
}

// outcome is what became of the write.
func (p *publication) outcome(ctx context.Context, attrs *storage.ObjectAttrs, sum uint32, err error) (fsbase.Info, error) {
	if err == nil && attrs.CRC32C != sum {
		err = fmt.Errorf("published, but wrong: %w", ErrChecksum)
	}
	switch {
	case err == nil:
		return infoOf(p.path, attrs), nil
	case isPrecondition(err):
		return p.resolve(ctx, err)
	case p.unsure:
		return p.look(ctx, err)
	}
	return fsbase.Info{}, fail(ctx, "commit", p.path, err)
}

// resolve finds out whether a precondition failed because of our own request,
// whose answer got lost.
func (p *publication) resolve(ctx context.Context, failed error) (fsbase.Info, error) {
	if !p.unsure {
		return fsbase.Info{}, p.precondition(failed)
	}
	attrs, err := p.fs.attrs(ctx, p.path)
	switch {
	case err == nil && attrs.Metadata[markKey] == p.mark:
		return infoOf(p.path, attrs), nil
	case err == nil, errors.Is(classOf(err), fs.ErrNotExist) && !p.cond.Absent():
		return fsbase.Info{}, p.precondition(failed)
	}
	// It was there and is not, or cannot be looked at. It may have been ours.
	return fsbase.Info{}, p.unknown(ctx, err)
}

// look makes one request to see whether a write arrived whose last answer did
// not. That it is not there proves nothing: it may be on its way.
func (p *publication) look(ctx context.Context, failed error) (fsbase.Info, error) {
	var attrs *storage.ObjectAttrs
	once := pace{stall: p.fs.pace.stall}
	err := once.call(ctx, func(ctx context.Context, _ func(int64)) (err error) {
		attrs, err = p.fs.object(p.path).Attrs(ctx)
		return err
	})
	if err == nil && attrs.Metadata[markKey] == p.mark {
		return infoOf(p.path, attrs), nil
	}
	return fsbase.Info{}, p.unknown(ctx, failed)
}

// precondition is err, which says that the condition does not hold, in the
// class of C2 or C3.
func (p *publication) precondition(err error) error {
	if p.cond.Absent() {
		return clientError{fsbase.ErrExist(), err}
	}
	return clientError{fsbase.ErrPrecondition, err}
}

func (p *publication) unknown(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return clientError{fsbase.ErrCommitUnknown, err}
}

// early is the error of a session whose last part was not sent: nothing was
// published.
func (p *publication) early(err error) error {
	if isPrecondition(err) {
		return p.precondition(err)
	}
	return err
}
