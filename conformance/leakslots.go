package conformance

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// manyClosed is how many calls end in each way: more than the slots, up to 1,024,
// that people allow.
const manyClosed = 1100

func checkSlots(t *trial) {
	p := t.path("a")
	for what, end := range map[string]func(cancel func()){
		"closed":                                func(func()) {},
		"closed after the end of their context": func(cancel func()) { cancel() },
	} {
		hurried, done := t.soon()
		defer done()
		began := time.Now()
		for i := range manyClosed {
			if time.Since(began) > t.env.limits.Timeout/20 {
				break // of storage that is asked each time
			}
			ctx, cancel := context.WithCancel(hurried.ctx)
			w, err := t.fs.CreateStream(ctx, p)
			if err != nil {
				cancel()
				t.errorf("W4", "CreateStream(%q) after %d streams that were %s: %v", p, i, what, err)
				return
			}
			end(cancel)
			w.Close()
			cancel()
		}
		if err := hurried.fill(p, []byte(what)); err != nil {
			t.errorf("W4", "writing %q after %d streams that were %s: %v", p, manyClosed, what, err)
			return
		}
	}
}

// endless is how long a call of one kind is made again and again: a thousand
// times on fast storage, and fewer on another.
const endless = 30 * time.Millisecond

func checkCallsLeave(t *trial) {
	p, data := t.path("after"), content(1, 100)
	endings := t.endings()
	for _, what := range slices.Sorted(maps.Keys(endings)) {
		e := endings[what]
		n := 0
		for began := time.Now(); n < manyClosed && time.Since(began) < endless; n++ {
			e.end()
		}
		hurried, cancel := t.soon()
		err := hurried.fill(p, data)
		var got []byte
		if err == nil {
			got, err = hurried.read(p)
		}
		cancel()
		if err != nil || !bytes.Equal(got, data) {
			t.errorf(e.clause, "writing %q and reading it, after %d times %s: %v", p, n, what, err)
			return
		}
	}
}

// checkLargeLeave tells what grows each time from pools, which fill once.
func checkLargeLeave(t *trial) {
	const batch = 4
	p, data := t.path("a"), content(1, t.largeSize())
	ends := map[string]func(){
		"closing a large stream": func() {
			w := t.create(p)
			t.write(w, p, data)
			w.Close()
		},
		"a large Commit under a cancelled context": func() {
			ctx, cancel := context.WithCancel(t.ctx)
			defer cancel()
			_ = t.with(ctx).commitAfter(cancel, p, fsbase.Condition{}, data)
		},
	}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		ends["a large Upload whose source fails"] = func() {
			_, _ = u.Upload(t.ctx, p, &faultySource{data: data, failAt: len(data) - 10}, int64(len(data)), fsbase.Condition{})
		}
	}
	for what, end := range ends {
		do, goroutines := t.descendants()
		files := func() int { n, _ := openFiles(); return n } // 0 where the system does not tell
		do(batch, end)
		g, f := t.settle(batch, goroutines), files()
		do(2*batch, end)
		if n := t.settle(g+batch, goroutines); n > g+batch {
			t.errorf("W4", "%d goroutines are there after %d times %s, and %d after %d", g, batch, what, n, 3*batch)
		}
		if n := t.settle(f+batch, files); n > f+batch {
			t.errorf("W4", "%d files are open after %d times %s, and %d after %d", f, batch, what, n, 3*batch)
		}
	}
}
