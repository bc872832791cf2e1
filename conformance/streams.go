package conformance

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing/iotest"
)

// The checks here use streams as the standard library does: a WriteStream is
// an io.Writer and a ReadStream an io.ReaderAt, whoever holds them.
var streamChecks = []Check{
	{
		ID: "hostile/odd-writes", Clauses: []string{"W1", "W10", "C2", "C3"}, Level: Must, Profile: Core,
		Doc: "Writes of any sizes in any order, none and nil among them, are one stream, under every condition.",
		run: checkOddWrites,
	},
	{
		ID: "hostile/copy-in", Clauses: []string{"W1"}, Level: Must, Profile: Core,
		Doc: "io.Copy fills a stream from readers that give single bytes, nothing, or their last bytes with io.EOF.",
		run: checkCopyIn,
	},
	{
		ID: "hostile/failing-reader", Clauses: []string{"W4", "W2"}, Level: Must, Profile: Atomic,
		Doc: "A stream whose io.Copy failed in the midst, and that is closed then, leaves nothing.",
		run: checkFailingReader,
	},
	{
		ID: "hostile/section-reader", Clauses: []string{"R3"}, Level: Must, Profile: Core,
		Doc: "A section of a ReadStream is a reader as package testing/iotest demands it.",
		run: checkSectionReader,
	},
	{
		ID: "hostile/zip", Clauses: []string{"R3", "W1"}, Level: Must, Profile: Core,
		Doc: "A zip archive is written to a stream and read from one, many members at once.",
		run: checkZip,
	},
	{
		ID: "hostile/close-while-reading", Clauses: []string{"R3", "R5"}, Level: Must, Profile: Core,
		Doc: "ReadAt that runs while its stream is closed gives its bytes or fs.ErrClosed.",
		run: checkCloseWhileReading,
	},
}

func checkOddWrites(t *trial) {
	rng := t.rng("sizes of Writes")
	sizes := []int{0, 1, 2, 3, 7, 511, 512, 513, 4095, 4096, 4097, 32_768, 65_537, 300_000}
	for i, w := range t.waysOf("W1", "C2", "C3") {
		for j, n := range []int{0, 5000, 700_000, t.largeSize()} {
			p, whole := t.path("a"), content(uint64(10*i+j), n)
			cond, _ := t.clear(w, p, nil)
			s, err := t.createIf(p, cond)()
			if err != nil {
				t.fatalf("beginning a %s to %q: %v", w.what, p, err)
			}
			t.write(s, p, nil)
			var turn []int
			for rest, cut := whole, 0; len(rest) > 0; rest, turn = rest[cut:], turn[1:] {
				if len(turn) == 0 { // every size comes before one comes again
					turn = rng.Perm(len(sizes))
				}
				cut = min(len(rest), sizes[turn[0]])
				t.write(s, p, rest[:cut])
			}
			t.write(s, p, []byte{})
			if _, err := s.Commit(); err != nil {
				t.errorf(w.clause, "%s of %d bytes in Writes of many sizes to %q: %v", w.what, n, p, err)
			}
			s.Close()
			t.wantContent(w.clause, p, whole)
		}
	}
}

func checkCopyIn(t *trial) {
	for name, reader := range map[string]func([]byte) io.Reader{
		"one byte at a time":       func(b []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(b)) },
		"half of what is asked":    func(b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) },
		"io.EOF with the last":     func(b []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(b)) },
		"nothing every other time": func(b []byte) io.Reader { return &hesitantReader{Reader: bytes.NewReader(b)} },
		"an io.WriterTo":           func(b []byte) io.Reader { return bytes.NewBuffer(b) },
	} {
		for i, n := range []int{0, 1, 40_000} {
			p, data := t.path("a"), content(uint64(i), n)
			w := t.create(p)
			got, err := io.Copy(w, reader(bytes.Clone(data)))
			if err != nil || got != int64(n) {
				t.errorf("W1", "io.Copy to %q from a reader of %d bytes (%s): %d, %v", p, n, name, got, err)
			}
			if _, err := w.Commit(); err != nil {
				t.errorf("W1", "Commit of %q after io.Copy (%s): %v", p, name, err)
			}
			w.Close()
			t.wantContent("W1", p, data)
		}
	}
}

// hesitantReader returns nothing and no error every other time.
type hesitantReader struct {
	io.Reader
	calls int
}

func (r *hesitantReader) Read(p []byte) (int, error) {
	if r.calls++; r.calls%2 == 1 {
		return 0, nil
	}
	return r.Reader.Read(p[:min(len(p), 1000)])
}

func checkFailingReader(t *trial) {
	fresh, old := t.path("fresh"), t.path("old")
	before := content(1, 3000)
	t.put(old, before)
	for _, n := range []int{0, 1, 40_000} {
		for _, p := range []string{fresh, old} {
			w := t.create(p)
			src := io.MultiReader(bytes.NewReader(content(2, n)), iotest.ErrReader(errSource))
			if _, err := io.Copy(w, src); !errors.Is(err, errSource) {
				t.errorf("W4", "io.Copy to %q from a reader that fails after %d bytes: %v", p, n, err)
			}
			if err := w.Close(); err != nil {
				t.errorf("W4", "Close of %q after a failed io.Copy: %v", p, err)
			}
		}
		t.wantAbsent("W4", fresh)
		t.wantContent("W2", old, before)
	}
}

func checkSectionReader(t *trial) {
	for _, n := range []int{0, 1, 5000} {
		p, whole := t.path("a"), content(uint64(n), n)
		t.put(p, whole)
		r := t.open(p)
		if err := iotest.TestReader(io.NewSectionReader(r, 0, int64(n)), whole); err != nil {
			t.errorf("R3", "a section of all %d bytes of %q: %v", n, p, err)
		}
		// A section may promise more than there is.
		got, err := io.ReadAll(io.NewSectionReader(r, int64(n/3), int64(n)+1))
		if d := difference(got, whole[n/3:]); err != nil || d != "" {
			t.errorf("R3", "a section of %q that ends behind its end: %v, %s", p, err, d)
		}
		r.Close()
	}
}

func checkZip(t *trial) {
	p := t.path("a.zip")
	w := t.create(p)
	defer w.Close()
	members := racers * 3
	z := zip.NewWriter(w)
	for i := range members {
		// Deflated and stored, as torch stores its tensors.
		h := &zip.FileHeader{Name: fmt.Sprintf("data/%d", i), Method: uint16(i % 2 * 8)}
		m, err := z.CreateHeader(h)
		if err == nil {
			_, err = m.Write(content(uint64(i), 1000*i))
		}
		if err != nil {
			t.errorf("W1", "writing an archive to %q: %v", p, err)
			return
		}
	}
	if err := z.Close(); err != nil {
		t.errorf("W1", "writing an archive to %q: %v", p, err)
	}
	if _, err := w.Commit(); err != nil {
		t.fatalf("Commit of %q: %v", p, err)
	}
	r := t.open(p)
	defer r.Close()
	archive, err := zip.NewReader(r, r.Info().Size)
	if err != nil || len(archive.File) != members {
		t.errorf("R3", "%q is no archive of %d members: %v", p, members, err)
		return
	}
	t.each(members, func(i int) {
		got, err := fs.ReadFile(archive, fmt.Sprintf("data/%d", i))
		if d := difference(got, content(uint64(i), 1000*i)); err != nil || d != "" {
			t.errorf("R3", "member %d of the archive %q: %v, %s", i, p, err, d)
		}
	})
}

func checkCloseWhileReading(t *trial) {
	p, whole := t.path("a"), content(1, 200_000)
	t.put(p, whole)
	for range max(1, t.env.limits.Rounds/4) {
		r := t.open(p)
		t.together(racers, func(i int) func() {
			buf := make([]byte, 50_000)
			off := int64(i) * 15_000
			return func() {
				if i == 0 {
					if err := r.Close(); err != nil {
						t.errorf("R5", "Close of %q while it is read: %v", p, err)
					}
					return
				}
				n, err := r.ReadAt(buf, off)
				if errors.Is(err, fs.ErrClosed) {
					return
				}
				if d := difference(buf[:n], whole[off:off+50_000]); err != nil || d != "" {
					t.errorf("R3", "ReadAt at %d of %q while it is closed: %v, %s", off, p, err, d)
				}
			}
		})
	}
}
