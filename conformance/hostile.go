package conformance

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The checks here give Upload sources that are slow, broken, or watched.
var hostileChecks = []Check{
	{
		ID: "hostile/broken-source", Clauses: []string{"C5"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "A source that returns fewer bytes without an error, or impossible counts, fails the Upload or is read on: other bytes than its own are never published.",
		run: checkBrokenSource,
	},
	{
		ID: "hostile/error-with-all-bytes", Clauses: []string{"C5"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "A source that fails together with all the bytes that were asked for, as one that verifies them, publishes nothing.",
		run: checkErrorWithAllBytes,
	},
	{
		ID: "hostile/outside-source", Clauses: []string{"C5"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "Upload does not read its source outside the first size bytes.",
		run: checkOutsideSource,
	},
	{
		ID: "hostile/slow-source", Clauses: []string{"C5"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "Parts of a source that come in another order than they were asked for are put where they belong.",
		run: checkSlowSource,
	},
	{
		ID: "hostile/source-left-alone", Clauses: []string{"C5"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "When Upload has returned, however it ended, nothing reads its source any more.",
		run: checkSourceLeftAlone,
	},
	{
		ID: "hostile/source-interferes", Clauses: []string{"C5", "C2", "C3", "O6"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "The condition of an Upload counts when it publishes: what its source does to the name is seen, and does not hang.",
		run: func(t *trial) { t.sourceInterferes(t) },
	},
}

// patience is how many reads without progress an Upload may ask for.
const patience = 10_000

func checkBrokenSource(t *trial) {
	for _, n := range []int{3000, t.largeSize()} {
		data := content(2, n)
		honest := bytes.NewReader(data)
		half := int64(n / 2)
		for what, read := range map[string]func(calls int64, p []byte, off int64) (int, error){
			"returns too few bytes once": func(calls int64, p []byte, off int64) (int, error) {
				if calls == 1 && len(p) > 1 {
					p = p[:len(p)/2]
				}
				got, _ := honest.ReadAt(p, off)
				return got, nil
			},
			"returns too few bytes in its second half": func(_ int64, p []byte, off int64) (int, error) {
				if off+int64(len(p)) > half && len(p) > 1 {
					p = p[:len(p)/2]
				}
				got, _ := honest.ReadAt(p, off)
				return got, nil
			},
			"returns too few bytes where it ends": func(_ int64, p []byte, off int64) (int, error) {
				if off+int64(len(p)) >= int64(n) && len(p) > 1 {
					p = p[:len(p)-1]
				}
				got, _ := honest.ReadAt(p, off)
				return got, nil
			},
			"returns nothing, and no error, in its second half": func(calls int64, p []byte, off int64) (int, error) {
				switch {
				case off+int64(len(p)) <= half:
					got, _ := honest.ReadAt(p, off)
					return got, nil
				case calls > patience:
					return 0, errSource
				}
				return 0, nil
			},
			"returns more bytes than asked for": func(_ int64, p []byte, off int64) (int, error) {
				got, _ := honest.ReadAt(p, off)
				return got + 1, nil
			},
			"returns a negative count": func(_ int64, p []byte, off int64) (int, error) {
				return -1, nil
			},
		} {
			t.brokenSource(what, data, read)
		}
	}
}

// brokenSource uploads from a source that breaks io.ReaderAt.
func (t *trial) brokenSource(what string, data []byte, read func(calls int64, p []byte, off int64) (int, error)) {
	fresh, old, n := t.path("dir/fresh"), t.path("dir/old"), len(data)
	before := content(1, 3000)
	t.remove(fresh)
	t.put(old, before)
	for _, p := range []string{fresh, old} {
		var calls atomic.Int64
		src := readerAt(func(p []byte, off int64) (int, error) { return read(calls.Add(1), p, off) })
		_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(n), fsbase.Condition{})
		switch {
		case calls.Load() > patience:
			t.errorf("C5", "Upload of %d bytes to %q from a source that %s goes on for ever", n, p, what)
		case err == nil:
			t.wantContent("C5", p, data)
		case p == fresh:
			t.wantAbsent("C5", p)
		default:
			t.wantContent("C5", p, before)
		}
	}
}

func checkErrorWithAllBytes(t *trial) {
	for _, n := range []int{1, 3000, t.largeSize()} {
		data := content(2, n)
		for what, at := range map[string]int64{"first": 0, "middle": int64(n / 2), "last": int64(n - 1)} {
			for _, with := range []error{errSource, io.ErrUnexpectedEOF} {
				t.wantNoUpload(fmt.Sprintf("fails with the bytes around its %s and %q", what, with), n, func(p string) error {
					src := readerAt(func(p []byte, off int64) (int, error) {
						got, err := bytes.NewReader(data).ReadAt(p, off)
						if off <= at && at < off+int64(got) {
							err = with
						}
						return got, err
					})
					_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(n), fsbase.Condition{})
					return err
				})
			}
		}
	}
}

func checkOutsideSource(t *trial) {
	for _, n := range append(t.ladder(), t.atMost(5<<20+3, t.largeSize()-7)...) {
		p, data := t.path("a"), content(2, n+5000)
		src := &watchedSource{ReaderAt: bytes.NewReader(data), size: int64(n)}
		if _, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(n), fsbase.Condition{}); err != nil {
			t.errorf("C5", "Upload of %d bytes to %q: %v", n, p, err)
			continue
		}
		t.wantContent("C5", p, data[:n])
		src.close()
		if len(src.outside) > 0 {
			t.errorf("C5", "Upload of %d bytes to %q reads its source at (offset, length) %v", n, p, src.outside[0])
		}
	}
}

func checkSlowSource(t *trial) {
	n := t.largeSize()
	p, data := t.path("a"), content(2, n)
	var slow atomic.Int64
	src := readerAt(func(p []byte, off int64) (int, error) {
		// The first parts come last, if there is somebody to overtake them.
		if off < int64(n)/2 && slow.Add(1) <= 100 {
			time.Sleep(2 * time.Millisecond)
		}
		return (&faultySource{data: data, failAt: -1}).ReadAt(p, off)
	})
	if _, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(n), fsbase.Condition{}); err != nil {
		t.errorf("C5", "Upload of %d bytes to %q from a source that is slow in its first half: %v", n, p, err)
		return
	}
	t.wantContent("C5", p, data)
}
