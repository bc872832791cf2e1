package torchfile

import (
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// persistent resolves the id ("storage", class, key, location, numel).
func (a *Archive) persistent(id pickle.Value) (any, error) {
	it := id.Items()
	if id.Kind() != pickle.Tuple || it.Len() != 5 {
		return nil, bad(-1, "a persistent id that is no storage")
	}
	if s, _ := it.At(0).Str(); s != "storage" {
		return nil, bad(-1, "a persistent id of kind %q", s)
	}
	class, ok := it.At(1).Global()
	if !ok {
		return nil, bad(-1, "a storage without a class")
	}
	dtype, ok := storageDType(class)
	if !ok {
		return nil, bad(-1, "storage class %q", class.String())
	}
	key, ok := it.At(2).Str()
	if !ok {
		return nil, bad(-1, "a storage key that is a %v", it.At(2).Kind())
	}
	if k := it.At(3).Kind(); k != pickle.Str { // where it lived: any text
		return nil, bad(-1, "a storage location that is a %v", k)
	}
	numel, ok := it.At(4).Int64()
	if !ok {
		return nil, mismatch("a storage length that is no 64-bit integer")
	}
	return a.storage(dtype, key, numel)
}

// TensorOf reads v, a part of what [Archive.Value] returned, as a tensor of
// this archive; false when it is something else.
func (a *Archive) TensorOf(v pickle.Value) (*TensorRecord, bool, error) {
	o, ok := v.Object()
	if !ok {
		return nil, false, nil
	}
	g := o.Global()
	if g == rebuildSubclass {
		return nil, true, bad(-1, "a tensor subclass, which only its own Python class can read")
	}
	if g.Module != rebuildModule {
		return nil, false, nil
	}
	switch g.Name {
	case rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter, rebuildQTensor:
	default:
		return nil, false, nil
	}
	if o.Op != pickle.Reduce || o.States.Len() > 0 || o.Items.Len() > 0 || o.Pairs.Kind() != pickle.Invalid {
		return nil, true, bad(-1, "a tensor that is changed after %s made it", g.Name)
	}
	args := o.Args.Items()
	var t *TensorRecord
	var err error
	switch g.Name {
	case rebuildParameter:
		t, err = a.rebuildParameter(args)
	case rebuildQTensor:
		t, err = a.rebuildQuantized(args)
	default:
		t, err = a.rebuildStrided(g.Name, args)
	}
	return t, true, err
}

// rebuildStrided is _rebuild_tensor(storage, offset, size, stride), with
// (requires_grad, backward_hooks) added by v2, dtype by v3, and an optional
// dict of flags after either.
func (a *Archive) rebuildStrided(name string, args pickle.Items) (*TensorRecord, error) {
	base := map[string]int{rebuildTensor: 4, rebuildTensorV2: 6, rebuildTensorV3: 7}[name]
	if n := args.Len(); n != base && (name == rebuildTensor || n != base+1) {
		return nil, bad(-1, "%s with %d arguments", name, n)
	}
	v, err := viewOf(args)
	if err != nil {
		return nil, err
	}
	if name == rebuildTensor {
		return a.record(v)
	}
	if v.requiresGrad, err = gradAndHooks(args.At(4), args.At(5)); err != nil {
		return nil, err
	}
	if name == rebuildTensorV3 {
		g, _ := args.At(6).Global()
		dtype, ok := tensor.ParseDType(g.Name)
		if !ok || g.Module != "torch" {
			return nil, bad(-1, "%s with dtype %q", name, g.String())
		}
		v.dtype = dtype
	}
	if args.Len() > base {
		if err := v.flags(args.At(base)); err != nil {
			return nil, err
		}
	}
	return a.record(v)
}

// viewOf reads storage, offset, size and stride.
func viewOf(args pickle.Items) (view, error) {
	p, _ := args.At(0).Persistent()
	s, ok := p.(storage)
	if !ok {
		return view{}, bad(-1, "a tensor without a storage")
	}
	v := view{storage: s, dtype: s.dtype, dims: []int64{}}
	if v.offset, ok = args.At(1).Int64(); !ok {
		return v, mismatch("a storage offset that is no 64-bit integer")
	}
	var err error
	if v.dims, err = appendInts(v.dims, args.At(2)); err != nil {
		return v, err
	}
	v.rank = len(v.dims)
	v.dims, err = appendInts(v.dims, args.At(3))
	return v, err
}

// appendInts reads a tuple, list or torch.Size of ints.
func appendInts(dst []int64, v pickle.Value) ([]int64, error) {
	if o, ok := v.Object(); ok && o.Global() == torchSize && o.Args.Items().Len() == 1 {
		v = o.Args.Items().At(0)
	}
	if k := v.Kind(); k != pickle.Tuple && k != pickle.List {
		return dst, mismatch("sizes or strides that are a %v", k)
	}
	for _, e := range v.Items().All() {
		n, ok := e.Int64()
		if !ok {
			return dst, mismatch("a size or stride that is no 64-bit integer but %v", e.Kind())
		}
		dst = append(dst, n)
	}
	return dst, nil
}

// gradAndHooks reads requires_grad; hooks are None or some dict, of no meaning
// for the values.
func gradAndHooks(grad, hooks pickle.Value) (bool, error) {
	on, ok := grad.Bool()
	if !ok {
		return false, bad(-1, "requires_grad is a %v", grad.Kind())
	}
	switch hooks.Kind() {
	case pickle.None, pickle.Dict:
		return on, nil
	case pickle.ObjectKind:
		if o, _ := hooks.Object(); o.Global() == orderedDict {
			return on, nil
		}
	}
	return false, bad(-1, "backward hooks are a %v", hooks.Kind())
}

// flags reads {"conj": True, "neg": True}.
func (v *view) flags(d pickle.Value) error {
	if d.IsNone() {
		return nil
	}
	pairs := d.Dict()
	if pairs == nil {
		return bad(-1, "tensor flags are a %v", d.Kind())
	}
	for key, on := range pairs.All() {
		name, _ := key.Str()
		b, ok := on.Bool()
		switch {
		case ok && name == "conj":
			v.conj = b
		case ok && name == "neg":
			v.neg = b
		default: // whatever it is, it could change the values
			return bad(-1, "unknown tensor flag %q", name)
		}
	}
	return nil
}

// rebuildParameter is _rebuild_parameter(data, requires_grad, backward_hooks).
func (a *Archive) rebuildParameter(args pickle.Items) (*TensorRecord, error) {
	if args.Len() != 3 {
		return nil, bad(-1, "%s with %d arguments", rebuildParameter, args.Len())
	}
	t, ok, err := a.TensorOf(args.At(0))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, bad(-1, "a parameter without a tensor")
	}
	t.RequiresGrad, err = gradAndHooks(args.At(1), args.At(2))
	return t, err
}

// decode runs data.pkl.
func (a *Archive) decode(max int64, opt pickle.Options) (pickle.Value, error) {
	e, b, err := a.dataPickle(max)
	if err != nil {
		return pickle.Value{}, err
	}
	return a.decodeBytes(e, b, opt)
}

func (a *Archive) decodeBytes(e Entry, b []byte, opt pickle.Options) (pickle.Value, error) {
	opt.Persistent = a.persistent
	v, _, err := pickle.Decode(b, opt)
	if err != nil {
		return v, ckpterr.At(err, ckpterr.Place{Offset: e.Offset})
	}
	return v, nil
}

func (a *Archive) dataPickle(max int64) (Entry, []byte, error) {
	e, ok := a.Entry("data.pkl")
	if !ok {
		return e, nil, ckpterr.New(ckpterr.BadArchive, "no entry data.pkl")
	}
	if e.Method != 0 {
		max = min(max, deflatedPickle)
	}
	b, err := a.ReadEntry(e, max)
	return e, b, err
}
