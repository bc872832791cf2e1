package conformance

import (
	"bytes"
	"context"
	"fmt"

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
		"Exists of an absent name":     {"R5", func() { _, _ = t.fs.Exists(t.ctx, t.prefix("dir/absent")) }},
		"RmFile of an absent name":     {"R5", func() { _ = t.fs.RmFile(t.ctx, t.prefix("dir/absent")) }},
		"Rename of an absent name":     {"R5", func() { _ = t.fs.Rename(t.ctx, t.prefix("dir/absent"), p) }},
	}
	if c, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		endings["Stat of an absent name"] = ending{"R5", func() { _, _ = c.Stat(t.ctx, t.prefix("dir/absent")) }}
	}
	for _, w := range t.ways() {
		endings[w.what] = ending{"W4", func() { _, _ = w.begin(t, p, []byte("x"))(t, fsbase.Condition{}) }}
		if w.cond != "" {
			endings[w.what+", which does not hold,"] = ending{"W4", func() { _, _ = w.begin(t, p, []byte("x"))(t, w.stale(t, p)) }}
		}
	}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		data := content(2, 3<<20)
		endings["Upload whose context is cancelled"] = ending{"W4", cancelling(func(t *trial, cancel func()) {
			src := &faultySource{data: data[:3000], failAt: -1, onRead: func(int64) { cancel() }}
			_, _ = u.Upload(t.ctx, p, src, 3000, fsbase.Condition{})
		})}
		endings["Upload whose source is short"] = ending{"W4", func() {
			_, _ = u.Upload(t.ctx, p, bytes.NewReader(data[:2999]), 3000, fsbase.Condition{})
		}}
		endings["Upload whose source fails"] = ending{"W4", func() {
			_, _ = u.Upload(t.ctx, p, &faultySource{data: data, failAt: 2 << 20}, 3<<20, fsbase.Condition{})
		}}
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		endings["ReadRanges"] = ending{"R5", func() {
			_, _ = c.ReadRanges(t.ctx, p, "", []fsbase.Range{{Dst: make([]byte, 1)}})
		}}
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		endings["ReadRanges that fails"] = ending{"R5", func() {
			_, _ = c.ReadRanges(t.ctx, t.prefix("dir/absent"), "", []fsbase.Range{{Dst: make([]byte, 1)}})
			_, _ = c.ReadRanges(t.ctx, p, "garbage", []fsbase.Range{{Dst: make([]byte, 1)}})
			_, _ = c.ReadRanges(t.ctx, p, "", []fsbase.Range{{Offset: 1 << 20, Dst: make([]byte, 1)}})
		}}
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		endings["Copy of an absent name"] = ending{"W4", func() {
			_, _ = c.Copy(t.ctx, t.prefix("dir/absent"), t.path("dir/copy"), fsbase.Condition{})
		}}
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		endings["RemoveAll that is left"] = ending{"R5", func() {
			t.put(t.path("left/a"), nil)
			t.put(t.path("left/b"), nil)
			for range r.RemoveAll(t.ctx, t.prefix("left/")) {
				break
			}
		}}
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for i := range 60 { // more than a buffer for what comes next may hold
			t.put(t.path(fmt.Sprintf("listed/%d", i)), nil)
		}
		endings["List that is left"] = ending{"R5", func() {
			for range l.List(t.ctx, t.prefix("listed/")) {
				break
			}
		}}
	}
	return endings
}
