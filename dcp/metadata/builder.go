package metadata

import (
	"slices"

	"github.com/godcp/godcp/internal/pickle"
)

// Class is pickle.Builder's. Classes that occur once a file are left generic.
func (d *decoder) Class(g pickle.Global) pickle.Class {
	switch c := classOf(g); c {
	case clsTensor, clsChunk, clsProperties, clsMemoryFormat, clsIndex, clsStorageInfo, clsSize, clsLayout:
		return c
	}
	return clsNone
}

// Call makes layouts and memory formats.
func (d *decoder) Call(c pickle.Class, args pickle.Items) (pickle.Handle, bool) {
	if args.Len() != 1 {
		return 0, false
	}
	switch c {
	case clsLayout:
		s, ok := args.At(0).Str()
		if len(d.layout) == 0 || d.layout[len(d.layout)-1] != s {
			d.layout = append(d.layout, s)
		}
		return mkHandle(c, len(d.layout)-1), ok
	case clsMemoryFormat:
		n, ok := args.At(0).Int64()
		return mkHandle(c, int(n)), ok && 0 <= n && n <= 2
	}
	return 0, false
}

// CallTuple makes torch.Sizes. Offsets and sizes take turns and repeat much, so
// that a look at the last two saves most of the memory.
func (d *decoder) CallTuple(c pickle.Class, members pickle.Items) (pickle.Handle, bool) {
	n := members.Len()
	if c != clsSize || n > maxDims || d.spend(n) != nil {
		return 0, false
	}
	page, pos := d.dims.tail(n)
	p := *page
	for i := range n {
		k, ok := members.At(i).Int64()
		if !ok {
			return 0, false
		}
		p = append(p, k)
	}
	i := len(d.sizes)
	for _, old := range d.recent {
		if old < i && slices.Equal(d.sizeAt(old), p[len(p)-n:]) {
			i, p = old, p[:len(p)-n]
			break
		}
	}
	if *page = p; i == len(d.sizes) {
		d.sizes = append(d.sizes, sizeRun(pos<<8|n))
	}
	d.recent = [2]int{i, d.recent[0]}
	return mkHandle(c, i), true
}

// sizeAt is the torch.Size of a handle; not nil.
func (d *decoder) sizeAt(i int) []int64 {
	return d.dims.run(int(d.sizes[i]>>8), int(d.sizes[i]&maxDims))
}

// BuildTuple makes TensorProperties.
func (d *decoder) BuildTuple(c pickle.Class, members pickle.Items) (pickle.Handle, bool) {
	if c != clsProperties {
		return 0, false
	}
	var p TensorProperties
	if _, err := d.propertiesTuple(&p, members); err != nil {
		return 0, false
	}
	d.props = append(d.props, p)
	return mkHandle(c, len(d.props)-1), true
}

// BuildDict makes everything else. An error here is not told: the object stays
// generic, and is judged where it is needed.
func (d *decoder) BuildDict(c pickle.Class, pairs pickle.Items) (pickle.Handle, bool) {
	switch c {
	case clsChunk:
		return d.buildChunk(pairs)
	case clsIndex:
		return d.buildIndex(pairs)
	case clsStorageInfo:
		return d.buildStorageInfo(pairs)
	case clsProperties:
		var x TensorProperties
		if fill(d, &x, pairs, propertiesFields) != nil {
			return 0, false
		}
		d.props = append(d.props, x)
		return mkHandle(c, len(d.props)-1), true
	case clsTensor:
		var x TensorStorageMetadata
		if fill(d, &x, pairs, tensorFields) != nil {
			return 0, false
		}
		d.tensor = append(d.tensor, x)
		return mkHandle(c, len(d.tensor)-1), true
	}
	return 0, false
}

func (d *decoder) buildChunk(pairs pickle.Items) (pickle.Handle, bool) {
	page, pos := d.boxes.tail(1)
	n := len(*page)
	p := append(*page, ChunkStorageMetadata{})
	if fill(d, &p[n], pairs, chunkFields) != nil {
		return 0, false
	}
	*page = p
	return mkHandle(clsChunk, pos), true
}

func (d *decoder) buildIndex(pairs pickle.Items) (pickle.Handle, bool) {
	if d.records == nil {
		d.records = make([]StorageRecord, 0, d.stored)
	}
	n := len(d.records)
	d.records = append(d.records, StorageRecord{Index: MetadataIndex{Index: -1}})
	if fill(d, &d.records[n].Index, pairs, indexFields) != nil {
		d.records = d.records[:n]
		return 0, false
	}
	d.half = true
	return mkHandle(clsIndex, n), true
}

func (d *decoder) buildStorageInfo(pairs pickle.Items) (pickle.Handle, bool) {
	if !d.half {
		d.records = append(d.records, StorageRecord{})
	}
	d.half = false
	n := len(d.records) - 1
	info := &d.records[n].Info
	if d.storageInfo(info, func() error { return fill(d, info, pairs, storageInfoFields) }) != nil {
		*info = StorageInfo{}
		return 0, false
	}
	return mkHandle(clsStorageInfo, n), true
}
