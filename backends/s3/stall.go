package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// errStalled: the connection is open, and nothing goes over it.
var errStalled = errors.New("no byte in either direction")

// watched is an HTTP client whose requests fail when no byte of the body goes
// out, and no byte of the answer comes in, for a while. However long the whole
// takes, it may: nobody knows how large a body is on how slow a line. Of a request
// that did not go out whole the error is a cutOff.
type watched struct {
	inner s3.HTTPClient
	limit time.Duration
}

func (w watched) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	stalled := fmt.Errorf("%w for %v", errStalled, w.limit)
	clock := &clock{limit: w.limit, Timer: time.AfterFunc(w.limit, func() { cancel(stalled) })}
	var sent written
	req = req.WithContext(sent.watch(ctx))
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &watchedBody{ReadCloser: req.Body, clock: clock}
	}
	resp, err := w.inner.Do(req)
	if err != nil {
		clock.Stop()
		cancel(nil)
		return nil, sent.judged(because(ctx, err))
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, clock: clock, ctx: ctx, end: func() {
		clock.Stop()
		cancel(nil)
	}}
	return resp, nil
}

// because is err, or what ended ctx if that was the clock.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
		return cause
	}
	return err
}

// clock runs down unless it is wound up.
type clock struct {
	*time.Timer
	limit time.Duration
}

func (c *clock) windUp() { c.Reset(c.limit) }

// watchedBody is a body whose reads wind up the clock. That of a request may be
// read by the transport after its answer has come, and closed: a clock that
// then runs down ends a context that is done.
type watchedBody struct {
	io.ReadCloser
	clock *clock
	ctx   context.Context // of an answer
	end   func()          // of an answer
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.clock.windUp()
	n, err := b.ReadCloser.Read(p)
	b.clock.windUp()
	if err != nil && err != io.EOF && b.ctx != nil {
		err = because(b.ctx, err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.ReadCloser.Close()
	if b.end != nil {
		b.end()
	}
	return err
}
