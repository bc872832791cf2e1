package planner

import (
	"encoding/gob"
	"errors"
	"fmt"
	"strings"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

var errPlan = errors.New("damaged save plan")

// UnmarshalBinary decodes what MarshalBinary made. Memory is bounded by a
// multiple of len(data); data may be changed afterwards. The items of the plan
// may share their slices.
func (p *SavePlan) UnmarshalBinary(data []byte) error {
	d := planDecoder{rest: string(data)}
	if d.byte() != planFormat {
		return fmt.Errorf("%w: unknown format", errPlan)
	}
	plan := SavePlan{Items: make([]WriteItem, d.count(minItem))}
	last := ""
	for i := range plan.Items {
		plan.Items[i] = d.item(last)
		last = plan.Items[i].Index.FQN
	}
	plan.PlannerData = d.paths()
	if d.bad {
		return errPlan
	}
	if d.rest != "" {
		r := strings.NewReader(d.rest)
		if err := gob.NewDecoder(r).Decode(&plan.StorageData); err != nil {
			return fmt.Errorf("%w: storage data: %w", errPlan, err)
		}
		if r.Len() > 0 {
			return errPlan
		}
	}
	*p = plan
	return nil
}

func (d *planDecoder) item(last string) WriteItem {
	it := WriteItem{Type: WriteItemType(d.byte())}
	flags := d.byte()
	it.Index.FQN = last
	if flags&sameFQN == 0 {
		it.Index.FQN = d.string()
	}
	it.Index.Index = d.int()
	if flags&hasOffset != 0 {
		it.Index.Offset = d.dims()
	}
	if flags&hasSum != 0 {
		it.Sum = d.uint64()
	}
	if flags&hasTensor == 0 {
		return it
	}
	t := &TensorWriteData{}
	t.Properties = metadata.TensorProperties{DType: tensor.DType(d.byte()), Layout: usualLayout}
	t.Size = d.dims()
	t.Chunk.Offsets, t.Chunk.Sizes = it.Index.Offset, t.Size
	if flags&ownOffsets != 0 {
		t.Chunk.Offsets = d.dims()
	}
	if flags&ownSizes != 0 {
		t.Chunk.Sizes = d.dims()
	}
	if flags&ownLayout != 0 {
		d.layout(&t.Properties)
	}
	it.TensorData = t
	return it
}

func (d *planDecoder) layout(p *metadata.TensorProperties) {
	flags := d.byte()
	p.RequiresGrad, p.PinMemory = flags&requiresGrad != 0, flags&pinMemory != 0
	p.MemoryFormat = metadata.MemoryFormat(d.byte())
	p.Layout = d.string()
	if flags&hasStrides != 0 {
		p.Strides = d.dims()
	}
}

func (d *planDecoder) paths() []metadata.PathEntry {
	n := d.uvarint()
	if n == 0 {
		return nil
	}
	if n-1 > uint64(len(d.rest)/minPath) {
		d.fail()
		return nil
	}
	paths := make([]metadata.PathEntry, n-1)
	for i := range paths {
		head := d.uvarint()
		fqn := ""
		if head&1 != 0 {
			fqn = d.string()
		}
		if head>>1 > uint64(len(d.rest)/minElem) {
			d.fail()
			return nil
		}
		path := make(metadata.Path, head>>1)
		for j := range path {
			path[j] = d.element()
		}
		if head&1 == 0 {
			fqn = JoinPath(path)
		}
		paths[i] = metadata.PathEntry{FQN: fqn, Path: path}
	}
	return paths
}

func (d *planDecoder) element() metadata.PathElement {
	head := d.uvarint()
	if head&1 == 0 {
		return metadata.PathElement{Key: d.take(head >> 1)}
	}
	return metadata.PathElement{Index: d.int(), IsIndex: true}
}
