package s3

import (
	"context"
	"io/fs"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// writeStream keeps bytes until there are more than one part has, and sends
// parts while more come. It is for one goroutine.
type writeStream struct {
	ctx   context.Context
	fs    *FS
	path  string
	key   string
	cond  fsbase.Condition
	whole bool // one PutObject, whatever the size

	buf  []byte
	up   *multipart // nil as long as buf is all
	sent int        // parts
	err  error      // of an earlier Write
	done bool

	parts   context.Context // of the parts; its cause is the first failure
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
}

// CreateStream begins a write that replaces. W1–W11.
func (f *FS) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, fsbase.Condition{})
}

// CreateExclusive begins a write that commits only if nothing has the name. C2.
func (f *FS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, fsbase.IfAbsent())
}

// CreateSwap begins a write that commits only if the name still has the version
// old. C3.
func (f *FS) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	return f.create(ctx, path, fsbase.IfVersion(old))
}

func (f *FS) create(ctx context.Context, path string, cond fsbase.Condition) (fsbase.WriteStream, error) {
	const op = "create"
	key, err := f.writable(ctx, op, path, cond)
	if err != nil {
		return nil, err
	}
	w := &writeStream{ctx: ctx, fs: f, path: path, key: key, cond: cond, whole: isWhole(path)}
	w.parts, w.cancel = context.WithCancelCause(ctx)
	return w, nil
}

// writable checks a write before it begins.
func (f *FS) writable(ctx context.Context, op, path string, cond fsbase.Condition) (key string, err error) {
	if err := cond.Check(op, path); err != nil {
		return "", err
	}
	if key, err = f.writeKey(ctx, op, path); err != nil {
		return "", err
	}
	return key, pathError(op, path, f.allow(ctx, cond))
}

// isWhole tells the names whose content is published in one request: what
// happens to a multipart upload under a condition is harder to find out, and a
// checkpoint hangs on it.
func isWhole(path string) bool { return strings.HasSuffix(path, ".metadata") }

// Write keeps p, and begins to send what is kept when that is a part. W5, W6,
// W10.
func (w *writeStream) Write(p []byte) (int, error) {
	if w.done {
		return 0, pathError("write", w.path, fs.ErrClosed)
	}
	n := 0
	for n < len(p) && w.err == nil {
		w.err = pathError("write", w.path, w.ready())
		if w.err != nil {
			break
		}
		k := int(min(int64(len(p)-n), w.room()))
		w.buf = append(w.buf, p[n:n+k]...)
		n += k
	}
	return n, w.err
}

// limit is how much is kept at most.
func (w *writeStream) limit() int64 {
	if w.whole {
		return maxPut
	}
	return int64(nthPartSize(w.sent + 1))
}

func (w *writeStream) room() int64 { return w.limit() - int64(len(w.buf)) }

// failure is why no more parts go up, if so.
func (w *writeStream) failure() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return context.Cause(w.parts)
}

// ready makes room for at least one byte.
func (w *writeStream) ready() error {
	switch err := w.failure(); {
	case err != nil:
		return err
	case w.room() > 0:
		return nil
	case w.whole:
		return invalid("more than the %d bytes of one PutObject", int64(maxPut))
	case w.sent == mostParts:
		return invalid("more than the %d parts of an upload hold", mostParts)
	}
	return w.send()
}
