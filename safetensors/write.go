package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sort"
	"unicode/utf8"

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

// NewFile lays out a file as the Rust library does: header, padding and order
// of the tensors are the same, byte by byte, but for __metadata__, whose order
// is random there and sorted here. nil metadata leaves __metadata__ out.
//
// What the format cannot say is an error that names the tensor: another dtype,
// a name that is there twice, is not UTF-8 or is "__metadata__"; and so is what
// [ReadHeader] would not take. Tensors must be dense ([tensor.Tensor.Bytes]).
func NewFile(tensors []NamedTensor, metadata map[string]string) (*File, error) {
	entries := make([]entry, len(tensors))
	names := make(map[string]struct{}, len(tensors))
	for i, t := range tensors {
		if _, twice := names[t.Name]; twice {
			return nil, fmt.Errorf("two tensors named %q", t.Name)
		}
		names[t.Name] = struct{}{}
		e, err := newEntry(t)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		entries[i] = e
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.name, b.name))
	})
	for key, value := range metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("metadata %q is not UTF-8", key)
		}
	}
	header := appendHeader(make([]byte, prefixLen), entries, metadata)
	if n := len(header) - prefixLen; n > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes, more than the %d that readers take", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-prefixLen))
	f := &File{runs: make([]run, 0, len(entries)+1)}
	f.add(header)
	for _, e := range entries {
		f.add(e.data)
	}
	return f, nil
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
