package pickle

import (
	"math/big"

	"github.com/godcp/godcp/ckpterr"
)

// graph owns the values of one pickle.
type graph struct {
	words      []word // tuples, and the members of nodes
	nodes      []node
	objects    []object
	strs       []string
	wides      []int64
	bigs       []*big.Int
	floats     []float64
	globals    []Global
	persistent []any

	used, limit int64 // bytes
	maxDepth    int
}

// node is a list, dict, set or frozenset; its members are words[off:off+n].
type node struct {
	off, n, cap int
	depth       int
}

// object is a call that was not made.
type object struct {
	fn, args, kwargs    word
	states, list, pairs int32 // nodes, plus one; 0 when absent
	op                  Op
	depth               int16
	pos                 int // byte offset of the opcode
}

const (
	nodeBytes   = 32
	objectBytes = 56
)

// take accounts for n bytes before they are allocated.
func (g *graph) take(n int) error {
	g.used += int64(n)
	if g.used > g.limit {
		return ckpterr.New(ckpterr.LimitExceeded, "decoded values take more than %d bytes", g.limit)
	}
	return nil
}

func (g *graph) checkDepth(d int) error {
	if d > g.maxDepth {
		return ckpterr.New(ckpterr.LimitExceeded, "nested deeper than %d", g.maxDepth)
	}
	return nil
}

// depth is 0 for scalars, else one more than the deepest member had when it
// was put in.
func (g *graph) depth(w word) int {
	switch w.tag() {
	case tagTuple:
		return header(g.words[w.index()]).depth()
	case tagList, tagDict, tagSet, tagFrozenSet:
		return g.nodes[w.index()].depth
	case tagObject:
		return int(g.objects[w.index()].depth)
	case tagFreshObj, tagFreshDict, tagHandle:
		return 1
	}
	return 0
}

func (g *graph) deepest(ws []word) int {
	d := 0
	for _, w := range ws {
		if w.tag() >= tagTuple {
			d = max(d, g.depth(w))
		}
	}
	return d
}

// hashable tells whether Python takes w as a dict key.
func (g *graph) hashable(w word) bool {
	switch w.tag() {
	case tagByteArray, tagList, tagDict, tagSet, tagFreshDict:
		return false
	case tagTuple:
		return header(g.words[w.index()]).hashable()
	}
	return true
}

func (g *graph) weight(w word) int {
	if w.tag() == tagTuple {
		return header(g.words[w.index()]).weight()
	}
	return 1
}

// text is what hashing a long str costs, in units of a tuple's weight: a shared
// one can be a key very often.
func (g *graph) text(w word) int {
	if w.tag() != tagStr {
		return 0
	}
	return len(g.strs[w.index()]) / 64
}

func (g *graph) newTuple(members []word) (word, error) {
	if len(members) == 0 {
		return emptyTuple, nil
	}
	if len(members) > maxTuple {
		return 0, ckpterr.New(ckpterr.LimitExceeded, "tuple of %d members", len(members))
	}
	depth, weight, hashable := 0, 1, true
	for _, w := range members {
		if w.tag() >= tagByteArray {
			depth = max(depth, g.depth(w))
			hashable = hashable && g.hashable(w)
		}
		weight = min(weight+g.weight(w), maxWeight)
	}
	if err := g.checkDepth(depth + 1); err != nil {
		return 0, err
	}
	if err := g.take(8 * (1 + len(members))); err != nil {
		return 0, err
	}
	w := mk(tagTuple, uint64(len(g.words)))
	g.words = append(g.words, word(mkHeader(len(members), depth+1, weight, hashable)))
	g.words = append(g.words, members...)
	return w, nil
}

func (g *graph) tuple(w word) []word {
	i := w.index()
	return g.words[i+1 : i+1+header(g.words[i]).n()]
}

func (g *graph) newNode(t tag) (word, error) {
	if err := g.take(nodeBytes); err != nil {
		return 0, err
	}
	g.nodes = append(g.nodes, node{depth: 1})
	return mk(t, uint64(len(g.nodes)-1)), nil
}

// members are the members of a node, or none of a fresh dict.
func (g *graph) members(w word) []word {
	if w.tag() == tagFreshDict {
		return nil
	}
	nd := &g.nodes[w.index()]
	return g.words[nd.off : nd.off+nd.n]
}

// extend adds members to node i.
func (g *graph) extend(i int, ws []word) error {
	nd := &g.nodes[i]
	d := g.deepest(ws) + 1
	if err := g.checkDepth(d); err != nil {
		return err
	}
	nd.depth = max(nd.depth, d)
	n := nd.n + len(ws)
	switch {
	case n <= nd.cap:
		copy(g.words[nd.off+nd.n:nd.off+n], ws)
	case nd.off+nd.cap == len(g.words) && nd.cap > 0: // the last: grows in place
		if err := g.take(8 * (n - nd.cap)); err != nil {
			return err
		}
		g.words = append(g.words[:nd.off+nd.n], ws...)
		nd.cap = n
	default:
		c := n
		if nd.cap > 0 {
			c = max(n, 2*nd.cap)
		}
		if err := g.take(8 * c); err != nil {
			return err
		}
		off := len(g.words)
		g.words = append(g.words, g.words[nd.off:nd.off+nd.n]...)
		g.words = append(g.words, ws...)
		for range c - n {
			g.words = append(g.words, 0)
		}
		nd.off, nd.cap = off, c
	}
	nd.n = n
	return nil
}

func (g *graph) int(n int64) (word, error) {
	if minInline <= n && n <= maxInline {
		return smallInt(n), nil
	}
	if err := g.take(8); err != nil {
		return 0, err
	}
	g.wides = append(g.wides, n)
	return mk(tagWide, uint64(len(g.wides)-1)), nil
}
