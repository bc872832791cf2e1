package conformance

import (
	"bytes"
	"context"
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// largeResidue ends writes that may go in parts, and looks for what is left.
func (t *trial) largeResidue() {
	p, absent := t.path("large/a"), t.path("large/absent")
	n := t.largeSize()
	data := content(4, n)
	w := t.create(p)
	for rest := data; len(rest) > 0; {
		part := min(len(rest), 1<<20)
		t.write(w, p, rest[:part])
		rest = rest[part:]
	}
	w.Close()
	t.wantNoResidue(fmt.Sprintf("Close of a stream of %d bytes", n))
	for _, w := range t.ways() {
		if !w.isStream() {
			continue
		}
		_, _ = w.begin(t, p, data)(t, w.stale(t, p))
		t.wantNoResidue(fmt.Sprintf("%s of %d bytes, which is lost if it has a condition,", w.what, n))
		ctx, cancel := context.WithCancel(t.ctx)
		_ = t.with(ctx).commitAfter(cancel, p, w.stale(t, p), data)
		t.wantNoResidue(fmt.Sprintf("%s of %d bytes whose context ended before Commit", w.what, n))
		cond, _ := t.clear(w, p, nil)
		if s, err := t.createIf(p, cond)(); err == nil {
			t.write(s, p, data)
			s.Close()
			t.wantNoResidue(fmt.Sprintf("Close of a %s of %d bytes", w.what, n))
		}
	}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		several := t.severalParts()
		ctx, cancel := context.WithCancel(t.ctx)
		_, _ = u.Upload(ctx, p, readerAt(func(buf []byte, off int64) (int, error) {
			if off >= int64(several)*2/5 {
				cancel()
			}
			return len(buf), nil
		}), int64(several), fsbase.Condition{})
		cancel()
		t.wantNoResidue(fmt.Sprintf("Upload of %d bytes whose context ended in the midst of its source", several))
		for _, size := range []int{3000, n} {
			for what, src := range map[string]*faultySource{
				"fails":    {data: data[:size], failAt: size - 1},
				"is short": {data: data[:size-1], failAt: -1},
			} {
				_, _ = u.Upload(t.ctx, p, src, int64(size), fsbase.Condition{})
				t.wantNoResidue(fmt.Sprintf("Upload of %d bytes whose source %s", size, what))
			}
			stale := t.put(p, content(97, 70)).Version
			t.put(p, content(96, 70))
			for _, cond := range []fsbase.Condition{fsbase.IfAbsent(), fsbase.IfVersion(stale)} {
				_, _ = u.Upload(t.ctx, p, bytes.NewReader(data[:size]), int64(size), cond)
			}
			t.wantNoResidue(fmt.Sprintf("Upload of %d bytes that is lost", size))
		}
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		for _, cond := range []fsbase.Condition{{}, fsbase.IfAbsent()} {
			_, _ = c.Copy(t.ctx, absent, t.path("large/copy"), cond)
			t.wantNoResidue("Copy of an absent name")
		}
	}
}
