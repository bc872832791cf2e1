package gcs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/api/googleapi"
)

// TestPace counts on a clock of its own how long calls go on.
func TestPace(t *testing.T) {
	unavailable, throttled, refused := &googleapi.Error{Code: 503}, &googleapi.Error{Code: 429}, &googleapi.Error{Code: 403}
	usual := pace{stall: 45 * time.Second, patience: 2 * time.Minute}
	for name, c := range map[string]struct {
		request  request
		want     error
		min, max time.Duration // of the whole call
		requests [2]int
	}{
		"at once":   {func(context.Context, func(int64)) error { return nil }, nil, 0, 0, [2]int{1, 1}},
		"refused":   {func(context.Context, func(int64)) error { return refused }, refused, 0, 0, [2]int{1, 1}},
		"for ever":  {func(context.Context, func(int64)) error { return unavailable }, unavailable, time.Minute, 2 * time.Minute, [2]int{8, 20}},
		"throttled": {func(context.Context, func(int64)) error { return throttled }, throttled, time.Minute, 2 * time.Minute, [2]int{6, 18}},
		"hangs": {func(ctx context.Context, _ func(int64)) error {
			<-ctx.Done()
			return ctx.Err()
		}, errStalled, 2 * time.Minute, 3 * time.Minute, [2]int{3, 3}},
		"goes on slowly": {func(ctx context.Context, alive func(int64)) error {
			for i := range int64(100) {
				time.Sleep(40 * time.Second)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				alive(i + 1)
			}
			return nil
		}, nil, 4000 * time.Second, 4000 * time.Second, [2]int{1, 1}},
		"comes only so far": {func(ctx context.Context, alive func(int64)) error {
			for i := range int64(10) {
				time.Sleep(time.Second)
				alive(i + 1)
			}
			return unavailable
		}, unavailable, time.Minute, 3 * time.Minute, [2]int{5, 12}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, start := 0, time.Now()
				err := usual.call(t.Context(), func(ctx context.Context, alive func(int64)) error {
					n++
					return c.request(ctx, alive)
				})
				took := time.Since(start)
				if !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
				if took < c.min || took > c.max {
					t.Errorf("took %v, want %v to %v", took, c.min, c.max)
				}
				if n < c.requests[0] || n > c.requests[1] {
					t.Errorf("%d requests, want %v", n, c.requests)
				}
			})
		})
	}
}

// What breaks off again and again goes on as long as it gets further each time.
func TestPaceOfProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, start := int64(0), time.Now()
		err := pace{stall: time.Second, patience: 2 * time.Second}.call(t.Context(), func(_ context.Context, alive func(int64)) error {
			if n++; n == 1000 {
				return nil
			}
			alive(n)
			return &googleapi.Error{Code: 503}
		})
		if took := time.Since(start); err != nil || took < 100*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A context that ends during a pause ends the call with it.
func TestPaceUnderContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		err := pace{stall: time.Minute, patience: time.Hour}.call(ctx, func(context.Context, func(int64)) error {
			return &googleapi.Error{Code: 503}
		})
		if took := time.Since(start); err == nil || took != 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if err := fail(ctx, "read", "a", err); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}
