package s3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// lingering is how long an answer is waited for when the context has ended and
// the request is on its way. A removal that arrives after its call would take
// away what somebody has written by then, and no condition keeps it from that as
// it does writes: few stores know one of DELETE, and to learn the version is a
// request more. An upload of which nobody has heard the id is never aborted.
const lingering = time.Second

// lingeringly is an operation whose context lasts so much longer.
func lingeringly[In, Out any](op operation[In, Out]) operation[In, Out] {
	return func(ctx context.Context, in *In, opts ...func(*s3.Options)) (*Out, error) {
		longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		defer context.AfterFunc(ctx, func() {
			_ = sleep(longer, lingering)
			cancel()
		})()
		return op(longer, in, opts...)
	}
}
