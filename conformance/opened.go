package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// The checks here open handles: while others write, under a done context, and
// two of one age.
var openedChecks = []Check{
	{
		ID: "handles/opened-meanwhile", Clauses: []string{"W1", "C2", "C3", "C5"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "What another handle has half written, large streams and Uploads among it, is nothing to one that is opened meanwhile: it is committed afterwards, whole.",
		run: checkOpenedMeanwhile,
	},
	{
		ID: "handles/one-age", Clauses: []string{"W9"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "Streams of one name, each the first of its handle, that are written in turns do not share state.",
		run: checkOneAge,
	},
	{
		ID: "cancel/first-call", Clauses: []string{"O5"}, Level: Must, Profile: Core, Needs: []Capability{CanReopen},
		Doc: "After a first call under a done context, whichever it is, a handle works.",
		run: func(t *trial) { t.firstCalls(t.reopened) },
	},
}

// bystander makes the calls of a handle that has nothing to do with the names
// that others write. What they return is for other checks.
func (t *trial) bystander(dir string) {
	p, q := t.path(dir+"/a"), t.path(dir+"/b")
	_ = t.fill(p, []byte("x"))
	_, _ = t.read(p)
	_, _ = t.fs.Exists(t.ctx, p)
	_ = t.fs.Mkdir(t.ctx, t.prefix(dir+"/new"))
	_ = t.fs.Rename(t.ctx, p, q)
	_ = t.fs.RmFile(t.ctx, q)
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for range l.List(t.ctx, t.prefix(dir+"/")) {
		}
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		for range r.RemoveAll(t.ctx, t.prefix(dir+"/")) {
		}
	}
}

func checkOpenedMeanwhile(t *trial) {
	t.amidWrites(t.ways(), "a handle was opened", func() { t.reopened().bystander("there") })
}

// amidWrites lets something be done while streams of some ways, and Uploads, are
// half way, and demands that all of them are published.
func (t *trial) amidWrites(ways []way, what string, do func()) {
	var rest []func()
	for i, w := range ways {
		for j, n := range []int{3000, t.largeSize()} {
			if !w.isStream() || n > 3000 && w.cond != "" {
				continue
			}
			p, data := t.path(fmt.Sprintf("writes/%d-%d", i, j)), content(uint64(i+1), n)
			cond, _ := t.clear(w, p, nil)
			s, err := t.createIf(p, cond)()
			if err != nil {
				t.fatalf("beginning a %s to %q: %v", w.what, p, err)
			}
			defer s.Close()
			t.write(s, p, data[:n*2/3])
			rest = append(rest, func() {
				_, err := s.Write(data[n*2/3:])
				if err == nil {
					_, err = s.Commit()
				}
				t.wantPublished(w, what, p, data, err)
			})
		}
	}
	do()
	for _, finish := range rest {
		finish()
	}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		for _, n := range []int{3000, t.largeSize()} {
			p, data := t.path("writes/upload"), content(9, n)
			err := t.halfWay(data, do, func(src io.ReaderAt) error {
				_, err := u.Upload(t.ctx, p, src, int64(n), fsbase.Condition{})
				return err
			})
			t.wantPublished(way{what: "Upload", clause: "C5"}, what, p, data, err)
		}
	}
}

func (t *trial) wantPublished(w way, meanwhile, p string, data []byte, err error) {
	if err != nil {
		t.errorf(w.clause, "%s of %d bytes to %q, while %s: %v", w.what, len(data), p, meanwhile, err)
		return
	}
	t.wantContent(w.clause, p, data)
}

// halfWay calls upload with a source of data that waits half way while
// something is done, by a goroutine of the check.
func (t *trial) halfWay(data []byte, do func(), upload func(src io.ReaderAt) error) (err error) {
	half, done := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(half) })
	src := readerAt(func(b []byte, off int64) (int, error) {
		if off+int64(len(b)) > int64(len(data)/2) {
			reach()
			select {
			case <-done:
			case <-t.ctx.Done():
			}
		}
		return bytes.NewReader(data).ReadAt(b, off)
	})
	t.each(2, func(i int) {
		if i == 0 {
			defer reach() // also when nothing is read so far
			err = upload(src)
			return
		}
		defer close(done)
		<-half
		do()
	})
	return err
}

func checkOneAge(t *trial) {
	p := t.path("dir/a")
	const chunk = 500_000
	for _, size := range []int{2 * chunk, t.largeSize()} { // what is sent before Commit, and what is not
		handles := []*trial{t.reopened(), t.reopened()}
		contents := [][]byte{content(1, size), content(2, size)}
		var streams []fsbase.WriteStream
		for _, h := range handles {
			w := h.create(p)
			defer w.Close()
			streams = append(streams, w)
		}
		for off := 0; off < size; off += chunk {
			for i, w := range streams {
				if _, err := w.Write(contents[i][off:min(size, off+chunk)]); err != nil {
					t.errorf("W9", "Write to %q at %d, in turns with another handle: %v", p, off, err)
					return
				}
			}
		}
		for i, w := range streams {
			if _, err := w.Commit(); err != nil {
				t.errorf("W9", "Commit %d of %q by handles that were opened together: %v", i+1, p, err)
				continue
			}
			t.wantContent("W9", p, contents[i])
		}
	}
}

// firstCalls makes each call the first of a fresh handle, under a done context,
// and then others.
func (t *trial) firstCalls(fresh func() *trial) {
	p, good, next := t.path("dir/a"), t.path("good"), t.path("next")
	for _, op := range slices.Sorted(maps.Keys(t.everyCall(good))) {
		h := fresh()
		_ = h.cancelled().everyCall(good)[op](p)
		if err := h.everyCall(good)[op](p); errors.Is(err, context.Canceled) || errors.Is(err, errCause) {
			t.errorf("O5", "%s(%q) after one under a done context, which was the first call of the handle: %v", op, p, err)
		}
		if err := h.fill(next, []byte(op)); err != nil {
			t.errorf("O5", "writing %q after %s under a done context, which was the first call of the handle: %v", next, op, err)
			continue
		}
		h.wantContent("O5", next, []byte(op))
	}
}
