package torchfile

import (
	"github.com/godcp/godcp/internal/pickle"
)

const (
	perTensorAffine       = "per_tensor_affine"
	perChannelAffine      = "per_channel_affine"
	perChannelAffineFloat = "per_channel_affine_float_qparams"
)

var quantSchemes = map[string]bool{perTensorAffine: true, perChannelAffine: true, perChannelAffineFloat: true}

// rebuildQuantized is _rebuild_qtensor(storage, offset, size, stride,
// quantizer, requires_grad, backward_hooks).
func (a *Archive) rebuildQuantized(args pickle.Items) (*TensorRecord, error) {
	if args.Len() != 7 {
		return nil, bad(-1, "%s with %d arguments", rebuildQTensor, args.Len())
	}
	v, err := viewOf(args)
	if err != nil {
		return nil, err
	}
	if !v.dtype.IsQuantized() {
		return nil, bad(-1, "a quantized tensor of %v", v.dtype)
	}
	if v.requiresGrad, err = gradAndHooks(args.At(5), args.At(6)); err != nil {
		return nil, err
	}
	t, err := a.record(v)
	if err != nil {
		return nil, err
	}
	t.Quant, err = a.quantizer(args.At(4), t)
	return t, err
}

// quantizer is (per_tensor_affine, scale, zero_point) or (per_channel_affine,
// scales, zero_points, axis).
func (a *Archive) quantizer(v pickle.Value, t *TensorRecord) (*Quantizer, error) {
	it := v.Items()
	if v.Kind() != pickle.Tuple || it.Len() < 3 {
		return nil, bad(-1, "a quantizer that is a %v", v.Kind())
	}
	g, _ := it.At(0).Global()
	if g.Module != "torch" || !quantSchemes[g.Name] {
		return nil, bad(-1, "quantizer scheme %q", g.String())
	}
	q := &Quantizer{Scheme: g.Name}
	if g.Name == perTensorAffine {
		var okScale, okZero bool
		q.Scale, okScale = it.At(1).Float()
		q.ZeroPoint, okZero = it.At(2).Int64()
		if it.Len() != 3 || !okScale || !okZero {
			return nil, bad(-1, "a quantizer without scale and zero point")
		}
		return q, nil
	}
	if it.Len() != 4 {
		return nil, bad(-1, "a per-channel quantizer of %d members", it.Len())
	}
	var ok bool
	if q.Axis, ok = it.At(3).Int64(); !ok || q.Axis < 0 || q.Axis >= int64(len(t.Shape)) {
		return nil, mismatch("quantizer axis outside %d dimensions", len(t.Shape))
	}
	for i, dst := range []**TensorRecord{&q.Scales, &q.ZeroPoints} {
		// Plain tensors only: quantizers inside quantizers would multiply.
		o, ok := it.At(i + 1).Object()
		if !ok || o.Global().Module != rebuildModule || o.Global().Name == rebuildQTensor || o.Global().Name == rebuildParameter {
			return nil, bad(-1, "a quantizer without a plain tensor of scales and one of zero points")
		}
		p, ok, err := a.TensorOf(it.At(i + 1))
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, bad(-1, "a quantizer with %q", o.Global().Name)
		}
		if err := p.CheckShape([]int64{t.Shape[q.Axis]}); err != nil {
			return nil, err
		}
		*dst = p
	}
	return q, nil
}
