package dcp

import (
	"context"
	"fmt"
	"hash"
	"hash/crc32"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// sumItems puts a checksum of its content on every item of this rank, so that
// the coordinator sees whether what several ranks have under one name is the
// same.
func sumItems(ctx context.Context, plan *planner.SavePlan, p planner.SavePlanner) error {
	for i := range plan.Items {
		it := &plan.Items[i]
		data, err := p.ResolveData(ctx, *it)
		if err != nil {
			return err
		}
		if it.Sum, err = contentSum(data); err != nil {
			return fmt.Errorf("%s: %w", it.Index.FQN, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// contentSum is two CRCs, which cost next to nothing beside the save itself,
// and never 0. It is against mistakes, not against intent.
func contentSum(data any) (uint64, error) {
	var sums contentSums
	sums.c, sums.ieee = crc32.New(castagnoli), crc32.NewIEEE()
	if t, ok := data.(*tensor.Tensor); ok {
		sums.tensor(t)
		return sums.sum(), nil
	}
	e, err := encodeObject(data)
	if err != nil {
		return 0, err
	}
	sums.bytes(e.pickle)
	for _, t := range e.storages {
		sums.tensor(t)
	}
	return sums.sum(), nil
}

type contentSums struct{ c, ieee hash.Hash32 }

func (s contentSums) bytes(b []byte) {
	s.c.Write(b)
	s.ieee.Write(b)
}

func (s contentSums) tensor(t *tensor.Tensor) {
	b, _ := t.Contiguous().Bytes()
	s.bytes(b)
}

func (s contentSums) sum() uint64 { return max(1, uint64(s.c.Sum32())<<32|uint64(s.ieee.Sum32())) }
