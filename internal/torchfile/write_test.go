package torchfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/tensor"
)

// content is all that an item writes; its reading methods must agree on it.
func content(t testing.TB, it *Item) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := it.WriteTo(&b)
	if err != nil || n != it.Size() || n != int64(b.Len()) {
		t.Fatalf("WriteTo wrote %d bytes of %d: %v", n, it.Size(), err)
	}
	if want := crc32.Checksum(b.Bytes(), castagnoli); it.CRC32C() != want {
		t.Errorf("CRC-32C %#x, want %#x", it.CRC32C(), want)
	}
	return b.Bytes()
}

// TestWritesAsTorch makes the items of all fixtures again, out of what was
// read from them, and wants every byte as torch wrote it.
func TestWritesAsTorch(t *testing.T) {
	same := map[string]int{}
	for _, it := range fixtures(t) {
		a, err := OpenBytes(it.data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := a.Entry(".storage_alignment"); !ok || string(it.data[e.Offset:][:e.Size]) != "64" || crcOff(a) {
			continue // older torch, or not its default options
		}
		var made *Item
		if it.DType == "" {
			made, err = objectAgain(a)
		} else {
			var rec *TensorRecord
			if rec, err = a.Tensor(); err != nil {
				t.Fatal(err)
			}
			if !rec.Dense || rec.Quant != nil {
				continue
			}
			var x *tensor.Tensor
			if x, err = a.ReadTensor(rec, 1<<30); err != nil {
				t.Fatal(err)
			}
			made, err = NewTensorItem(x)
		}
		if err != nil {
			t.Fatalf("%v: %v", it, err)
		}
		if got := content(t, made); !bytes.Equal(got, it.data) {
			t.Errorf("%v (-torch +ours)\n%s", it, cmp.Diff(fmt.Sprintf("%q", it.data), fmt.Sprintf("%q", got)))
		}
		same[it.DType]++
	}
	t.Log(same)
	if len(same) < 22 {
		t.Errorf("only %d dtypes: %v", len(same), same)
	}
}

func crcOff(a *Archive) bool {
	e, _ := a.Entry("data.pkl")
	return !e.HasCRC
}

// objectAgain makes the item of a's data.pkl and storages.
func objectAgain(a *Archive) (*Item, error) {
	e, _ := a.Entry("data.pkl")
	pkl, err := a.ReadEntry(e, 1<<30)
	if err != nil {
		return nil, err
	}
	var storages []*tensor.Tensor
	for i := 0; ; i++ {
		e, ok := a.Entry(fmt.Sprintf("data/%d", i))
		if !ok {
			return NewObjectItem(pkl, storages)
		}
		b, err := a.ReadEntry(e, 1<<30)
		if err != nil {
			return nil, err
		}
		s, err := tensor.FromBytes(tensor.Uint8, []int64{int64(len(b))}, b)
		if err != nil {
			return nil, err
		}
		storages = append(storages, s)
	}
}

// TestItemReadBack: our reader and archive/zip find in an item what went in,
// where the item says it is, whatever the dtype and shape.
func TestItemReadBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := rapid.SampledFrom(writable).Draw(rt, "dtype")
		shape := rapid.SliceOfN(rapid.Int64Range(0, 9), 0, 5).Draw(rt, "shape")
		x := filled(t, d, shape)
		it, err := NewTensorItem(x)
		if err != nil {
			rt.Fatal(err)
		}
		b := content(t, it)
		a, err := OpenBytes(b, Limits{})
		if err != nil {
			rt.Fatal(err)
		}
		sameAsZip(rt, b, a)
		_, p, err := a.dataPickle(tensorPickle)
		if err != nil {
			rt.Fatal(err)
		}
		if !scanTensor(p, new(scan)) {
			rt.Errorf("the short way does not read %q", p)
		}
		rec, err := a.Tensor()
		if err != nil {
			rt.Fatal(err)
		}
		got, err := a.ReadTensor(rec, 1<<30)
		if err != nil {
			rt.Fatal(err)
		}
		want, _ := x.Bytes()
		data, dense := got.Bytes()
		if got.DType() != d || !cmp.Equal(got.Shape(), x.Shape()) || !dense || !bytes.Equal(data, want) {
			rt.Errorf("%v %v came back as %v %v", d, shape, got.DType(), got.Shape())
		}
		if off := it.PayloadOffset(); off != rec.Storage.Offset || off%alignment != 0 || !bytes.Equal(b[off:][:len(want)], want) {
			rt.Errorf("payload offset %d, the reader says %d", off, rec.Storage.Offset)
		}
	})
}

// writable are the dtypes of items that DCP can load.
var writable = func() (list []tensor.DType) {
	for d := tensor.Float64; d <= tensor.Float4E2M1FNx2; d++ {
		list = append(list, d)
	}
	return list
}()

// filled is a tensor whose bytes are all different from their neighbours'.
func filled(t testing.TB, d tensor.DType, shape []int64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.New(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := x.Bytes()
	for i := range b {
		b[i] = byte(i % 251)
		if d == tensor.Bool {
			b[i] &= 1
		}
	}
	return x
}

// TestItemReadAt holds ReadAt against the rules of io.ReaderAt, for items of
// one run, of three and of many.
func TestItemReadAt(t *testing.T) {
	for n := range 4 {
		storages := make([]*tensor.Tensor, n)
		for i := range storages {
			storages[i] = filled(t, tensor.Uint8, []int64{int64(500 * i)})
		}
		it, err := NewObjectItem([]byte("\x80\x02N."), storages)
		if err != nil {
			t.Fatal(err)
		}
		b := content(t, it)
		if err := iotest.TestReader(io.NewSectionReader(it, 0, it.Size()), b); err != nil {
			t.Errorf("%d storages: %v", n, err)
		}
		for off := int64(0); off <= it.Size()+1; off += 7 {
			p := make([]byte, 100)
			k, err := it.ReadAt(p, off)
			want := b[min(off, it.Size()):min(off+100, it.Size())]
			if !bytes.Equal(p[:k], want) || (err == io.EOF) != (k < 100) {
				t.Errorf("%d storages: ReadAt(%d) read %d: %v", n, off, k, err)
			}
		}
		if _, err := it.ReadAt(make([]byte, 1), -1); err == nil {
			t.Error("read before the item's start")
		}
	}
}

// TestItemShared: whoever comes first, all read the same.
func TestItemShared(t *testing.T) {
	x := filled(t, tensor.Float32, []int64{1 << 10})
	first, err := NewTensorItem(x)
	if err != nil {
		t.Fatal(err)
	}
	want := content(t, first)
	it, err := NewTensorItem(x)
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	for i := range 8 {
		g.Go(func() error {
			b := make([]byte, 64)
			off := int64(i) * (it.Size() - 64) / 7
			if _, err := it.ReadAt(b, off); err != nil || !bytes.Equal(b, want[off:][:64]) {
				return fmt.Errorf("other bytes at %d: %w", off, err)
			}
			if it.CRC32C() != first.CRC32C() {
				return errors.New("another CRC-32C")
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestItemRefuses(t *testing.T) {
	x := filled(t, tensor.Float32, []int64{4, 4})
	column, err := x.Narrow(1, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTensorItem(column); err == nil {
		t.Error("took a tensor that is not dense")
	}
	if _, err := NewObjectItem([]byte("\x80\x02N."), []*tensor.Tensor{x, column}); err == nil {
		t.Error("took a storage that is not dense")
	}
	for d := tensor.Bits8; d <= tensor.QUInt2x4; d++ {
		if _, err := NewTensorItem(filled(t, d, []int64{4})); err == nil {
			t.Errorf("took %v", d)
		}
	}
	if it, err := NewObjectItem([]byte("\x80\x02N."), nil); err != nil || it.PayloadOffset() != -1 {
		t.Errorf("an object's payload is at %d, %v", it.PayloadOffset(), err)
	}
}
