package s3

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"
)

// How often a request is made, and how long the first pause may be, doubled
// each time up to the longest: about 10 s in all.
const (
	attempts     = 8
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
	longestAfter = 30 * time.Second // that a store may demand by Retry-After

	// folderAttempts are enough for a folder that goes; most stay.
	folderAttempts = 3
)

// repeat calls attempt until it succeeds or nothing is to be gained: what was
// surely not done is done again, and so is what is unclear if doing it twice is
// as good as once. The fate is that of all attempts together.
func repeat(ctx context.Context, idempotent bool, attempt func() error) (*answer, fate) {
	all := refused
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return &answer{class: err, text: err.Error(), err: err}, all
		}
		err := attempt()
		if err == nil {
			return nil, refused
		}
		a, f := judge(ctx, err)
		if f == unclear {
			all = unclear
		}
		last := n == attempts || n == folderAttempts && code(a.err) == folderInTheWay
		if f == refused || f == unclear && !idempotent || last || pause(ctx, n, a) != nil {
			return a, all
		}
	}
}

// pause waits after attempt n, for a time that is random so that those who
// were refused together do not come back together.
func pause(ctx context.Context, n int, a *answer) error {
	longest := min(firstPause<<(n-1), longestPause)
	wait := rand.N(longest) + 1
	if s, err := strconv.Atoi(header(a.err, "Retry-After")); err == nil && s > 0 {
		wait += min(time.Duration(s)*time.Second, longestAfter)
	}
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
