package conformance

import (
	"context"

	"github.com/godcp/godcp/fsbase"
)

// ending is a way in which a stream, a reader or a listing comes to its end.
type ending struct {
	clause string
	end    func()
}

// endings are all ways that the backend has, by what they are.
func (t *trial) endings() map[string]ending {
	p := t.path("dir/a")
	t.put(p, content(1, 3000))
	t.put(t.path("dir/b"), content(1, 3000))
	cancelling := func(do func(t *trial, cancel func())) func() {
		return func() {
			ctx, cancel := context.WithCancel(t.ctx)
			defer cancel()
			do(t.with(ctx), cancel)
		}
	}
	endings := map[string]ending{
		"Close without Commit": {"W4", func() {
			w := t.create(p)
			t.write(w, p, []byte("discarded"))
			w.Close()
		}},
		"Commit under a cancelled context": {"W4", cancelling(func(t *trial, cancel func()) {
			_ = t.commitAfter(cancel, p, fsbase.Condition{}, []byte("x"))
		})},
		"Close of a reader": {"R5", func() {
			r := t.open(p)
			_, _ = r.ReadAt(make([]byte, 1), 0)
			r.Close()
		}},
		"Close of a reader whose context is cancelled": {"R5", cancelling(func(t *trial, cancel func()) {
			r := t.open(p)
			cancel()
			_, _ = r.ReadAt(make([]byte, 1), 0)
			r.Close()
		})},
		"OpenStream of an absent name": {"R5", func() { _, _ = t.read(t.prefix("dir/absent")) }},
	}
	for _, w := range t.ways() {
		endings[w.what] = ending{"W4", func() { _, _ = w.begin(t, p, []byte("x"))(t, fsbase.Condition{}) }}
		if w.cond != "" {
			endings[w.what+", which does not hold,"] = ending{"W4", func() { _, _ = w.begin(t, p, []byte("x"))(t, w.stale(t, p)) }}
		}
	}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		data := content(2, 3<<20)
		endings["Upload whose source fails"] = ending{"W4", func() {
			_, _ = u.Upload(t.ctx, p, &faultySource{data: data, failAt: 2 << 20}, 3<<20, fsbase.Condition{})
		}}
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		endings["ReadRanges"] = ending{"R5", func() {
			_, _ = c.ReadRanges(t.ctx, p, "", []fsbase.Range{{Dst: make([]byte, 1)}})
		}}
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		endings["List that is left"] = ending{"R5", func() {
			for range l.List(t.ctx, t.prefix("dir/")) {
				break
			}
		}}
	}
	return endings
}
