package dcp

import (
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// DecodeValue decodes a pickled object from a torch.save archive (what
// Checkpoint.Bytes returns) to plain Go values. No code of it is run: a global
// that could is class UnsafePickle, other unknown classes become [Opaque].
func DecodeValue(archive []byte) (any, error) {
	a, err := torchfile.OpenBytes(archive, torchfile.Limits{})
	if err != nil {
		return nil, err
	}
	v, err := a.Value(nil)
	if err != nil {
		return nil, err
	}
	d := valueDecoder{archive: a, nodes: maxNodes + len(archive), texts: maxTexts + 2*int64(len(archive)), tensors: maxValueTensors}
	return d.value(v, 0)
}

type valueDecoder struct {
	archive *torchfile.Archive
	nodes   int   // values left
	texts   int64 // bytes of str, bytes and ints left; shared ones count each time
	tensors int64 // bytes of tensors left

	// headersOnly checks tensors inside the object without reading them.
	headersOnly bool
}

func (d *valueDecoder) value(v pickle.Value, depth int) (any, error) {
	if d.nodes--; d.nodes < 0 || depth > 2*maxValueDepth {
		return nil, ckpterr.New(ckpterr.LimitExceeded, "object is too large or too deep to be printed out")
	}
	switch v.Kind() {
	case pickle.None:
		return nil, nil
	case pickle.Bool:
		b, _ := v.Bool()
		return b, nil
	case pickle.Int:
		n, _ := v.Int64()
		return n, nil
	case pickle.BigInt:
		n, _ := v.BigInt()
		return n, d.charge(n.BitLen() / 8)
	case pickle.Float:
		f, _ := v.Float()
		return f, nil
	case pickle.Str:
		s, _ := v.Str()
		return s, d.charge(len(s))
	case pickle.Bytes:
		b, _ := v.Bytes()
		return b, d.charge(len(b))
	case pickle.ByteArray:
		b, _ := v.Bytes()
		return ByteArray(b), d.charge(len(b))
	case pickle.List:
		return d.items(v.Items(), depth)
	case pickle.Tuple:
		t, err := d.items(v.Items(), depth)
		return Tuple(t), err
	case pickle.Set, pickle.FrozenSet:
		t, err := d.items(v.Items(), depth)
		return Set{Frozen: v.Kind() == pickle.FrozenSet, Items: t}, err
	case pickle.Dict:
		return d.dict(v.Dict(), depth)
	case pickle.GlobalKind:
		g, _ := v.Global()
		if dt, ok := dtypeOf(g); ok {
			return dt, nil
		}
		return Opaque{Class: g.String()}, nil
	}
	return d.object(v, depth)
}

// maxValueDepth is how deep the decoder of pickles lets values nest.
const maxValueDepth = 100

// charge takes n bytes of text from what the object may have.
func (d *valueDecoder) charge(n int) error {
	if d.texts -= int64(n); d.texts < 0 {
		return ckpterr.New(ckpterr.LimitExceeded, "the texts of the object repeat to more than its size allows")
	}
	return nil
}

func (d *valueDecoder) items(it pickle.Items, depth int) ([]any, error) {
	var vs []any
	if !d.headersOnly {
		vs = make([]any, 0, min(it.Len(), max(d.nodes, 0)))
	}
	for _, m := range it.All() {
		x, err := d.value(m, depth+1)
		if err != nil {
			return nil, err
		}
		if !d.headersOnly {
			vs = append(vs, x)
		}
	}
	return vs, nil
}

// dict becomes a map when all keys are str.
func (d *valueDecoder) dict(p *pickle.Pairs, depth int) (any, error) {
	m := make(map[string]any, p.Len())
	for k, v := range p.All() {
		s, ok := k.Str()
		if !ok {
			pairs, err := d.pairs(p, depth)
			return Dict{Pairs: pairs}, err
		}
		x, err := d.value(v, depth+1)
		if err != nil {
			return nil, err
		}
		m[s] = x
	}
	return m, nil
}

func (d *valueDecoder) pairs(p *pickle.Pairs, depth int) ([]Pair, error) {
	if p == nil {
		return nil, nil
	}
	var pairs []Pair
	for k, v := range p.All() {
		key, err := d.value(k, depth+1)
		if err != nil {
			return nil, err
		}
		val, err := d.value(v, depth+1)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, Pair{key, val})
	}
	return pairs, nil
}

// object gives calls that are plain data their value.
func (d *valueDecoder) object(v pickle.Value, depth int) (any, error) {
	if rec, ok, err := d.archive.TensorOf(v); err != nil {
		return nil, err
	} else if ok {
		return d.tensor(rec)
	}
	o, ok := v.Object()
	if !ok {
		return Opaque{Class: v.Kind().String()}, nil
	}
	g := o.Global()
	if o.States.Len() == 0 && o.Items.Len() == 0 && o.Op == pickle.Reduce {
		if g == (pickle.Global{Module: "collections", Name: "OrderedDict"}) && o.Args.Items().Len() == 0 {
			pairs, err := d.pairs(o.Pairs.Dict(), depth)
			return Dict{Ordered: true, Pairs: pairs}, err
		}
		if o.Pairs.Kind() == pickle.Invalid {
			if x, ok, err := d.call(g, o.Args.Items(), depth); ok || err != nil {
				return x, err
			}
		}
	}
	return Opaque{Class: className(o, g)}, nil
}

// tensor reads a tensor that is part of the object.
func (d *valueDecoder) tensor(rec *torchfile.TensorRecord) (*tensor.Tensor, error) {
	if d.headersOnly {
		return nil, nil
	}
	n, ok := tensor.NumBytes(rec.DType, rec.Shape)
	if !ok || max(n, rec.StorageBytes) > d.tensors {
		return nil, ckpterr.New(ckpterr.LimitExceeded, "tensors inside the object take more than %d bytes", int64(maxValueTensors))
	}
	d.tensors -= max(n, rec.StorageBytes)
	return d.archive.ReadTensor(rec, rec.StorageBytes)
}

// className names what an unknown object is an instance of.
func className(o *pickle.Object, g pickle.Global) string {
	// copyreg's helpers take the class as their first argument.
	if (g.Module == "copyreg" || g.Module == "copy_reg") && o.Args.Items().Len() > 0 {
		if c, ok := o.Args.Items().At(0).Global(); ok {
			return c.String()
		}
	}
	if g == (pickle.Global{}) {
		return "object"
	}
	return g.String()
}
