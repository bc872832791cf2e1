package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

const (
	prefixLen = 8
	maxHeader = 100_000_000 // bytes; the reference implementation's bound
	maxRank   = 64
	firstRead = 16 << 10
)

// Header is the table of contents of one file.
type Header struct {
	Tensors    []TensorInfo      // by Offset, then Size, then Name
	Metadata   map[string]string // __metadata__; nil when the file has none
	DataOffset int64             // of the first tensor's bytes, from the start of the file

	byName map[string]int
}

// TensorInfo is one tensor of a file. Its bytes are little-endian and in C
// order.
type TensorInfo struct {
	Name   string
	DType  tensor.DType
	Shape  []int64 // as torch counts: of F4, the last dimension counts bytes of two values
	Offset int64   // bytes from the start of the file
	Size   int64   // bytes
}

// Lookup finds a tensor by name.
func (h *Header) Lookup(name string) (TensorInfo, bool) {
	i, ok := h.byName[name]
	if !ok {
		return TensorInfo{}, false
	}
	return h.Tensors[i], true
}

// ReadHeader reads and checks the header of the file that r spans exactly; it
// may be a part of another file, as in a .distcp written with
// SerializationFormat.SAFETENSORS. Offsets count from the start of r. A header
// of more than 100 MB is LimitExceeded.
func ReadHeader(r io.ReaderAt, size int64) (*Header, error) {
	if size < prefixLen+2 {
		return nil, ckpterr.New(ckpterr.BadSafetensors, "a file of %d bytes", size)
	}
	b := make([]byte, min(size, firstRead))
	if err := readFull(r, b, 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(size-prefixLen) {
		return nil, ckpterr.New(ckpterr.BadSafetensors, "a header of %d bytes in a file of %d", n, size)
	}
	if n > maxHeader {
		return nil, ckpterr.New(ckpterr.LimitExceeded, "a header of %d bytes, more than %d", n, maxHeader)
	}
	if have := int64(len(b)); prefixLen+int64(n) > have {
		b = slices.Grow(b, prefixLen+int(n)-len(b))[:prefixLen+int(n)]
		if err := readFull(r, b[have:], have); err != nil {
			return nil, err
		}
	}
	return parseHeader(b[prefixLen:][:n], size-prefixLen-int64(n))
}

// parseHeader reads the JSON text of a header before data bytes of tensors.
func parseHeader(text []byte, data int64) (*Header, error) {
	s := &scanner{b: text, base: prefixLen}
	if len(text) == 0 || text[0] != '{' {
		return nil, s.fault("the header does not begin with '{'")
	}
	h := &Header{DataOffset: prefixLen + int64(len(text))}
	err := s.object(func(key string) (err error) {
		if key == "__metadata__" {
			h.Metadata, err = s.stringMap()
			return err
		}
		if len(key) > maxName {
			return s.fault("a tensor name of %d bytes", len(key))
		}
		t, err := s.tensorInfo(key, data)
		h.Tensors = append(h.Tensors, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	for ; s.i < len(text); s.i++ {
		if text[s.i] != ' ' {
			return nil, s.fault("bytes after the header's JSON text")
		}
	}
	return h, h.arrange(data)
}

// arrange sorts the tensors, makes sure that they fill the data without holes
// or overlaps, and makes their offsets count from the start of the file.
func (h *Header) arrange(data int64) error {
	slices.SortFunc(h.Tensors, func(a, b TensorInfo) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Name, b.Name))
	})
	h.byName = make(map[string]int, len(h.Tensors))
	var end int64
	for i := range h.Tensors {
		t := &h.Tensors[i]
		if t.Offset != end {
			return ckpterr.At(ckpterr.New(ckpterr.BadSafetensors, "data begins at %d where the tensor before it ends at %d", t.Offset, end),
				ckpterr.Place{Offset: -1, FQN: t.Name})
		}
		end += t.Size
		t.Offset += h.DataOffset
		h.byName[t.Name] = i
	}
	if end != data {
		return ckpterr.New(ckpterr.BadSafetensors, "tensors take %d of %d data bytes", end, data)
	}
	return nil
}

// tensorInfo reads {"dtype": …, "shape": […], "data_offsets": [begin, end]}.
// The Offset it returns counts from the start of the data.
func (s *scanner) tensorInfo(name string, data int64) (TensorInfo, error) {
	t := TensorInfo{Name: name}
	var dtype string
	var offsets []int64
	err := s.object(func(key string) (err error) {
		switch key {
		case "dtype":
			s.space()
			dtype, err = s.str()
		case "shape":
			t.Shape, err = s.ints(maxRank)
		case "data_offsets":
			offsets, err = s.ints(2)
		default:
			err = s.fault("key %q in a tensor's entry", key)
		}
		return err
	})
	if err == nil {
		err = s.checkTensor(&t, dtype, offsets, data)
	}
	return t, ckpterr.At(err, ckpterr.Place{Offset: -1, FQN: name})
}

func (s *scanner) checkTensor(t *TensorInfo, dtype string, offsets []int64, data int64) error {
	if dtype == "" || t.Shape == nil || len(offsets) != 2 {
		return s.fault("a tensor without dtype, shape or data_offsets")
	}
	var ok bool
	if t.DType, ok = dtypes[dtype]; !ok {
		return s.fault("dtype %q", dtype)
	}
	if _, ok = tensor.NumElements(t.Shape); !ok || t.DType == tensor.Float4E2M1FNx2 && !halveF4(t.Shape) {
		return s.fault("shape %v of %s", t.Shape, dtype)
	}
	if t.Size, ok = tensor.NumBytes(t.DType, t.Shape); !ok {
		return s.fault("shape %v of %s is too large", t.Shape, dtype)
	}
	begin, end := offsets[0], offsets[1]
	if begin < 0 || end < begin || end > data {
		return s.fault("data_offsets [%d, %d] in %d bytes of data", begin, end, data)
	}
	if end-begin != t.Size {
		return s.fault("%d bytes of data for shape %v of %s, which takes %d", end-begin, t.Shape, dtype, t.Size)
	}
	t.Offset = begin
	return nil
}

// stringMap reads an object of strings.
func (s *scanner) stringMap() (map[string]string, error) {
	m := map[string]string{}
	err := s.object(func(key string) (err error) {
		s.space()
		m[key], err = s.str()
		return err
	})
	return m, err
}

// readFull fills b. A reader that ends early is a file that is shorter than
// its storage said.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ckpterr.New(ckpterr.BadSafetensors, "the file ends at %d", off+int64(n))
	}
	return fmt.Errorf("reading %d bytes at %d: %w", len(b), off, err)
}
