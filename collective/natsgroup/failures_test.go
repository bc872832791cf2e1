package natsgroup

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/godcp/godcp/collective"
)

// barriers calls on every rank of groups and returns the errors.
func barriers(t *testing.T, groups []*Group) []error {
	t.Helper()
	errs := make([]error, len(groups))
	var wg sync.WaitGroup
	for i, g := range groups {
		wg.Go(func() { errs[i] = g.Barrier(t.Context()) })
	}
	wg.Wait()
	return errs
}

// TestCallTimeout: a rank that lives but does not call is named on all, itself
// included, when it comes.
func TestCallTimeout(t *testing.T) {
	o := quick
	o.CallTimeout = 200 * time.Millisecond
	for _, missing := range []int{0, 2} {
		groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 3, o)
		var come []*Group
		for rank, g := range groups {
			if rank != missing {
				come = append(come, g)
			}
		}
		errs := append(barriers(t, come), barriers(t, groups[missing:missing+1])...)
		for _, err := range errs {
			named(t, err, missing, context.DeadlineExceeded)
			if !strings.Contains(err.Error(), "Barrier(root 0) was not called within 200ms by ranks [") {
				t.Error(err)
			}
		}
	}
}

// TestDeadProcess: what the others see of a process that ends without a word is
// that its connection has gone.
func TestDeadProcess(t *testing.T) {
	t.Run("rank 1, embedded", func(t *testing.T) {
		groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 3, quick)
		time.AfterFunc(20*time.Millisecond, groups[1].link.raw.cut)
		for _, err := range barriers(t, []*Group{groups[0], groups[2]}) {
			named(t, err, 1, ErrGone)
		}
		named(t, groups[1].Barrier(t.Context()), 0, ErrDisconnected) // it cannot tell
	})
	t.Run("rank 0, embedded", func(t *testing.T) {
		groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 3, quick)
		time.AfterFunc(20*time.Millisecond, func() { groups[0].embedded.s.Shutdown() })
		for _, err := range barriers(t, groups[1:]) {
			named(t, err, 0, ErrDisconnected)
		}
	})
	for _, dead := range []int{0, 2} {
		t.Run("outer", func(t *testing.T) {
			o := quick
			o.URL, o.Job = outer(t, server.Options{}), newJob()
			groups := open(t, Place{}, 3, o)
			time.AfterFunc(20*time.Millisecond, groups[dead].link.raw.cut)
			for _, err := range barriers(t, slices.Delete(slices.Clone(groups), dead, dead+1)) {
				named(t, err, dead, ErrGone)
			}
			named(t, groups[dead].Barrier(t.Context()), dead, ErrDisconnected)
		})
	}
}

// TestSilence: no heartbeat for too long is as good as death.
func TestSilence(t *testing.T) {
	o := quick
	o.Silence = 300 * time.Millisecond
	for _, silent := range []int{0, 1} {
		o.URL, o.Job = outer(t, server.Options{}), newJob()
		groups := open(t, Place{}, 3, o)
		groups[silent].beats.stop()
		groups[silent].beats = nil
		var others []*Group
		for rank, g := range groups {
			if rank != silent {
				others = append(others, g)
			}
		}
		for _, err := range barriers(t, others) {
			named(t, err, silent, ErrSilent)
		}
	}
}

// TestTooLarge: more than a call may carry is refused where it is said, before
// it is sent; and by the hub, with what the others bring.
func TestTooLarge(t *testing.T) {
	o := quick
	o.MaxBytes = 100_000
	gather := func(size int) []error {
		groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 3, o)
		errs := make([]error, 3)
		var wg sync.WaitGroup
		for rank, g := range groups {
			wg.Go(func() {
				_, errs[rank] = g.AllGather(t.Context(), make([]byte, size*(rank+1)))
			})
		}
		wg.Wait()
		return errs
	}
	for _, err := range gather(40_000) { // rank 2 has too much
		named(t, err, 2, ErrTooLarge)
	}
	for _, err := range gather(20_000) { // all have
		if e := (*collective.RankError)(nil); !errors.As(err, &e) || !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	}
	for _, err := range gather(16_000) {
		if err != nil {
			t.Errorf("96,000 bytes: %v", err)
		}
	}
}

// TestHostileSizes: a rank that claims much without sending it costs nothing,
// and one that says what cannot be is named.
func TestHostileSizes(t *testing.T) {
	for name, m := range map[string]message{
		"a total that cannot be":    {kind: arrive, seq: 1, call: call{barrier, 0}, total: 1 << 60, body: []byte{0}},
		"more than it said":         {kind: arrive, seq: 1, call: call{barrier, 0}, total: 1, body: []byte{0, 0}},
		"payloads without end":      {kind: arrive, seq: 1, call: call{gather, 0}, total: 3, body: []byte{0xff, 0xff, 0x7f}},
		"a payload without end":     {kind: arrive, seq: 1, call: call{gather, 0}, total: 3, body: []byte{1, 0xff, 0x7f}},
		"two payloads for one":      {kind: arrive, seq: 1, call: call{gather, 0}, total: 3, body: []byte{2, 0, 0}},
		"a call of tomorrow":        {kind: arrive, seq: 9, call: call{barrier, 0}, total: 1, body: []byte{0}},
		"a method that is none":     {kind: arrive, seq: 1, call: call{17, 0}, total: 1, body: []byte{0}},
		"a root that is none":       {kind: arrive, seq: 1, call: call{gather, 17}, total: 2, body: []byte{1, 0}},
		"bytes behind the payloads": {kind: arrive, seq: 1, call: call{barrier, 0}, total: 2, body: []byte{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 3, quick)
			s := groups[1].up.(*spoke)
			s.mu.Lock()
			s.send(m)
			s.mu.Unlock()
			named(t, groups[0].Barrier(t.Context()), 1, nil)
			named(t, groups[2].Barrier(t.Context()), 1, nil)
		})
	}
}

// TestClaims: memory is taken for what has come.
func TestClaims(t *testing.T) {
	in, err := newIncoming(message{total: 1 << 30, body: make([]byte, inline)}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if c := cap(in.got); c > 4*inline {
		t.Errorf("%d bytes for %d that came", c, inline)
	}
	if err := in.add(inline, []byte{1}); err == nil {
		t.Error("bytes that nobody asked for")
	}
}

// TestManyLargeTransfers: more ranks than there are lanes, with more than a
// window each, to and from every rank.
func TestManyLargeTransfers(t *testing.T) {
	const n = transfers + 4
	o := quick
	o.URL, o.Job = outer(t, server.Options{MaxPayload: 64 << 10}), newJob()
	groups := open(t, Place{}, n, o)
	payload := func(rank int) []byte { return bytes.Repeat([]byte{byte(rank), 7}, 100_000+rank) }
	var wg sync.WaitGroup
	for rank, g := range groups {
		wg.Go(func() {
			all, err := g.AllGather(t.Context(), payload(rank))
			for r, got := range all {
				if !bytes.Equal(got, payload(r)) {
					t.Errorf("rank %d: %d bytes of rank %d", rank, len(got), r)
				}
			}
			if err != nil || len(all) != n {
				t.Errorf("rank %d: %v", rank, err)
			}
		})
	}
	wg.Wait()
}

// TestDeathAmidTransfer: a rank that dies while a result goes to it holds nobody
// up, and for the others the call, which was complete, stays good.
func TestDeathAmidTransfer(t *testing.T) {
	o := quick
	o.URL, o.Job = outer(t, server.Options{}), newJob()
	groups := open(t, Place{}, 3, o)
	s := groups[2].up.(*spoke)
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for rank, g := range groups {
		wg.Go(func() {
			if rank == 2 {
				s.arrive(1, call{broadcast, 0}, nil) // and it asks for nothing that comes
				time.AfterFunc(200*time.Millisecond, g.link.raw.cut)
				return
			}
			_, errs[rank] = g.Broadcast(t.Context(), 0, make([]byte, 2*window))
		})
	}
	wg.Wait()
	if errs[0] != nil || errs[1] != nil {
		t.Errorf("it was complete: %v, %v", errs[0], errs[1])
	}
	for _, err := range barriers(t, groups[:2]) {
		named(t, err, 2, ErrGone)
	}
}
