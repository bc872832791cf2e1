package dcp

import (
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// read brings items as they are stored.
func (s *sharing) read(items []wanted) ([][]byte, error) {
	c := &capture{items: items, data: make([][]byte, len(items))}
	plan := &planner.LoadPlan{}
	for i, w := range items {
		w.item.DestIndex.Index = i // is the capture's own
		plan.Items = append(plan.Items, w.item)
	}
	return c.data, s.r.ReadData(s.ctx, plan, c)
}

// capture keeps what is read.
type capture struct {
	planner.LoadPlanner // the other methods are not called by ReadData
	items               []wanted
	data                [][]byte
}

func (c *capture) LoadBytes(it planner.ReadItem, v planner.BytesValue) error {
	c.data[it.DestIndex.Index] = v.Raw
	return nil
}

func (c *capture) ResolveTensor(it planner.ReadItem) (*tensor.Tensor, error) {
	i := it.DestIndex.Index
	t, err := tensor.New(c.items[i].dtype, it.Lengths...)
	if err != nil {
		return nil, err
	}
	c.data[i], _ = t.Bytes() // dense, as it was just made
	return t, nil
}

func (c *capture) CommitTensor(planner.ReadItem, *tensor.Tensor) error { return nil }

func (s *sharing) deliver(w wanted, data []byte) error {
	if w.item.Type == planner.LoadByteIO {
		return s.p.LoadBytes(w.item, planner.BytesValue{Raw: data, Decode: func() (any, error) { return DecodeValue(data) }})
	}
	src, err := tensor.FromBytes(w.dtype, w.item.Lengths, data)
	if err != nil {
		return err
	}
	dst, err := s.p.ResolveTensor(w.item)
	if err != nil {
		return err
	}
	if err := checkTarget(dst, w.item); err != nil {
		return err
	}
	if err := assign(dst, src); err != nil {
		return err
	}
	return s.p.CommitTensor(w.item, dst)
}
