package pickle

import (
	"hash/maphash"
	"iter"
	"math"
)

// Pairs is a dict in Python's order: a key that is set again keeps its place
// and takes the new value.
type Pairs struct {
	g     *graph
	pairs []word
	index map[uint64]int // hash to the first pair of that hash
	next  []int          // the next pair of the same hash, plus one; nil if none has any
	seed  maphash.Seed
}

// Dict returns a dict; nil for other kinds.
func (v Value) Dict() *Pairs {
	if t := v.w.tag(); t != tagDict && t != tagFreshDict {
		return nil
	}
	raw := v.g.members(v.w)
	d := &Pairs{g: v.g, pairs: make([]word, 0, len(raw)), index: make(map[uint64]int, len(raw)/2), seed: maphash.MakeSeed()}
	for i := 0; i+1 < len(raw); i += 2 {
		d.set(raw[i], raw[i+1])
	}
	return d
}

func (d *Pairs) set(k, v word) {
	h := d.hash(k)
	first, ok := d.index[h]
	if !ok {
		d.index[h] = d.Len()
		d.pairs = append(d.pairs, k, v)
		return
	}
	for i := first; ; i = d.follow(i) {
		if d.equal(d.pairs[2*i], k) {
			d.pairs[2*i+1] = v
			return
		}
		if d.follow(i) < 0 {
			for len(d.next) <= i {
				d.next = append(d.next, 0)
			}
			d.next[i] = d.Len() + 1
			d.pairs = append(d.pairs, k, v)
			return
		}
	}
}

func (d *Pairs) follow(i int) int {
	if i >= len(d.next) {
		return -1
	}
	return d.next[i] - 1
}

// Len is the number of pairs.
func (d *Pairs) Len() int { return len(d.pairs) / 2 }

// At is the i-th pair.
func (d *Pairs) At(i int) (k, v Value) {
	return Value{d.g, d.pairs[2*i]}, Value{d.g, d.pairs[2*i+1]}
}

// All ranges over the pairs.
func (d *Pairs) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		for i := range d.Len() {
			if !yield(d.At(i)) {
				return
			}
		}
	}
}

// Get looks a str key up.
func (d *Pairs) Get(key string) (Value, bool) {
	i, ok := d.index[d.hashStr(key)]
	for ok && i >= 0 {
		if s, isStr := (Value{d.g, d.pairs[2*i]}).Str(); isStr && s == key {
			return Value{d.g, d.pairs[2*i+1]}, true
		}
		i = d.follow(i)
	}
	return Value{}, false
}

func (d *Pairs) hashStr(s string) uint64 { return maphash.String(d.seed, s) }

// hash agrees with equal. Its cost is bounded: decoding limits the weight of
// all keys together.
func (d *Pairs) hash(w word) uint64 {
	switch w.tag() {
	case tagStr:
		return d.hashStr(d.g.strs[w.index()])
	case tagBytes:
		return d.hashStr(d.g.strs[w.index()]) + 1
	case tagBig:
		return d.hashStr(string(d.g.bigs[w.index()].Bytes()))
	case tagTuple:
		h := uint64(len(d.g.tuple(w)))
		for _, m := range d.g.tuple(w) {
			h = mix(h ^ d.hash(m))
		}
		return h
	}
	if n, ok := d.number(w); ok {
		return mix(uint64(n))
	}
	if w.tag() == tagFloat {
		return mix(math.Float64bits(d.g.floats[w.index()]))
	}
	return mix(uint64(w))
}

func (d *Pairs) equal(a, b word) bool {
	if a == b {
		return true
	}
	if n, ok := d.number(a); ok {
		m, ok := d.number(b)
		return ok && n == m
	}
	if a.tag() != b.tag() {
		return false
	}
	switch a.tag() {
	case tagStr, tagBytes:
		return d.g.strs[a.index()] == d.g.strs[b.index()]
	case tagBig:
		return d.g.bigs[a.index()].Cmp(d.g.bigs[b.index()]) == 0
	case tagFloat:
		return d.g.floats[a.index()] == d.g.floats[b.index()]
	case tagTuple:
		x, y := d.g.tuple(a), d.g.tuple(b)
		for i := range x {
			if len(x) != len(y) || !d.equal(x[i], y[i]) {
				return false
			}
		}
		return len(x) == len(y)
	}
	return false
}

// number is the int64 that bools, ints and whole floats equal in Python.
func (d *Pairs) number(w word) (int64, bool) {
	switch w.tag() {
	case tagBool, tagInt:
		return w.int(), true
	case tagWide:
		return d.g.wides[w.index()], true
	case tagFloat:
		f := d.g.floats[w.index()]
		if f == math.Trunc(f) && math.Abs(f) < 1<<62 {
			return int64(f), true
		}
	}
	return 0, false
}

func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	return x ^ x>>29
}
