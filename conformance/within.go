package conformance

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// endWithin ranges over a sequence whose context ends, in the way of want,
// after its first element. It returns the names and the error of the last
// element, which has to be want, or nil if the sequence got to its end.
func (t *trial) endWithin(clause, what string, want error, seq func(context.Context) iter.Seq2[string, error]) (names []string, last error) {
	// A deadline is for the first element, too: one that passes before it is
	// longer the next time.
	for _, soon := range []time.Duration{50 * time.Millisecond, time.Second, 10 * time.Second} {
		ctx, cancel := context.WithCancel(t.ctx)
		end := cancel
		if want == context.DeadlineExceeded {
			cancel()
			ctx, cancel = context.WithTimeout(t.ctx, soon)
			end = func() { <-ctx.Done() }
		}
		names, last = nil, nil
		for name, err := range seq(ctx) {
			if last != nil {
				t.errorf(clause, "%s goes on after the error %v", what, last)
			}
			if last = err; err == nil {
				names = append(names, name)
				end()
			}
		}
		cancel()
		if len(names) > 0 {
			break
		}
	}
	if last != nil {
		t.wantIs("O5", last, fmt.Sprintf("%s whose context ends within, after %d names", what, len(names)), want)
	}
	return names, last
}
