package conformance

import (
	"bytes"
	"hash/crc32"

	"github.com/godcp/godcp/fsbase"
)

var sumChecks = []Check{
	{
		ID: "info/contents-alike", Clauses: []string{"W1", "O3", "C9"}, Level: Must, Profile: Core,
		Doc: "Contents of one size are not taken for each other when they differ by a bit, wherever it is, or have the same CRC-32 or CRC-32C: not when one replaces the other, by Commit, Rename or Copy, nor under two names.",
		run: checkContentsAlike,
	},
	{
		ID: "info/parts-alike", Clauses: []string{"W1", "C5", "C9"}, Level: Must, Profile: Core,
		Doc: "Nor are the parts of one stream, all of which have the same CRC-32 or CRC-32C.",
		run: checkPartsAlike,
	},
}

func checkContentsAlike(t *trial) {
	p, q := t.path("a"), t.path("b")
	first, others := contentsAlike(70_000)
	for _, other := range others {
		t.put(q, other)
		t.put(q, first)
		t.wantContent("W1", q, first)
		t.put(q, other)
		t.put(p, first)
		if err := t.fs.Rename(t.ctx, p, q); err != nil {
			t.errorf("O3", "Rename(%q, %q): %v", p, q, err)
		}
		t.wantContent("O3", q, first)
		if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
			t.put(q, other)
			t.put(p, first)
			if _, err := c.Copy(t.ctx, p, q, fsbase.Condition{}); err != nil {
				t.errorf("C9", "Copy(%q, %q): %v", p, q, err)
			}
			t.wantContent("C9", q, first)
		}
	}
	// Of samples of the content, one has to lie where the bit is.
	const n, steps = 1 << 20, 16
	whole := content(1, n)
	t.put(p, whole)
	for i := range steps {
		bit := bytes.Clone(whole)
		bit[i*n/steps+12_345] ^= 1
		t.put(q, bit)
		t.wantContent("W1", q, bit)
	}
	t.wantContent("W1", p, whole)
}

func checkPartsAlike(t *trial) {
	n := max(t.largeSize(), t.allowed(int64(2*t.namedPart())))
	for _, poly := range []uint32{crc32.IEEE, crc32.Castagnoli} {
		// Parts of whole blocks have one sum if all blocks have.
		table, data := crc32.MakeTable(poly), content(1, n)
		for at := block; at+block <= n; at += block {
			withSum(data[at:at+block], table, data[:block])
		}
		p := t.path("a")
		for _, w := range t.waysOf("W1", "C5", "C9") {
			if w.cond != "" {
				continue
			}
			publish := w.begin(t, p, data)
			t.remove(p)
			if _, err := publish(t, fsbase.Condition{}); err != nil {
				t.errorf(w.clause, "%s of %d bytes to %q: %v", w.what, n, p, err)
				continue
			}
			t.wantContent(w.clause, p, data)
		}
	}
}

// contentsAlike are a content of n bytes and others that are like it: all but a
// bit, in another order, and with its sum.
func contentsAlike(n int) (first []byte, others [][]byte) {
	first = content(1, n)
	bit := bytes.Clone(first)
	bit[n/2] ^= 1
	others = [][]byte{bit, append(bytes.Clone(first[n/2:]), first[:n/2]...)}
	for _, poly := range []uint32{crc32.IEEE, crc32.Castagnoli} {
		others = append(others, withSum(content(2, n), crc32.MakeTable(poly), first))
	}
	return first, others
}

// withSum changes the last four bytes of data, which it keeps, so that its CRC
// is that of other. A CRC changes by the exclusive or of what each bit of them
// changes, so the bits are the solution of 32 linear equations.
func withSum(data []byte, table *crc32.Table, other []byte) []byte {
	end := data[len(data)-4:]
	clear(end)
	none := crc32.Checksum(data, table)
	want := crc32.Checksum(other, table) ^ none
	state := crc32.Checksum(data[:len(data)-4], table)
	var sums, bits [32]uint32 // sums[i] has its highest bit at i, and is what bits[i] change
	for i := range 32 {
		sum, of := crc32.Update(state, table, fourBytes(1<<i))^none, uint32(1)<<i
		for b := 31; b >= 0; b-- {
			if sum>>b&1 == 0 {
				continue
			}
			if sums[b] == 0 {
				sums[b], bits[b] = sum, of
				break
			}
			sum, of = sum^sums[b], of^bits[b]
		}
	}
	var solution uint32
	for b := 31; b >= 0; b-- {
		if want>>b&1 == 1 {
			want, solution = want^sums[b], solution^bits[b]
		}
	}
	copy(end, fourBytes(solution))
	return data
}

func fourBytes(x uint32) []byte {
	return []byte{byte(x), byte(x >> 8), byte(x >> 16), byte(x >> 24)}
}
