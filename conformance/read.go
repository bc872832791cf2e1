package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/godcp/godcp/fsbase"
)

var readChecks = []Check{
	{
		ID: "read/absent", Clauses: []string{"R1"}, Level: Must, Profile: Core,
		Doc: "OpenStream of an absent name, of a folder, and below a stream is fs.ErrNotExist.",
		run: checkOpenAbsent,
	},
	{
		ID: "read/at", Clauses: []string{"R3"}, Level: Must, Profile: Core,
		Doc: "ReadAt gives the bytes at its offset, and io.EOF where they end.",
		run: checkReadAt,
	},
	{
		ID: "read/negative-offset", Clauses: []string{"R3"}, Level: Must, Profile: Core,
		Doc: "ReadAt at a negative offset is fs.ErrInvalid.",
		run: checkNegativeOffset,
	},
	{
		// Each of the 12·racers passes reads 3 ranges: a read that is short
		// one time in a hundred escapes with 0.99^288 = 6 %, one in four never.
		// Of two reads of one offset that share one request the longer is cut
		// when it comes second: half of R/2 rounds, so never.
		ID: "read/concurrent", Clauses: []string{"R3", "O6"}, Level: Must, Profile: Core,
		Doc: "Many ReadAt of one stream at once, of one offset too, do not disturb each other.",
		run: checkConcurrentReadAt,
	},
	{
		ID: "read/size", Clauses: []string{"R4"}, Level: Must, Profile: Core,
		Doc: "Info().Size is where io.EOF begins.",
		run: checkReadSize,
	},
	{
		ID: "read/closed", Clauses: []string{"R5"}, Level: Must, Profile: Core,
		Doc: "ReadAt after Close is fs.ErrClosed, and Close again is nil.",
		run: checkReadClosed,
	},
	{
		ID: "read/after-write", Clauses: []string{"R6"}, Level: Must, Profile: Core,
		Doc: "What was committed or removed is seen at once, whatever was seen before.",
		run: checkReadAfterWrite,
	},
}

func checkOpenAbsent(t *trial) {
	t.put(t.path("dir/sub/a"), []byte("x"))
	t.put(t.path("ab"), []byte("x"))
	if err := t.fs.Mkdir(t.ctx, t.prefix("made")); err != nil {
		t.fatalf("Mkdir: %v", err)
	}
	for _, name := range []string{"a", "abc", "dir", "dir/sub", "dir/a", "made", "dir/sub/a/below", "other/a"} {
		p := t.path(name)
		_, err := t.read(p)
		t.wantNotExist("R1", err, "OpenStream(%q), which is no stream", p)
	}
}

// guard is what lies behind a slice that is read into: enough for whoever
// rounds up to a page if the capacity allows.
var guard = bytes.Repeat([]byte{0xa5}, 8<<10)

// readAt calls ReadAt and demands what holds for every call of it: the bytes
// of the stream as far as it says, an error with fewer than asked for, nothing
// written behind p.
func (t *trial) readAt(r fsbase.ReadStream, path string, whole []byte, off int64, n int) {
	buf := bytes.Repeat([]byte{0xa5}, n+len(guard))
	want := whole[min(off, int64(len(whole))):]
	want = want[:min(n, len(want))]
	got, err := r.ReadAt(buf[:n], off)
	call := fmt.Sprintf("ReadAt of %d bytes at %d of %q (%d bytes)", n, off, path, len(whole))
	switch {
	case got < 0 || got > n:
		t.errorf("R3", "%s returns n = %d", call, got)
		return
	case err != nil && !errors.Is(err, io.EOF):
		t.errorf("R3", "%s: %v", call, err)
		return
	case got < n && err == nil:
		t.errorf("R3", "%s returns n = %d and no error", call, got)
	case err != nil && err != io.EOF:
		t.errorf("R3", "%s wraps io.EOF: %v", call, err)
	}
	if d := difference(buf[:got], want); d != "" {
		t.errorf("R3", "%s (error %v): %s", call, err, d)
	}
	if !bytes.Equal(buf[n:], guard) {
		t.errorf("R3", "%s writes behind the slice it is given", call)
	}
}

func checkReadAt(t *trial) {
	for _, size := range []int{0, 1, 4096, 70_001} {
		p, whole := t.path(fmt.Sprintf("size-%d", size)), content(uint64(size), size)
		t.put(p, whole)
		r := t.open(p)
		defer r.Close()
		s := int64(size)
		for _, off := range append(farOffsets(), 0, 1, s/2, s-1, s, s+1, s+4096) {
			for _, n := range []int{1, 7, size / 2, size, size + 1, 4096} {
				if off >= 0 {
					t.readAt(r, p, whole, off, n)
				}
			}
		}
		if n, err := r.ReadAt(nil, 0); n != 0 || err != nil && err != io.EOF {
			t.errorf("R3", "ReadAt of no bytes at 0 of %q: %d, %v", p, n, err)
		}
	}
}

// farOffsets lie behind every stream here: cut to 31 or 32 bits, and added to a
// length, they do not.
func farOffsets() []int64 {
	return []int64{1 << 31, 1<<31 + 5, 1 << 32, 1<<32 + 5, 1 << 40, math.MaxInt64 - 8, math.MaxInt64}
}

func checkNegativeOffset(t *trial) {
	p := t.path("a")
	t.put(p, content(1, 100))
	r := t.open(p)
	defer r.Close()
	for _, off := range []int64{-1, -50, math.MinInt64} {
		n, err := r.ReadAt(make([]byte, 10), off)
		t.wantIs("R3", err, fmt.Sprintf("ReadAt at %d of %q returns n = %d", off, p, n), fs.ErrInvalid)
	}
}

func checkConcurrentReadAt(t *trial) {
	p, whole := t.path("a"), content(1, 500_000)
	t.put(p, whole)
	r := t.open(p)
	defer r.Close()
	t.each(racers, func(i int) {
		for pass := range 12 {
			off := int64((i*61_001 + pass*37_003) % len(whole))
			t.readAt(r, p, whole, off, 20_000)
			t.readAt(r, p, whole, off/2, 1)
			t.readAt(r, p, whole, 0, len(whole))
		}
	})
	for round := range max(20, t.env.limits.Rounds/2) {
		off := int64(round * 1009)
		t.together(contenders(round), func(i int) func() {
			return func() { t.readAt(r, p, whole, off, 1000*(i+1)) }
		})
	}
}

func checkReadSize(t *trial) {
	for _, size := range []int{0, 1, 511, 512, 70_001} {
		p := t.path("a")
		t.put(p, content(uint64(size), size))
		r := t.open(p)
		defer r.Close()
		if got := r.Info().Size; got != int64(size) {
			t.errorf("R4", "Info().Size of %q is %d after a commit of %d bytes", p, got, size)
		}
		n, err := r.ReadAt(make([]byte, size+1), 0)
		if n != size || err != io.EOF {
			t.errorf("R4", "of %q, written as %d bytes, ReadAt of one more gives %d, %v", p, size, n, err)
		}
	}
}

func checkReadClosed(t *trial) {
	p := t.path("a")
	t.put(p, content(1, 100))
	r := t.open(p)
	for i := range 2 {
		if err := r.Close(); err != nil {
			t.errorf("R5", "Close %d of a reader of %q: %v", i+1, p, err)
		}
		for _, off := range []int64{0, 95, 100, 200} {
			n, err := r.ReadAt(make([]byte, 10), off)
			t.wantIs("R5", err, fmt.Sprintf("ReadAt at %d of %q after Close returns n = %d", off, p, n), fs.ErrClosed)
		}
	}
	if got := r.Info().Size; got != 100 {
		t.errorf("R5", "Info().Size of %q after Close is %d", p, got)
	}
}

func checkReadAfterWrite(t *trial) {
	p := t.path("a")
	for i := range 20 {
		t.wantAbsent("R6", p)
		for j := range 2 {
			data := content(uint64(2*i+j), 100+i*j)
			t.put(p, data)
			t.wantContent("R6", p, data)
			t.wantExists("R6", p, true)
		}
		if err := t.fs.RmFile(t.ctx, p); err != nil {
			t.fatalf("RmFile(%q): %v", p, err)
		}
	}
}
