package dcp

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// sharing is a load of which each part that all ranks want is read by one of
// them and sent to the others.
type sharing struct {
	ctx   context.Context
	g     collective.Group
	r     StorageReader
	md    *metadata.Metadata
	p     planner.LoadPlanner
	limit int64 // bytes on their way at once

	// failed is the first error of this rank by itself: the others are told in
	// the next step, in which they wait for it.
	failed error
}

type readKey [sha256.Size]byte

// wanted is an item that all ranks read.
type wanted struct {
	key   readKey
	item  planner.ReadItem
	dtype tensor.DType // as stored; Invalid for an object
	bytes int64
	info  *metadata.StorageInfo
}

// readData is ReadData of all ranks, or without a plan tells them that this one
// has failed before. They fail together.
func (s *sharing) readData(plan *planner.LoadPlan) error {
	shared, own, err := s.divide(plan)
	if err != nil {
		return err
	}
	for len(shared) > 0 {
		n, sum := 0, int64(0)
		for n < len(shared) && (n == 0 || sum+shared[n].bytes <= s.limit) {
			sum += shared[n].bytes
			n++
		}
		if err := s.batch(shared[:n]); err != nil {
			return err
		}
		shared = shared[n:]
	}
	rest := *plan
	rest.Items = own
	_, err = step(s, func() (bool, error) { return true, s.r.ReadData(s.ctx, &rest, s.p) },
		func([]bool) (bool, error) { return true, nil })
	return err
}

func step[L, R any](s *sharing, local func() (L, error), reduce func([]L) (R, error)) (R, error) {
	return collective.AllReduce(s.ctx, s.g, "read", coordinator, func() (l L, err error) {
		if s.failed != nil {
			return l, s.failed
		}
		return local()
	}, reduce)
}

// divide tells the items that all ranks have in their plans, in an order that is
// the same on all, from the others. The planner of a rank that takes memory as
// the metadata claims shares none: ReadData checks claims.
func (s *sharing) divide(plan *planner.LoadPlan) (shared []wanted, own []planner.ReadItem, err error) {
	if plan == nil {
		plan = &planner.LoadPlan{}
	}
	mine := map[readKey]wanted{}
	keyed := make([]wanted, len(plan.Items)) // by item; those without a key are the rank's own
	a, ok := s.p.(allocator)
	allocates := ok && a.Allocates()
	for i, it := range plan.Items {
		w, ok := s.want(it)
		if _, twice := mine[w.key]; ok && !twice && !allocates {
			mine[w.key], keyed[i] = w, w
		}
	}
	keys := make([]readKey, 0, len(mine))
	for k := range mine {
		keys = append(keys, k)
	}
	common, err := step(s,
		func() ([]readKey, error) { return keys, nil },
		func(all [][]readKey) ([]readKey, error) { return inAll(all), nil })
	if err != nil {
		return nil, nil, err
	}
	for _, k := range common {
		w, ok := mine[k]
		if !ok {
			return nil, nil, errors.New("read: another rank speaks of an item that was not planned here")
		}
		shared = append(shared, w)
		delete(mine, k)
	}
	for i, it := range plan.Items {
		_, left := mine[keyed[i].key]
		if left || keyed[i].key == (readKey{}) {
			own = append(own, it)
		}
	}
	slices.SortStableFunc(shared, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.info.RelativePath, b.info.RelativePath), cmp.Compare(a.info.Offset, b.info.Offset))
	})
	return shared, own, nil
}

// inAll is what every list has, sorted.
func inAll(lists [][]readKey) []readKey {
	count := map[readKey]int{}
	for _, l := range lists {
		for _, k := range l {
			count[k]++
		}
	}
	var common []readKey
	for k, n := range count {
		if n == len(lists) {
			common = append(common, k)
		}
	}
	slices.SortFunc(common, func(a, b readKey) int { return bytes.Compare(a[:], b[:]) })
	return common
}

// want describes an item; false if it is too large to be held beside what it
// goes to.
func (s *sharing) want(it planner.ReadItem) (wanted, bool) {
	w := wanted{item: it}
	w.key = sha256.Sum256(fmt.Appendf(nil, "%d %q %v %v %v %v",
		it.Type, it.StorageIndex.FQN, it.StorageIndex.Offset, it.StorageIndex.Offset == nil, it.StorageOffsets, it.Lengths))
	var there bool
	if w.info, there = s.md.Storage(it.StorageIndex); !there {
		return w, false
	}
	if it.Type == planner.LoadByteIO {
		w.bytes = w.info.Length
		return w, 0 <= w.bytes && w.bytes <= s.limit
	}
	entry, ok := s.md.Find(it.StorageIndex.FQN)
	if !ok || entry.Tensor == nil {
		return w, false
	}
	w.dtype = entry.Tensor.Properties.DType
	w.bytes, ok = tensor.NumBytes(w.dtype, it.Lengths)
	return w, ok && w.bytes <= s.limit
}

// deal gives each of n ranks a run of items: neighbours, as these are read
// together.
func deal(items []wanted, n int) [][]wanted {
	const around = 1 << 10 // about what an archive has beside its elements
	weight := func(w wanted) int64 { return w.bytes + around }
	total := int64(0)
	for _, w := range items {
		total += weight(w)
	}
	of := make([][]wanted, n)
	done := int64(0)
	for _, w := range items {
		rank := min(int(done/(total/int64(n)+1)), n-1)
		of[rank] = append(of[rank], w)
		done += weight(w)
	}
	return of
}

// batch reads some items, each on one rank, and hands all of them to the planner
// of every rank.
func (s *sharing) batch(items []wanted) error {
	of := deal(items, s.g.Size())
	all, err := step(s,
		func() ([][]byte, error) { return s.read(of[s.g.Rank()]) },
		func(parts [][][]byte) ([][][]byte, error) { return parts, nil })
	if err != nil {
		return err
	}
	for rank, ws := range of {
		if len(all[rank]) != len(ws) {
			return fmt.Errorf("read: rank %d sent %d items of %d", rank, len(all[rank]), len(ws))
		}
		for i, w := range ws {
			if s.failed == nil {
				s.failed = s.deliver(w, all[rank][i])
			}
		}
	}
	return nil
}
