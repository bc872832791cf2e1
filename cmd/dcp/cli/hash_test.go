package cli

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// TestRows: boxes follow each other in C order, and hold each element once.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.Int64Range(1, 6), 0, 4).Draw(t, "shape")
		limit := rapid.Int64Range(1, 200).Draw(t, "limit")
		at := int64(0)
		rows(tensor.FullBox(shape), 0, 4, limit, func(b tensor.Box) bool {
			if n := b.NumElements(); n*4 > limit && n > 1 {
				t.Fatalf("%v has %d bytes, the limit is %d", b, n*4, limit)
			}
			if got := position(b, shape); got != at {
				t.Fatalf("%v begins at %d, want %d", b, got, at)
			}
			at += b.NumElements()
			return true
		})
		if all := tensor.FullBox(shape).NumElements(); at != all {
			t.Fatalf("%d of %d elements", at, all)
		}
	})
}

// position is where the first element of b lies in C order.
func position(b tensor.Box, shape []int64) int64 {
	var at int64
	for i, s := range tensor.ContiguousStrides(shape) {
		at += b.Offsets[i] * s
	}
	return at
}

// TestSlabsAreLazy: a shape that is only claimed costs nothing.
func TestSlabsAreLazy(t *testing.T) {
	e := dcp.Entry{FQN: "w", IsTensor: true, DType: tensor.Float32, Shape: []int64{1 << 20, 1 << 40}, Bytes: 1 << 62}
	e.Chunks = []tensor.Box{tensor.FullBox(e.Shape)}
	for _, packed := range []bool{false, true} {
		h := &hasher{packed: map[string]bool{"w": packed}}
		n := 0
		for b := range h.slabs(e) {
			if bytes := b.NumElements() * 4; bytes > wholeTensor {
				t.Errorf("a slab of %d bytes", bytes)
			}
			if n++; n == 10 {
				break
			}
		}
	}
}

func TestChunkRows(t *testing.T) {
	e := dcp.Entry{DType: tensor.Uint8, Shape: []int64{10, 10}, Bytes: 100}
	for _, at := range []int64{0, 3, 6, 6, 9} {
		e.Chunks = append(e.Chunks, tensor.Box{Offsets: []int64{at, 0}, Sizes: []int64{1, 10}})
	}
	spans := func(seq iter.Seq[tensor.Box]) (out [][2]int64) {
		for b := range seq {
			out = append(out, [2]int64{b.Offsets[0], b.Sizes[0]})
		}
		return out
	}
	if diff := cmp.Diff([][2]int64{{0, 3}, {3, 3}, {6, 3}, {9, 1}}, spans(chunkRows(e, 20))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][2]int64{{0, 6}, {6, 4}}, spans(chunkRows(e, 50))); diff != "" {
		t.Error(diff)
	}
}

// TestDigestInSlabs compares with the hash of everything at once.
func TestDigestInSlabs(t *testing.T) {
	const n = wholeTensor/4 + 1000 // elements
	data := make([]byte, 4*n)
	for i := range n {
		binary.LittleEndian.PutUint32(data[4*i:], uint32(i)*2654435761)
	}
	c := newCraft().with(zipItem(archiveOf(tensorPickleOf(floatStorage, "0", n, 0, dims(n), dims(1)), data)))
	c.tensor(tensorOf(float32Props(), size(n), chunkOf(size(0), size(n))))
	c.storage[0][0] = indexOf("w", size(0))
	r := runDCP(t, "digest", c.write(t))
	if want := fmt.Sprintf("%x  w\n", sha256.Sum256(data)); r.stdout != want || r.status != 0 {
		t.Errorf("%s%s, want %s", r.stdout, r.stderr, want)
	}
}

// TestDigestOrder: the lines before the first bad entry come out, the error is
// that of this entry, whatever finishes first.
func TestDigestOrder(t *testing.T) {
	c := newCraft()
	c.planner = nil
	for i := range 50 {
		fqn := fmt.Sprintf("a%02d", i)
		info := c.storage[0][1]
		if i == 30 || i == 31 {
			info = infoOf("gone", 0, 1)
		}
		c.state = append(c.state, [2]any{fqn, c.state[0][1]})
		c.storage = append(c.storage, [2]any{indexOf(fqn, size(0, 0)), info})
	}
	r := runDCP(t, "digest", c.write(t))
	if n := strings.Count(r.stdout, "\n"); n != 30 || !strings.Contains(r.stderr, "a30: MissingFile") {
		t.Errorf("%d lines, %s", n, r.stderr)
	}
}

func TestOddNames(t *testing.T) {
	c := newCraft()
	names := []string{`back\slash`, "new\nline", "cr\r", "tab\t", "esc\x1b[2J", "ünï", "a\u202eb"}
	c.state, c.storage, c.planner = nil, nil, nil
	for _, n := range names {
		c.state = append(c.state, [2]any{n, newCraft().state[0][1]})
		c.storage = append(c.storage, [2]any{indexOf(n, size(0, 0)), newCraft().storage[0][1]})
	}
	dir := c.write(t)
	sum := fmt.Sprintf("%x", sha256.Sum256(floats()))
	r := runDCP(t, "digest", dir)
	for _, want := range []string{`\` + sum + `  back\\slash`, `\` + sum + `  new\nline`, `\` + sum + `  cr\r`, sum + "  tab\t", sum + "  ünï"} {
		if !strings.Contains("\n"+r.stdout, "\n"+want+"\n") {
			t.Errorf("no line %q in\n%s", want, r.stdout)
		}
	}
	for _, verb := range []string{"ls", "inspect", "verify"} {
		r := runDCP(t, verb, dir)
		if strings.ContainsAny(r.stdout+r.stderr, "\x1b\r\t\u202e") {
			t.Errorf("%s prints control characters: %q", verb, r.stdout+r.stderr)
		}
	}
	if r := runDCP(t, "cat", dir, "new\nline", "0,1"); r.stdout != "1.\n" {
		t.Errorf("%q %q", r.stdout, r.stderr)
	}
	if r := runDCP(t, "ls", "--json", dir); !strings.Contains(r.stdout, `"fqn":"new\nline"`) {
		t.Errorf("%q", r.stdout)
	}
}

func TestDigestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	if n := run(ctx, []string{"digest", testdata + "/fixtures/basic"}, &out, &errs); n != statusStorage || !strings.Contains(errs.String(), "canceled") {
		t.Errorf("status %d, %q", n, errs.String())
	}
}
