package conformance

import (
	"io"

	"github.com/godcp/godcp/fsbase"
)

var hugeChecks = []Check{
	{
		ID: "sizes/huge", Clauses: []string{"W1", "R3", "R4"}, Level: Must, Profile: Core,
		Doc: "A stream of Limits.HugeSize comes back as it was, also when it is read across multiples of 16 MiB and from odd offsets.",
		run: func(t *trial) {
			p, n := t.path("huge"), t.hugeSize()
			if info, ok := t.putHuge(p, n); ok {
				t.wantHuge("W1", p, info, n)
				t.readHuge(p, n)
			}
		},
	},
	{
		ID: "sizes/huge-upload", Clauses: []string{"C5", "R3", "R4"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "An Upload of Limits.HugeSize, and one of a few bytes more than 32 and 64 parts that PartLimits names, comes back as it was.",
		run: func(t *trial) {
			sizes := []int64{t.hugeSize()}
			// Storages put 32 parts together at once: one part is left alone here.
			for _, parts := range []int64{32, 64} {
				if n := parts*int64(t.namedPart()) + 5; n > 5 && n < sizes[0] {
					sizes = append(sizes, n)
				}
			}
			for _, n := range sizes {
				p := t.path("huge")
				info, err := as[fsbase.Uploader](t).Upload(t.ctx, p, hugeSource(n), n, fsbase.Condition{})
				if err != nil {
					t.errorf("C5", "Upload of %d bytes to %q: %v", n, p, err)
					return
				}
				t.wantHuge("C5", p, info, n)
			}
		},
	},
	{
		ID: "sizes/max-object", Clauses: []string{"W1", "C5", "R3", "R4"}, Level: Must, Profile: Core, Needs: []Capability{PartLimiter},
		Doc: "A stream and an Upload of a byte more than PartLimits.MaxObject, where that is less than Limits.HugeSize, is whole, or refused and not there.",
		run: checkMaxObject,
	},
	{
		ID: "sizes/huge-moves", Clauses: []string{"O3", "C9", "R3", "R4"}, Level: Must, Profile: Core,
		Doc: "A stream of nearly Limits.HugeSize, whose end is on no border, is whole after Rename and Copy.",
		run: checkHugeMoves,
	},
	{
		ID: "durable/huge", Clauses: []string{"W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A stream of 66 MiB, or of Limits.HugeSize where that is less, is there after a power loss, with every MiB of it.",
		run: checkCrashHuge,
	},
}

func checkHugeMoves(t *trial) {
	p, q, n := t.path("from"), t.path("to"), t.hugeSize()
	n = max(n-12_345, 0)
	if _, ok := t.putHuge(p, n); !ok {
		return
	}
	if err := t.fs.Rename(t.ctx, p, q); err != nil {
		t.errorf("O3", "Rename(%q, %q) of %d bytes: %v", p, q, n, err)
		return
	}
	t.wantAbsent("O3", p)
	t.wantHuge("O3", q, t.info(q), n)
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		info, err := c.Copy(t.ctx, q, p, fsbase.Condition{})
		if err != nil {
			t.errorf("C9", "Copy(%q, %q) of %d bytes: %v", q, p, n, err)
			return
		}
		t.wantHuge("C9", p, info, n)
	}
}

func checkMaxObject(t *trial) {
	p, n := t.path("a"), as[fsbase.PartLimiter](t).PartLimits().MaxObject+1
	if n == 1 || n > t.env.limits.HugeSize {
		return
	}
	write := func() (fsbase.Info, error) {
		w := t.create(p)
		defer w.Close()
		for off := int64(0); off < n; off += hugeBlock {
			if _, err := w.Write(hugePart(off, n)); err != nil {
				return fsbase.Info{}, err
			}
		}
		return w.Commit()
	}
	if info, err := write(); err == nil {
		t.wantHuge("W1", p, info, n)
	} else {
		t.wantAbsent("W1", p)
	}
	if u, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		t.remove(p)
		if info, err := u.Upload(t.ctx, p, hugeSource(n), n, fsbase.Condition{}); err == nil {
			t.wantHuge("C5", p, info, n)
		} else {
			t.wantAbsent("C5", p)
		}
	}
}

// checkCrashHuge writes no more than a storage has to count in more than a byte
// where its pieces are of 256 KiB.
func checkCrashHuge(t *trial) {
	p, n := t.path("huge"), min(t.hugeSize(), 66<<20+12_345)
	info, ok := t.putHuge(p, n)
	if !ok {
		return
	}
	t = t.crashed()
	if got := t.info(p); got.Size != info.Size {
		t.errorf("W3", "%q of %d bytes has %d after a power loss", p, info.Size, got.Size)
		return
	}
	r := t.open(p)
	defer r.Close()
	for off := int64(0); off < n; off += hugeBlock { // where each block begins is telling enough
		want := hugePart(off, min(n, off+64))
		got := make([]byte, len(want))
		if m, err := r.ReadAt(got, off); m < len(got) {
			t.errorf("W3", "ReadAt of %d bytes at %d of %q (%d bytes) after a power loss: %d, %v", len(got), off, p, n, m, err)
		} else if d := difference(got, want); d != "" {
			t.errorf("W3", "%q (%d bytes) from byte %d after a power loss: %s", p, n, off, d)
		}
	}
}

// putHuge writes a huge stream of n bytes.
func (t *trial) putHuge(p string, n int64) (info fsbase.Info, ok bool) {
	w := t.create(p)
	defer w.Close()
	for off := int64(0); off < n; off += hugeBlock {
		t.write(w, p, hugePart(off, n))
	}
	info, err := w.Commit()
	if err != nil {
		t.errorf("W1", "Commit of %d bytes to %q: %v", n, p, err)
	}
	return info, err == nil
}

// readHuge reads where no block of a huge stream begins: across multiples of 16
// MiB, and behind them.
func (t *trial) readHuge(p string, n int64) {
	r := t.open(p)
	defer r.Close()
	for e := int64(16 << 20); e < n; e += 16 << 20 {
		for _, s := range [][2]int64{{e - 5, 9}, {e - 70_001, 140_003}, {e - 9, 9}, {e, 9}, {e + 7, 9}, {e + 3<<20 + 12_345, 70_001}} {
			want := make([]byte, s[1])
			read, _ := hugeSource(n).ReadAt(want, s[0])
			got := make([]byte, read)
			if m, err := r.ReadAt(got, s[0]); m < read {
				t.errorf("R3", "ReadAt of %d bytes at %d of %q (%d bytes): %d, %v", read, s[0], p, n, m, err)
			} else if d := difference(got, want[:read]); d != "" {
				t.errorf("R3", "ReadAt of %d bytes at %d of %q (%d bytes): %s", read, s[0], p, n, d)
			}
		}
	}
}

// hugeBlock is what a huge stream is made of: it is never in memory as a whole.
const hugeBlock = 1 << 20

// hugePart returns the block of a huge stream of n bytes that begins at off.
func hugePart(off, n int64) []byte {
	return content(uint64(1000+off/hugeBlock), int(min(hugeBlock, n-off)))
}

// hugeSource is a huge stream of so many bytes.
type hugeSource int64

func (s hugeSource) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off+int64(n) < int64(s) {
		at := off + int64(n)
		n += copy(p[n:], hugePart(at-at%hugeBlock, int64(s))[at%hugeBlock:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// hugeSize is how large a huge stream is on this backend, which may have none.
func (t *trial) hugeSize() int64 {
	n := t.env.limits.HugeSize
	if p, ok := fsbase.As[fsbase.PartLimiter](t.fs); ok {
		if limit := p.PartLimits().MaxObject; limit > 0 {
			n = min(n, limit)
		}
	}
	if n < 0 {
		t.absent("Limits.HugeSize is negative")
	}
	return n
}

// wantHuge demands that path is a huge stream of n bytes, of which a write told
// info.
func (t *trial) wantHuge(clause, p string, info fsbase.Info, n int64) {
	r := t.open(p)
	defer r.Close()
	if info.Size != n || r.Info().Size != n {
		if info.Size == r.Info().Size {
			t.errorf(clause, "%q has %d bytes instead of %d", p, info.Size, n)
		} else {
			t.errorf("R4", "%q is of %d bytes, of which the write tells %d and Info %d", p, n, info.Size, r.Info().Size)
		}
		return
	}
	buf := make([]byte, hugeBlock)
	for off := int64(0); off < n && !t.failed(); off += hugeBlock {
		want := hugePart(off, n)
		got, err := r.ReadAt(buf[:len(want)], off)
		if err != nil && err != io.EOF || got < len(want) {
			t.errorf("R3", "ReadAt of %d bytes at %d of %q (%d bytes): %d, %v", len(want), off, p, n, got, err)
			return
		}
		if d := difference(buf[:got], want); d != "" {
			t.errorf(clause, "%q (%d bytes) from byte %d: %s", p, n, off, d)
		}
	}
}
