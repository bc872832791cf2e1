package torchfile

import (
	"bytes"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// Tensor reads the data.pkl of a tensor item as torch's weights_only loader
// does: any global that such an item does not need is UnsafePickle. A pickle
// that holds something other than a tensor is SizeMismatch.
func (a *Archive) Tensor() (*TensorRecord, error) {
	e, b, err := a.dataPickle(tensorPickle)
	if err != nil {
		return nil, err
	}
	var s scan
	if scanTensor(b, &s) {
		return a.scanned(&s)
	}
	return a.decodeTensor(e, b)
}

// decodeTensor is Tensor by way of the pickle machine.
func (a *Archive) decodeTensor(e Entry, b []byte) (*TensorRecord, error) {
	v, err := a.decodeBytes(e, b, pickle.Options{Restricted: true, Globals: tensorGlobals})
	if err != nil {
		return nil, err
	}
	t, ok, err := a.TensorOf(v)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, mismatch("the item holds a %v, not a tensor", v.Kind())
	}
	return t, nil
}

// Value reads the data.pkl of a bytes item, of any protocol. Nothing in it is
// called: classes and functions are inert nodes, and those known to be
// dangerous are UnsafePickle. Tensors inside are nodes that
// [Archive.TensorOf] reads. globals may judge each global of the file; nil
// admits all the others.
func (a *Archive) Value(globals func(pickle.Global) pickle.Verdict) (pickle.Value, error) {
	return a.decode(a.lim.Pickle, pickle.Options{Globals: globals})
}

// ReadTensor reads the storage of t, verifies its checksum, and returns the
// tensor, little-endian. A storage of more than max bytes is LimitExceeded. The
// memory may be the archive's own: the tensor must not be written to.
func (a *Archive) ReadTensor(t *TensorRecord, max int64) (*tensor.Tensor, error) {
	b, err := a.ReadEntry(t.Storage, max)
	if err != nil {
		return nil, err
	}
	if t.BigEndian {
		b = bytes.Clone(b)
		tensor.SwapBytes(t.DType, b)
	}
	x, err := tensor.FromLayout(tensor.Layout{
		DType: t.DType, Shape: t.Shape, Strides: t.Strides, StorageOffset: t.StorageOffset,
		Conj: t.Conj, Neg: t.Neg, Storage: b,
	})
	if err != nil {
		return nil, ckpterr.New(ckpterr.SizeMismatch, "%w", err)
	}
	return x, nil
}
