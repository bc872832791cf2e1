package conformance

import (
	"errors"
	"io"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

var pinChecks = []Check{
	{
		ID: "pin/overwritten", Clauses: []string{"R2"}, Level: Must, Profile: Atomic,
		Doc: "A reader of a version that was replaced gets that version or ErrChanged.",
		run: func(t *trial) {
			t.pinned(func(p string) {
				t.put(p, content(9, 300_000)) // the same size: only the bytes tell
				t.put(p, content(8, 400_000))
			})
		},
	},
	{
		ID: "pin/removed", Clauses: []string{"R2"}, Level: Must, Profile: Atomic,
		Doc: "A reader of a stream that was removed, and written anew, gets what it opened or an error.",
		run: func(t *trial) {
			t.pinned(func(p string) {
				if err := t.fs.RmFile(t.ctx, p); err != nil {
					t.fatalf("RmFile(%q): %v", p, err)
				}
				t.put(p, content(9, 300_000))
			})
		},
	},
	{
		ID: "pin/renamed-over", Clauses: []string{"R2"}, Level: Must, Profile: Atomic,
		Doc: "A reader of a stream that another was renamed over gets what it opened or an error.",
		run: func(t *trial) {
			t.pinned(func(p string) {
				from := t.path("from")
				t.put(from, content(9, 300_000))
				if err := t.fs.Rename(t.ctx, from, p); err != nil {
					t.fatalf("Rename(%q, %q): %v", from, p, err)
				}
			})
		},
	},
}

// pinned opens a stream, reads a part, lets change do its work, and demands R2
// of every later read.
func (t *trial) pinned(change func(path string)) {
	p, whole := t.path("a"), content(1, 300_000)
	info := t.put(p, whole)
	r := t.open(p)
	defer r.Close()
	first := make([]byte, 100_000)
	if n, err := r.ReadAt(first, 0); err != nil {
		t.fatalf("ReadAt of %q: %d, %v", p, n, err)
	}
	change(p)
	t.wantInfo("R2", "the reader", r.Info(), info)
	for _, off := range []int64{0, 100_000, 250_000} {
		for range 30 {
			t.readPinned(r, p, whole, off)
		}
	}
}

// readPinned reads up to 100,000 bytes at off: whole's, or an allowed error.
func (t *trial) readPinned(r fsbase.ReadStream, p string, whole []byte, off int64) {
	buf := make([]byte, 100_000)
	n, err := r.ReadAt(buf, off)
	if err != nil && err != io.EOF {
		if !errors.Is(err, fsbase.ErrChanged) && !errors.Is(err, fs.ErrNotExist) {
			t.errorf("R2", "ReadAt at %d of a version of %q that is gone: %v", off, p, err)
		}
		return
	}
	want := whole[off:min(int64(len(whole)), off+int64(len(buf)))]
	if d := difference(buf[:n], want); d != "" {
		t.errorf("R2", "ReadAt at %d of a version of %q that is gone (error %v): %s", off, p, err, d)
	}
}
