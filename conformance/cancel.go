package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var cancelChecks = []Check{
	{
		ID: "cancel/before-call", Clauses: []string{"O5", "R7"}, Level: Must, Profile: Core,
		Doc: "Under a done context every method fails with the context's error and does nothing.",
		run: checkCancelledBefore,
	},
	{
		ID: "cancel/before-commit", Clauses: []string{"W7", "W2"}, Level: Must, Profile: Atomic,
		Doc: "A context that is done after the last Write and before Commit: nothing is published.",
		run: checkCancelledBeforeCommit,
	},
	{
		ID: "cancel/between-writes", Clauses: []string{"W6", "W7"}, Level: Must, Profile: Atomic,
		Doc: "A context that is done between two Writes: whatever the later Write says, Commit publishes nothing.",
		run: checkCancelledBetweenWrites,
	},
	{
		ID: "cancel/read-at", Clauses: []string{"R7"}, Level: Must, Profile: Core,
		Doc: "When the context of OpenStream is done, ReadAt fails with its error.",
		run: checkCancelledReadAt,
	},
	{
		ID: "cancel/during-commit", Clauses: []string{"W1", "W2"}, Level: Must, Profile: Atomic,
		Doc: "A Commit that races the end of its context publishes everything and is nil, or publishes nothing.",
		run: checkCancelledDuringCommit,
	},
}

func checkCancelledBefore(t *trial) {
	p, from := t.path("dir/a"), t.path("from")
	fresh := t.path("fresh")
	t.put(p, []byte("kept"))
	t.put(from, []byte("stays"))
	t.wantCancelled("CreateStream", func(t *trial) error {
		_, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, fresh) }, []byte("x"))
		return err
	})
	t.wantCancelled("OpenStream", func(t *trial) error { _, err := t.read(p); return err })
	t.wantCancelled("Exists", func(t *trial) error { _, err := t.fs.Exists(t.ctx, p); return err })
	t.wantCancelled("Mkdir", func(t *trial) error { return t.fs.Mkdir(t.ctx, t.prefix("new")) })
	t.wantCancelled("RmFile", func(t *trial) error { return t.fs.RmFile(t.ctx, p) })
	t.wantCancelled("Rename", func(t *trial) error { return t.fs.Rename(t.ctx, from, p) })
	t.wantAbsent("O5", fresh)
	t.wantContent("O5", p, []byte("kept"))
	t.wantContent("O5", from, []byte("stays"))
	_, err := t.cancelled().read(p)
	t.wantIs("R7", err, fmt.Sprintf("OpenStream(%q) under a cancelled context", p), context.Canceled)
}

// cancellations are the two ways in which a context becomes done.
var cancellations = []struct {
	want error
	make func(context.Context) (context.Context, func())
}{
	{context.Canceled, func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithCancelCause(ctx)
		return ctx, func() { cancel(errCause) }
	}},
	{context.DeadlineExceeded, func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithTimeoutCause(ctx, 50*time.Millisecond, errCause)
		return ctx, func() { <-ctx.Done(); cancel() }
	}},
}

// errCause is why contexts end. Err does not tell it, and nor does a backend.
var errCause = errors.New("the cause of a context")

func checkCancelledBeforeCommit(t *trial) {
	fresh, old := t.path("fresh"), t.path("old")
	before := content(1, 3000)
	t.put(old, before)
	for _, c := range cancellations {
		for _, size := range []int{0, 100, t.largeSize()} {
			for _, p := range []string{fresh, old} {
				ctx, end := c.make(t.ctx)
				w, err := t.fs.CreateStream(ctx, p)
				if err == nil {
					_, err = w.Write(content(2, size))
					end()
					if err == nil {
						_, err = w.Commit()
					}
					w.Close()
				}
				end()
				t.wantIs("W7", err, fmt.Sprintf("Commit of %d bytes to %q after the end of the context", size, p), c.want)
			}
			t.wantAbsent("W7", fresh)
			t.wantContent("W2", old, before)
		}
	}
	for _, part := range t.parts() { // and nothing is left to be sent but the commit
		for size := part; size <= min(2*part, t.largeSize()); size += part {
			ctx, cancel := context.WithCancel(t.ctx)
			err := t.with(ctx).commitAfter(cancel, fresh, fsbase.Condition{}, content(2, size))
			t.wantIs("W7", err, fmt.Sprintf("Commit of %d bytes to %q after the end of the context", size, fresh), context.Canceled)
			t.wantAbsent("W7", fresh)
		}
	}
}

func checkCancelledBetweenWrites(t *trial) {
	p := t.path("a")
	for _, size := range []int{100, 3 << 20} {
		ctx, cancel := context.WithCancelCause(t.ctx)
		w := t.with(ctx).create(p)
		t.write(w, p, content(1, size))
		cancel(errCause)
		_, werr := w.Write(content(2, size))
		_, err := w.Commit()
		clause := "W7"
		if werr != nil {
			clause = "W6"
			t.wantIs("W7", werr, fmt.Sprintf("Write to %q under a cancelled context", p), context.Canceled)
		}
		t.wantIs(clause, err, fmt.Sprintf("Commit of %q after a Write that returned %v", p, werr), context.Canceled)
		w.Close()
		t.wantAbsent(clause, p)
	}
}

func checkCancelledReadAt(t *trial) {
	p, whole := t.path("a"), content(1, 300_000)
	t.put(p, whole)
	for _, c := range cancellations {
		ctx, end := c.make(t.ctx)
		r, err := t.fs.OpenStream(ctx, p)
		end()
		if err == nil {
			var n int
			for _, span := range [][2]int{{0, 1000}, {100_000, 1000}, {1, 1}, {0, 300_000}, {299_999, 10}, {300_000, 10}, {300_001, 1}} {
				n, err = r.ReadAt(make([]byte, span[1]), int64(span[0]))
				t.wantIs("R7", err, fmt.Sprintf("ReadAt of %d bytes at %d of %q after the end of the context returns n = %d", span[1], span[0], p, n), c.want)
			}
			r.Close()
		}
	}
}

func checkCancelledDuringCommit(t *trial) {
	p := t.path("a")
	old := content(0, 1000)
	t.put(p, old)
	var late [][]byte // of Commits without an answer: each may arrive yet
	for i := range t.env.limits.Rounds / 4 {
		next := content(uint64(i+1), 40_000)
		ctx, cancel := context.WithCancel(t.ctx)
		w := t.with(ctx).create(p)
		t.write(w, p, next)
		started := make(chan struct{})
		go func() {
			<-started
			time.Sleep(time.Duration(i) * time.Microsecond)
			cancel()
		}()
		close(started)
		_, err := w.Commit()
		cancel()
		w.Close()
		got, rerr := t.read(p)
		for errors.Is(rerr, fsbase.ErrChanged) { // a late one lands just now
			got, rerr = t.read(p)
		}
		unknown := errors.Is(err, fsbase.ErrCommitUnknown)
		isLate := slices.ContainsFunc(late, func(c []byte) bool { return bytes.Equal(got, c) })
		switch isOld, isNew := bytes.Equal(got, old), bytes.Equal(got, next); {
		case rerr != nil:
			t.errorf("W2", "round %d: reading %q after a cancelled Commit: %v", i, p, rerr)
			return
		case !isOld && !isNew && !isLate:
			t.errorf("W2", "round %d: %q has neither the old nor the new content after Commit: %v", i, p, err)
			return
		case err == nil && isOld:
			t.errorf("W1", "round %d: Commit of %q is nil and the old content is there", i, p)
		case err != nil && isNew && !unknown:
			t.errorf("W1", "round %d: Commit of %q published, yet says %v", i, p, err)
		}
		old = got
		if unknown && !bytes.Equal(got, next) {
			late = append(late, next)
		}
	}
}
