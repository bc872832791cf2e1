package torchfile

import (
	"fmt"
	"io"
	"sort"
	"sync"

	"github.com/godcp/godcp/tensor"
)

// Item is an archive to be written: the bytes that torch.save writes to a
// stream, serialization id included. Its size and places are known at once; its
// checksums are worked out, once, with the first byte that is asked for.
//
// It holds no copy of the tensors' memory, which must not change while the item
// is used. It is safe for concurrent use.
type Item struct {
	pkl      []byte
	storages [][]byte
	size     int64
	payload  int64

	once   sync.Once
	runs   []run
	crc32c uint32
}

// run is a piece of an item that lies in one piece of memory.
type run struct {
	off  int64 // bytes from the item's start
	data []byte
}

// NewTensorItem lays out torch.save of t, which must be dense ([tensor.Tensor.Bytes]).
// As in torch, a dtype that has a storage class of its own is rebuilt by
// _rebuild_tensor_v2, any other by _v3. Quantized dtypes and bits, which no
// loader of DCP takes, are an error.
func NewTensorItem(t *tensor.Tensor) (*Item, error) {
	data, ok := t.Bytes()
	if !ok {
		return nil, fmt.Errorf("%v tensor %v with strides %v is not dense", t.DType(), t.Shape(), t.Strides())
	}
	pkl, err := tensorPickleOf(t.DType(), t.Shape())
	if err != nil {
		return nil, err
	}
	return newItem(pkl, [][]byte{data}), nil
}

// NewObjectItem lays out torch.save of an object that is pickled already: pkl
// becomes data.pkl, and storages, which must be dense, become data/0, data/1 …
// The item shares pkl.
func NewObjectItem(pkl []byte, storages []*tensor.Tensor) (*Item, error) {
	datas := make([][]byte, len(storages))
	for i, t := range storages {
		var ok bool
		if datas[i], ok = t.Bytes(); !ok {
			return nil, fmt.Errorf("storage %d, a %v tensor %v with strides %v, is not dense", i, t.DType(), t.Shape(), t.Strides())
		}
	}
	return newItem(pkl, datas), nil
}

func newItem(pkl []byte, storages [][]byte) *Item {
	it := &Item{pkl: pkl, storages: storages, payload: -1}
	var few [fixedRecords + 1]record
	recs := it.records(few[:0])
	_, _, it.size = layOut(recs)
	if len(storages) > 0 {
		it.payload = recs[firstStorage].payload
	}
	return it
}

// Size is the length of the item in bytes.
func (it *Item) Size() int64 { return it.size }

// PayloadOffset is where the bytes of data/0 begin, from the item's start; -1
// for an object without storages.
func (it *Item) PayloadOffset() int64 { return it.payload }

// CRC32C is the CRC-32C (Castagnoli) of all bytes of the item.
func (it *Item) CRC32C() uint32 {
	it.once.Do(it.render)
	return it.crc32c
}

// ReadAt is io.ReaderAt.
func (it *Item) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("reading an item at %d", off)
	}
	it.once.Do(it.render)
	n := 0
	for i := sort.Search(len(it.runs), func(i int) bool { return it.runs[i].off > off }) - 1; i < len(it.runs) && n < len(p); i++ {
		if r := it.runs[i]; off-r.off < int64(len(r.data)) {
			k := copy(p[n:], r.data[off-r.off:])
			n += k
			off += int64(k)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteTo is io.WriterTo. Payloads go to w in one Write each, without a copy.
func (it *Item) WriteTo(w io.Writer) (int64, error) {
	it.once.Do(it.render)
	var n int64
	for _, r := range it.runs {
		k, err := w.Write(r.data)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
