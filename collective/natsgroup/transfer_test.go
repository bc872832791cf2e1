package natsgroup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestTransfers: payloads of any lengths arrive as they are, and a sender never
// has more on its way than the receiver asked for.
func TestTransfers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 3*window/2), 0, 6).Draw(t, "lengths")
		most := rapid.SampledFrom([]int{64, 1000, inline, piece}).Draw(t, "message")
		var payloads [][]byte
		var total int64
		for i, n := range lengths {
			if most == 64 {
				n /= 100 // or it takes long
			}
			payloads = append(payloads, bytes.Repeat([]byte{byte('a' + i)}, n))
			total += int64(n)
		}
		var in *incoming
		out := newOutgoing(arrive, 7, call{gather, 1}, payloads)
		ahead := int64(inline)
		for turn := 0; ; turn++ {
			out.send(most, func(m message) {
				if len(m.body) > most {
					t.Fatalf("a message of %d bytes, at most %d", len(m.body), most)
				}
				var err error
				if in == nil {
					in, err = newIncoming(m, total+100)
				} else {
					err = in.add(m.offset, m.body)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
			if out.sent > ahead {
				t.Fatalf("%d bytes were sent, %d asked for", out.sent, ahead)
			}
			if out.done() {
				break
			}
			upTo, now := in.ask()
			if have := int64(len(in.got)); !now || upTo <= have || upTo > have+window {
				t.Fatalf("after %d of %d bytes the receiver asks for %d, %v", have, in.total, upTo, now)
			}
			out.credit, ahead = upTo, upTo
		}
		got, err := in.payloads(len(payloads))
		if err != nil || !in.done() {
			t.Fatal(err, in.done())
		}
		if diff := cmp.Diff(payloads, got, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestHostileTransfers: what does not fit what was said, or asked for, is
// refused.
func TestHostileTransfers(t *testing.T) {
	first := message{kind: arrive, seq: 1, total: 3 * inline, body: make([]byte, inline)}
	for name, c := range map[string]struct {
		offset int64
		length int
	}{
		"more than was asked for": {inline, 1},
		"a gap":                   {inline + 1, 0},
	} {
		in, err := newIncoming(first, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.add(c.offset, make([]byte, c.length)); !errors.Is(err, errMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	in, err := newIncoming(first, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	in.ask()
	if err := in.add(inline, make([]byte, 2*inline+1)); !errors.Is(err, errMessage) {
		t.Errorf("more than there is: %v", err)
	}
	if err := in.add(0, make([]byte, inline)); err != nil || len(in.got) != inline {
		t.Errorf("what came before: %v, and there are %d bytes", err, len(in.got))
	}
	if _, err := newIncoming(message{total: 101}, 100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than is taken: %v", err)
	}
}

// TestHostileLengths: lengths of payloads that are not there take no memory.
func TestHostileLengths(t *testing.T) {
	numbers := func(n ...uint64) (b []byte) {
		for _, x := range n {
			b = binary.AppendUvarint(b, x)
		}
		return b
	}
	for name, got := range map[string][]byte{
		"nothing":               {},
		"a count of more":       numbers(3, 0, 0, 0),
		"a huge count":          numbers(1 << 60),
		"a count without":       numbers(2, 0),
		"a huge length":         numbers(1, 1<<60),
		"a length that is -1":   numbers(1, math.MaxUint64),
		"one byte too few":      append(numbers(1, 2), 'x'),
		"one byte too many":     append(numbers(1, 0), 'x'),
		"a sum beyond the rest": append(numbers(2, 2, 2), "xyz"...),
		"a number without end":  bytes.Repeat([]byte{0x80}, 11),
	} {
		in := incoming{got: got, total: int64(len(got))}
		if all, err := in.payloads(2); !errors.Is(err, errMessage) {
			t.Errorf("%s: %d payloads, %v", name, len(all), err)
		}
	}
}
