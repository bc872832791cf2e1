package torchfile

import (
	"math/bits"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

// TensorRecord says how a tensor lies in a storage of its archive. Everything
// in it has been checked: every element is inside the storage.
type TensorRecord struct {
	DType         tensor.DType
	Shape         []int64
	Strides       []int64 // elements, >= 0
	StorageOffset int64   // elements
	Storage       Entry   // where the bytes are
	StorageBytes  int64   // Storage.Size

	Conj, Neg    bool // torch's lazy flags: the stored values are not conjugated or negated yet
	RequiresGrad bool
	BigEndian    bool       // values of more than one byte need tensor.SwapBytes
	Quant        *Quantizer // of quantized dtypes, else nil

	// Dense: the payload is the tensor's logical bytes, little-endian, in C
	// order and nothing else: it may be read straight into memory.
	Dense bool
}

// Quantizer is how a quantized tensor's integers stand for numbers.
type Quantizer struct {
	Scheme    string // "per_tensor_affine", "per_channel_affine" or "per_channel_affine_float_qparams"
	Scale     float64
	ZeroPoint int64

	// Of the per-channel schemes.
	Scales, ZeroPoints *TensorRecord
	Axis               int64
}

// CheckShape is SizeMismatch unless the tensor has the wanted shape.
func (t *TensorRecord) CheckShape(want []int64) error {
	same := len(t.Shape) == len(want)
	for i := range t.Shape {
		same = same && t.Shape[i] == want[i]
	}
	if !same {
		return mismatch("the item holds shape %v, wanted %v", t.Shape, want)
	}
	return nil
}

func mismatch(format string, args ...any) error {
	return ckpterr.New(ckpterr.SizeMismatch, format, args...)
}

// storage is a persistent id of data.pkl: a typed view of one entry.
type storage struct {
	dtype tensor.DType
	entry Entry
}

// storage finds the entry that an id names and holds it to the size the id
// claims, as torch 2.15 does. numel counts elements of dtype, which is uint8
// for an UntypedStorage.
func (a *Archive) storage(dtype tensor.DType, key string, numel int64) (storage, error) {
	e, ok := a.storageEntry(key)
	if !ok {
		return storage{}, ckpterr.New(ckpterr.MissingItem, "no entry %q", "data/"+key)
	}
	hi, lo := bits.Mul64(uint64(max(numel, 0)), uint64(dtype.Size()))
	if numel < 0 || hi != 0 || lo != uint64(e.Size) {
		return storage{}, at(ckpterr.New(ckpterr.SizeMismatch, "entry %q has %d bytes for %d elements of %v", e.Name, e.Size, numel, dtype), e.Offset)
	}
	return storage{dtype: dtype, entry: e}, nil
}

func (a *Archive) storageEntry(key string) (Entry, bool) {
	const folder = "data/"
	if a.byName != nil {
		return a.Entry(folder + key)
	}
	for i := range a.entries {
		if n := a.entries[i].Name; len(n) == len(folder)+len(key) && n[:len(folder)] == folder && n[len(folder):] == key {
			return a.entries[i], true
		}
	}
	return Entry{}, false
}

// view is what a rebuild call asks for, before it is checked.
type view struct {
	storage      storage
	dtype        tensor.DType
	offset       int64
	dims         []int64 // sizes, then strides
	rank         int
	requiresGrad bool
	conj, neg    bool
}

// record checks v and makes it a TensorRecord.
func (a *Archive) record(v view) (*TensorRecord, error) {
	if len(v.dims) != 2*v.rank {
		return nil, mismatch("%d sizes and %d strides", v.rank, len(v.dims)-v.rank)
	}
	t := &TensorRecord{
		DType: v.dtype, Shape: v.dims[:v.rank:v.rank], Strides: v.dims[v.rank:], StorageOffset: v.offset,
		Storage: v.storage.entry, StorageBytes: v.storage.entry.Size,
		Conj: v.conj, Neg: v.neg, RequiresGrad: v.requiresGrad,
	}
	item := v.dtype.Size()
	t.BigEndian = a.bigEndian && item > 1
	nbytes, ok := tensor.NumBytes(v.dtype, t.Shape)
	if !ok {
		return nil, mismatch("shape %v of %v is negative or too large", t.Shape, v.dtype)
	}
	contiguous := true
	next := int64(1)
	for i := v.rank - 1; i >= 0; i-- {
		if t.Strides[i] < 0 {
			return nil, mismatch("negative strides %v", t.Strides)
		}
		contiguous = contiguous && (t.Shape[i] == 1 || t.Strides[i] == next)
		next *= t.Shape[i] // cannot overflow what matters: checked above unless zero elements
	}
	if v.offset < 0 {
		return nil, mismatch("negative storage offset %d", v.offset)
	}
	if v.conj && !v.dtype.IsComplex() {
		return nil, bad(-1, "%v marked as conjugated", v.dtype)
	}
	if err := t.checkReach(nbytes); err != nil {
		return nil, err
	}
	if nbytes > t.StorageBytes*packing(v.dtype) && nbytes > a.lim.Expand {
		return nil, ckpterr.New(ckpterr.LimitExceeded, "shape %v repeats a storage of %d bytes beyond %d bytes", t.Shape, t.StorageBytes, a.lim.Expand)
	}
	t.Dense = (contiguous || nbytes == 0) && v.offset == 0 && nbytes == t.StorageBytes && !v.conj && !v.neg &&
		!t.BigEndian && packing(v.dtype) == 1 && t.Storage.Method == methodStore
	return t, nil
}

// packing is how many elements of a shape share a byte: only torch's packed
// quantized dtypes count so.
func packing(d tensor.DType) int64 {
	switch d {
	case tensor.QUInt4x2:
		return 2
	case tensor.QUInt2x4:
		return 4
	}
	return 1
}

// checkReach refuses a layout that leaves its storage.
func (t *TensorRecord) checkReach(nbytes int64) error {
	have := t.StorageBytes / t.DType.Size() * packing(t.DType)
	if packing(t.DType) > 1 { // rows are padded to bytes: only the total can be judged
		if t.StorageOffset != 0 || nbytes > have {
			return outside(t)
		}
		return nil
	}
	if nbytes == 0 {
		return nil
	}
	last := uint64(t.StorageOffset)
	for i, size := range t.Shape {
		hi, lo := bits.Mul64(uint64(size-1), uint64(t.Strides[i]))
		sum, carry := bits.Add64(last, lo, 0)
		if hi != 0 || carry != 0 {
			return outside(t)
		}
		last = sum
	}
	if last >= uint64(have) {
		return outside(t)
	}
	return nil
}

func outside(t *TensorRecord) error {
	return ckpterr.New(ckpterr.OutOfRange, "shape %v, strides %v, offset %d reach outside a storage of %d bytes",
		t.Shape, t.Strides, t.StorageOffset, t.StorageBytes)
}
