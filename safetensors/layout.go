package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/godcp/godcp/tensor"
)

// Layout is where everything goes in a file that is to be written.
type Layout struct {
	Header  []byte       // all that comes before the first tensor's bytes
	Tensors []TensorInfo // in the order of the file, by Offset
	Size    int64        // of the file, bytes
}

// NewLayout lays out a file of tensors, whose Offset and Size it works out, as
// the Rust library does: header, padding and order of the tensors are the same,
// byte by byte, but for __metadata__, whose order is random there and sorted
// here. nil metadata leaves __metadata__ out.
//
// What the format cannot say is an error that names the tensor: what
// [CheckTensor] refuses, a name that is there twice, a header that [ReadHeader]
// would not take.
func NewLayout(tensors []TensorInfo, metadata map[string]string) (*Layout, error) {
	l := &Layout{Tensors: slices.Clone(tensors)}
	names := make(map[string]struct{}, len(tensors))
	data := int64(0)
	for i := range l.Tensors {
		t := &l.Tensors[i]
		if _, twice := names[t.Name]; twice {
			return nil, fmt.Errorf("two tensors named %q", t.Name)
		}
		names[t.Name] = struct{}{}
		if err := CheckTensor(t.Name, t.DType, t.Shape); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		t.Size, _ = tensor.NumBytes(t.DType, t.Shape)
		if data += t.Size; data < 0 || data > math.MaxInt64-2*maxHeader {
			return nil, errors.New("the file is too large")
		}
	}
	slices.SortFunc(l.Tensors, func(a, b TensorInfo) int {
		return cmp.Or(cmp.Compare(places[a.DType], places[b.DType]), cmp.Compare(a.Name, b.Name))
	})
	for key, value := range metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("metadata %q is not UTF-8", key)
		}
	}
	l.Header = appendHeader(make([]byte, prefixLen), l.Tensors, metadata)
	if n := len(l.Header) - prefixLen; n > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes, more than the %d that readers take", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(l.Header, uint64(len(l.Header)-prefixLen))
	l.Size = int64(len(l.Header))
	for i := range l.Tensors {
		l.Tensors[i].Offset = l.Size
		l.Size += l.Tensors[i].Size
	}
	return l, nil
}

// CheckTensor says why a file cannot hold a tensor: the format lacks its dtype,
// or the name is reserved, too long or not UTF-8.
func CheckTensor(name string, d tensor.DType, shape []int64) error {
	switch {
	case name == metadataKey:
		return errors.New("the name is reserved")
	case !utf8.ValidString(name):
		return errors.New("the name is not UTF-8")
	case len(name) > maxName:
		return fmt.Errorf("a name of %d bytes", len(name))
	case len(shape) > maxRank:
		return fmt.Errorf("%d dimensions", len(shape))
	}
	if _, ok := places[d]; !ok {
		return fmt.Errorf("safetensors has no dtype %v", d)
	}
	if _, ok := tensor.NumBytes(d, fileShape(d, shape)); !ok {
		return fmt.Errorf("impossible %v tensor of %v", d, shape)
	}
	if d == tensor.Float4E2M1FNx2 && len(shape) == 0 {
		return fmt.Errorf("a scalar of %v", d)
	}
	return nil
}

// File is a file of this layout over the elements of its tensors: data[i] is
// those of Tensors[i], dense and in C order. It must not change while the file
// is used.
func (l *Layout) File(data [][]byte) (*File, error) {
	if len(data) != len(l.Tensors) {
		return nil, fmt.Errorf("%d tensors in a file of %d", len(data), len(l.Tensors))
	}
	f := &File{runs: make([]run, 0, len(data)+1)}
	f.add(l.Header)
	for i, t := range l.Tensors {
		if int64(len(data[i])) != t.Size {
			return nil, fmt.Errorf("tensor %q: %d bytes for %v of %v", t.Name, len(data[i]), t.Shape, t.DType)
		}
		f.add(data[i])
	}
	return f, nil
}
