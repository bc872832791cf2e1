package fsbase_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// While Publish waits it hears its context, and says what it knows.
func TestPublishCancelled(t *testing.T) {
	for _, c := range []struct {
		injected, want error
	}{
		{fsbase.ErrCommitUnknown, fsbase.ErrCommitUnknown},
		{fsbase.ErrThrottled, fsbase.ErrThrottled},
	} {
		synctest.Test(t, func(t *testing.T) {
			fsys := memfs.New()
			fsys.SetHook(on(memfs.OpCommit, memfs.Before, repeat(100, fail(c.injected))...))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			_, err := fsbase.Publish(ctx, fsys, "m", []byte("x"), fsbase.IfAbsent())
			wantIs(t, err, c.want, context.DeadlineExceeded)
			if got := time.Since(start); got != time.Second {
				t.Errorf("took %v", got)
			}
			if c.want != fsbase.ErrCommitUnknown && errors.Is(err, fsbase.ErrCommitUnknown) {
				t.Errorf("nothing is unknown, but %v", err)
			}
		})
	}
}

// Of many who publish under one condition, one does.
func TestPublishRace(t *testing.T) {
	fsys := memfs.New()
	v := put(t, fsys, "m", "old").Version
	for _, cond := range []fsbase.Condition{fsbase.IfVersion(v), fsbase.IfAbsent()} {
		if cond.Absent() {
			if err := fsys.RmFile(t.Context(), "m"); err != nil {
				t.Fatal(err)
			}
		}
		won := make(chan string, 16)
		for i := range cap(won) {
			go func() {
				body := string(rune('a' + i))
				_, err := fsbase.Publish(t.Context(), fsys, "m", []byte(body), cond)
				if err != nil {
					wantIs(t, err, fsbase.ErrPrecondition)
					body = ""
				}
				won <- body
			}()
		}
		winner := ""
		for range cap(won) {
			if body := <-won; body != "" {
				if winner != "" {
					t.Errorf("%q and %q have won", winner, body)
				}
				winner = body
			}
		}
		if got := get(t, fsys, "m"); got != winner {
			t.Errorf("%q is there, and %q has won", got, winner)
		}
	}
}
