package metadata

import (
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

var chunkFields = &fields[ChunkStorageMetadata]{
	class: "ChunkStorageMetadata", need: []string{"offsets", "sizes"},
	set: func(d *decoder, x *ChunkStorageMetadata, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "offsets":
			x.Offsets, err = d.size(v, key)
			return 1, err
		case "sizes":
			x.Sizes, err = d.size(v, key)
			return 2, err
		}
		return 0, nil
	},
}

var tensorFields = &fields[TensorStorageMetadata]{
	class: "TensorStorageMetadata", need: []string{"properties", "size", "chunks"},
	set: func(d *decoder, x *TensorStorageMetadata, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "properties":
			x.Properties, err = d.properties(v)
			return 1, err
		case "size":
			x.Size, err = d.size(v, key)
			return 2, err
		case "chunks":
			x.Chunks, err = d.chunkList(v)
			return 4, err
		}
		return 0, nil
	},
}

func (d *decoder) chunkList(v pickle.Value) ([]ChunkStorageMetadata, error) {
	items, ok := sequence(v)
	if !ok {
		return nil, bad("chunks is a %s, not a list", v.Kind())
	}
	n := items.Len()
	if err := d.spend(n); err != nil {
		return nil, err
	}
	d.stored += n
	if n > 0 {
		if first, ok := handleOf(items.At(0), clsChunk); ok && d.boxes.holds(first, n) && consecutive(items, first) {
			return d.boxes.run(first, n), nil
		}
	}
	chunks := make([]ChunkStorageMetadata, n)
	for i, c := range items.All() {
		if h, ok := handleOf(c, clsChunk); ok {
			chunks[i] = d.boxes.run(h, 1)[0]
			continue
		}
		o, ok := c.Object()
		if !ok || classOf(o.Global()) != clsChunk {
			return nil, bad("chunk %d is a %s, not a ChunkStorageMetadata", i, c.Kind())
		}
		if err := object(d, &chunks[i], o, fieldNames[clsChunk], chunkFields, nil); err != nil {
			return nil, err
		}
	}
	return chunks, nil
}

func consecutive(items pickle.Items, first int) bool {
	for i, c := range items.All() {
		if h, ok := handleOf(c, clsChunk); !ok || h != first+i {
			return false
		}
	}
	return true
}

var propertiesFields = &fields[TensorProperties]{
	class: "TensorProperties", need: []string{"dtype"},
	set: func(d *decoder, x *TensorProperties, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "dtype":
			x.DType, err = dtype(v)
			return 1, err
		case "layout":
			x.Layout, err = d.layoutOf(v)
		case "requires_grad":
			x.RequiresGrad, err = flag(v, key)
		case "memory_format":
			x.MemoryFormat, err = memoryFormat(v)
		case "pin_memory":
			x.PinMemory, err = flag(v, key)
		case "strides":
			if !v.IsNone() {
				x.Strides, err = d.size(v, key)
			}
		}
		return 0, err
	},
}

// propertiesTuple is the state that TensorProperties.__getstate__ gives: five
// members, six since torch 2.15.
func (d *decoder) propertiesTuple(x *TensorProperties, members pickle.Items) (fieldSet, error) {
	if n := members.Len(); n != 5 && n != 6 {
		return 0, bad("TensorProperties of %d members", n)
	}
	for i, v := range members.All() {
		if _, err := propertiesFields.set(d, x, fieldNames[clsProperties][i], v); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

func (d *decoder) properties(v pickle.Value) (TensorProperties, error) {
	if h, ok := handleOf(v, clsProperties); ok {
		return d.props[h], nil
	}
	var x TensorProperties
	o, ok := v.Object()
	if !ok || classOf(o.Global()) != clsProperties {
		return x, bad("properties is a %s, not TensorProperties", v.Kind())
	}
	return x, object(d, &x, o, fieldNames[clsProperties], propertiesFields, d.propertiesTuple)
}

func dtype(v pickle.Value) (tensor.DType, error) {
	g, ok := v.Global()
	if !ok {
		return 0, bad("dtype is a %s", v.Kind())
	}
	if dt, ok := tensor.ParseDType(g.Name); ok && g.Module == "torch" {
		return dt, nil
	}
	return 0, bad("%q is no dtype that is known", ckpterr.Escape(g.String()))
}

func flag(v pickle.Value, what string) (bool, error) {
	b, ok := v.Bool()
	if !ok {
		return false, bad("%s is a %s, not a bool", what, v.Kind())
	}
	return b, nil
}

func (d *decoder) layoutOf(v pickle.Value) (string, error) {
	if h, ok := handleOf(v, clsLayout); ok {
		return d.layout[h], nil
	}
	if o, ok := v.Object(); ok && classOf(o.Global()) == clsLayout && o.Args.Items().Len() == 1 {
		return text(o.Args.Items().At(0), "layout")
	}
	return "", bad("layout is a %s", v.Kind())
}

func memoryFormat(v pickle.Value) (MemoryFormat, error) {
	if h, ok := handleOf(v, clsMemoryFormat); ok {
		return MemoryFormat(h), nil
	}
	if o, ok := v.Object(); ok && classOf(o.Global()) == clsMemoryFormat && o.Args.Items().Len() == 1 {
		if n, ok := o.Args.Items().At(0).Int64(); ok && 0 <= n && n <= 2 {
			return MemoryFormat(n), nil
		}
	}
	return 0, bad("memory_format is a %s that is not known", v.Kind())
}
