package pickle

import (
	"bytes"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"\x80\x04N.", "}(K\x01K\x02u.", "](K\x01K\x02eK\x03a.", "cm\nn\n)\x81}\x8c\x01aK\x01sb.",
		"cm\nC\nK\x07\x85}\x8c\x01k\x88s\x92}\x8c\x01s\x89sb(K\x08K\x09e.", "\x8f(K\x01K\x02\x90\x94h\x00\x85.",
		"ccollections\nOrderedDict\n)R\x8c\x01aK\x01s.", "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, restricted bool) {
		allow := func(Global) Verdict { return Allow }
		v, n, err := Decode(data, Options{Restricted: restricted, Globals: allow})
		if err != nil {
			if ckpterr.ClassOf(err) == "" {
				t.Fatalf("no class: %v", err)
			}
			return
		}
		if n > len(data) || n == 0 || data[n-1] != '.' {
			t.Fatalf("took %d of %d bytes", n, len(data))
		}
		touch(v, 20)
		// What follows STOP does not matter, and the value is its own.
		w, _, err := Decode(append(bytes.Clone(data[:n]), 'x'), Options{Restricted: restricted, Globals: allow})
		clear(data)
		if err != nil || Describe(v) != Describe(w) {
			t.Fatalf("again: %v", err)
		}
	})
}

// touch uses every accessor on what is near the top.
func touch(v Value, depth int) {
	if depth == 0 {
		return
	}
	v.Bytes()
	v.BigInt()
	v.Float()
	for i, m := range v.Items().All() {
		if i < 3 {
			touch(m, depth-1)
		}
	}
	if d := v.Dict(); d != nil {
		for i := range min(d.Len(), 3) {
			k, m := d.At(i)
			touch(k, depth-1)
			touch(m, depth-1)
			if s, ok := k.Str(); ok {
				if got, ok := d.Get(s); !ok || got != m {
					panic("Get disagrees with At")
				}
			}
		}
	}
	if o, ok := v.Object(); ok && depth > 15 {
		touch(o.Args, depth-1)
		touch(o.Pairs, depth-1)
	}
}
