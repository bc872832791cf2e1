package gcs

import (
	"context"
	"errors"
	"hash/crc32"
	"slices"
	"sync/atomic"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
)

// session is a resumable upload: content of any size in parts, published with
// the last one. Inside it the client makes requests again, because only it
// knows which part the service has.
type session struct {
	pub    *publication
	w      *storage.Writer
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   *time.Timer // runs while a call of the client does
	sum    uint32
	err    error // of an earlier call
	closed bool

	final  atomic.Bool  // the last part is under way
	failed atomic.Int64 // when the client's requests began to fail, 0 for not
}

// open begins a session on target. It asks nothing yet.
func (p *publication) open(ctx context.Context, target *storage.ObjectHandle) *session {
	s := &session{pub: p}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.idle = time.AfterFunc(p.fs.pace.forParts(), func() { s.cancel(errStalled) })
	s.idle.Stop()
	s.w = p.writer(s.ctx, target.Retryer(
		storage.WithPolicy(storage.RetryAlways), storage.WithErrorFunc(s.again),
		storage.WithBackoff(gax.Backoff{Initial: firstPause, Max: maxPause, Multiplier: 2})))
	s.w.ChunkSize = p.fs.chunk
	// How far a part has come the client does not tell, so a part as a whole
	// may take as long as nothing else may: on a slow line it is a long way.
	s.w.ChunkTransferTimeout = p.fs.pace.patience
	s.w.ChunkRetryDeadline = 2 * p.fs.pace.patience
	s.w.ProgressFunc = func(int64) { s.failed.Store(0) }
	return s
}

// again is the client's rule for making requests again: for as long as the
// patience of the pace allows, from the first failure after some progress.
func (s *session) again(err error) bool {
	if s.final.Load() {
		s.pub.note(err)
	}
	now := time.Now().UnixNano()
	s.failed.CompareAndSwap(0, now)
	return storage.ShouldRetry(err) && now-s.failed.Load() < int64(s.pub.fs.pace.patience)
}

func (s *session) write(b []byte) error {
	for part := range slices.Chunk(b, piece) {
		if s.err != nil {
			break
		}
		s.sum = crc32.Update(s.sum, castagnoli, part)
		s.do(func() error {
			_, err := s.w.Write(part)
			return err
		})
	}
	return s.err
}

// do runs one call of the client, and ends it when it takes too long.
func (s *session) do(call func() error) {
	s.idle.Reset(s.pub.fs.pace.forParts())
	s.err = call()
	s.idle.Stop()
	// Of a part that stalled the client says that a context is done: its own.
	own := errors.Is(s.err, context.DeadlineExceeded) && s.ctx.Err() == nil
	if s.err != nil && (own || context.Cause(s.ctx) == errStalled) {
		s.err = errStalled
	}
}

// commit sends the last part.
func (s *session) commit() (*storage.ObjectAttrs, error) {
	if s.err != nil {
		return nil, s.err
	}
	s.final.Store(true)
	s.do(s.w.Close)
	s.closed = true
	s.cancel(nil)
	s.pub.note(s.err)
	return s.w.Attrs(), s.err
}

// abandon ends the upload without publishing, and waits for what the client
// has running. After a commit it does nothing.
func (s *session) abandon() {
	if s.closed {
		return
	}
	s.closed = true
	s.idle.Reset(s.pub.fs.pace.stall) // should the client be stuck
	abort(s.w)
	s.idle.Stop()
	s.cancel(nil)
	// It has ended with the error of the abort.
	_ = s.w.Close()
}

// abort makes the client give up a write. To end the context first, as it
// advises, is no safe way: over gRPC the last part may then be sent all the
// same, and publishes.
func abort(w *storage.Writer) {
	//lint:ignore SA1019 see above
	_ = w.CloseWithError(errAborted) // which is always nil
}

var errAborted = errors.New("given up by the writer")
