package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

func checkSourceLeftAlone(t *trial) {
	n := t.largeSize()
	for _, end := range []string{"succeeds", "fails at once", "fails late", "is cancelled"} {
		p := t.path("a")
		ctx, cancel := context.WithCancel(t.ctx)
		held := heldReads{ended: make(chan struct{}), returned: make(chan struct{})}
		data := &faultySource{data: content(2, n), failAt: -1}
		src := &watchedSource{size: int64(n), ReaderAt: readerAt(func(p []byte, off int64) (int, error) {
			first, late := off < 4096, off+int64(len(p)) > int64(n)/2
			switch {
			case end == "succeeds":
			case end == "fails at once" && first, end == "fails late" && late:
				held.end()
				return 0, errSource
			case end == "is cancelled" && first:
				cancel()
				held.end()
			default:
				held.hold()
			}
			return data.ReadAt(p, off)
		})}
		_, err := as[fsbase.Uploader](t).Upload(ctx, p, src, int64(n), fsbase.Condition{})
		late := src.close()
		close(held.returned)
		cancel()
		if (err == nil) != (end == "succeeds") {
			t.errorf("C5", "Upload of %d bytes to %q whose source %s: %v", n, p, end, err)
		}
		if late > 0 {
			t.errorf("C5", "Upload of %d bytes to %q whose source %s returns (%v) and %d reads of the source are under way or come later", n, p, end, err, late)
		}
	}
}

// heldReads are the reads of a source that has an end: they are still under way
// when it comes, and when an Upload returns that does not wait for them. The
// first few of each wait for that, and not long: an Upload may read one part
// after another, or has to wait for all of them.
type heldReads struct {
	once            sync.Once
	ended, returned chan struct{}
	before, after   atomic.Int64
}

func (h *heldReads) end() { h.once.Do(func() { close(h.ended) }) }

func (h *heldReads) hold() {
	const few, long = 8, 100 * time.Millisecond
	if h.before.Add(1) <= few {
		await(h.ended, long)
	}
	select {
	case <-h.ended:
		if h.after.Add(1) <= few {
			await(h.returned, long)
		}
	default:
	}
}

func await(c <-chan struct{}, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-c:
	case <-timer.C:
	}
}

// sourceInterferes lets the source of an Upload change the name that it is for,
// on a handle: between any two steps of the Upload, and without a second
// goroutine.
func (t *trial) sourceInterferes(by *trial) {
	for _, n := range []int{3000, t.largeSize()} {
		for _, w := range t.waysOf("C5") {
			for _, then := range []string{"written", "removed"} {
				t.interfere(by, w, n, then)
			}
		}
	}
}

func (t *trial) interfere(by *trial, w way, n int, then string) {
	p, between, data := t.path("a"), content(4, 500), content(2, n)
	cond, _ := t.clear(w, p, content(1, 3000))
	change := sync.OnceValue(func() (err error) {
		if then == "removed" {
			return by.fs.RmFile(t.ctx, p)
		}
		_, err = by.commit(by.createIf(p, fsbase.Condition{}), between)
		return err
	})
	src := &faultySource{data: data, failAt: -1, onRead: func(int64) { _ = change() }}
	_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(n), cond)
	if err := change(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.errorf("O6", "%q cannot be %s while an Upload of it reads its source: %v", p, then, err)
		return
	}
	what := fmt.Sprintf("%s of %d bytes to %q, which is %s while its source is read", w.what, n, p, then)
	switch {
	case w.cond == ifAbsent && then == "written":
		t.wantLost(err, "%s", what)
		t.wantContent("C2", p, between)
	case w.cond == ifVersion && then == "written":
		t.wantStale(err, "%s", what)
		t.wantContent("C3", p, between)
	case w.cond == ifVersion:
		t.wantStale(err, "%s", what)
		t.wantAbsent("C3", p)
	case err != nil:
		t.errorf("C5", "%s: %v", what, err)
	default:
		t.wantContent("C5", p, data)
	}
}
