package safetensors

import (
	"fmt"
	"io"
	"sort"

	"github.com/godcp/godcp/tensor"
)

// NamedTensor is a tensor to be written.
type NamedTensor struct {
	Name   string
	Tensor *tensor.Tensor
}

// File is a safetensors file to be written, laid out over the tensors' own
// memory, which must not change while the file is used. It is safe for
// concurrent use.
type File struct {
	runs []run
	size int64
}

// run is a piece of a file that lies in one piece of memory.
type run struct {
	off  int64 // bytes from the start of the file
	data []byte
}

// NewFile lays out a file as [NewLayout] does. Tensors must be dense
// ([tensor.Tensor.Bytes]); one that is not is an error that names it.
func NewFile(tensors []NamedTensor, metadata map[string]string) (*File, error) {
	infos := make([]TensorInfo, len(tensors))
	elements := make(map[string][]byte, len(tensors))
	for i, t := range tensors {
		infos[i] = TensorInfo{Name: t.Name, DType: t.Tensor.DType(), Shape: t.Tensor.Shape()}
		b, dense := t.Tensor.Bytes()
		if !dense {
			return nil, fmt.Errorf("tensor %q: shape %v with strides %v is not dense", t.Name, t.Tensor.Shape(), t.Tensor.Strides())
		}
		elements[t.Name] = b
	}
	l, err := NewLayout(infos, metadata)
	if err != nil {
		return nil, err
	}
	data := make([][]byte, len(l.Tensors))
	for i, t := range l.Tensors {
		data[i] = elements[t.Name]
	}
	return l.File(data)
}

func (f *File) add(data []byte) {
	f.runs = append(f.runs, run{f.size, data})
	f.size += int64(len(data))
}

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.size }

// ReadAt is io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("reading a safetensors file at %d", off)
	}
	n := 0
	for i := sort.Search(len(f.runs), func(i int) bool { return f.runs[i].off > off }) - 1; i < len(f.runs) && n < len(p); i++ {
		if r := f.runs[i]; off-r.off < int64(len(r.data)) {
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

// WriteTo is io.WriterTo. Each tensor goes to w in one Write, without a copy.
func (f *File) WriteTo(w io.Writer) (int64, error) {
	var n int64
	for _, r := range f.runs {
		k, err := w.Write(r.data)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
