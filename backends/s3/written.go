package s3

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// written knows of a request whether the connection took all of it. What an
// error looks like does not tell: it may be of the answer, or of another request
// on the same connection.
type written struct{ short atomic.Bool }

// watch is the context for the request.
func (w *written) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A transport may begin again on another connection.
		GotConn:      func(httptrace.GotConnInfo) { w.short.Store(false) },
		WroteRequest: func(info httptrace.WroteRequestInfo) { w.short.Store(info.Err != nil) },
	})
}

// judged is the error of the request, with what is known about it.
func (w *written) judged(err error) error {
	if w.short.Load() {
		return &cutOff{err}
	}
	return err
}

// cutOff: the connection did not take all of a request.
type cutOff struct{ err error }

func (c *cutOff) Error() string { return c.err.Error() }
func (c *cutOff) Unwrap() error { return c.err }
