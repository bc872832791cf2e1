package dcp_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

// read reads a box of "w" into new memory.
func read(t *testing.T, r *dcp.FileSystemReader, md *metadata.Metadata, box tensor.Box) (*tensor.Tensor, error) {
	t.Helper()
	it, _ := md.Find("w")
	dst, err := tensor.New(it.Tensor.Properties.DType, box.Sizes...)
	if err != nil {
		t.Fatal(err)
	}
	items, err := planner.CreateReadItems(it, []tensor.Box{box})
	if err != nil {
		t.Fatal(err)
	}
	return dst, r.ReadData(t.Context(), &planner.LoadPlan{Items: items}, into{dst: dst})
}

// into is a planner that fills one tensor.
type into struct {
	planner.LoadPlanner
	dst *tensor.Tensor
}

func (p into) ResolveTensor(it planner.ReadItem) (*tensor.Tensor, error) {
	return p.dst.Sub(it.DestBox())
}
func (p into) CommitTensor(planner.ReadItem, *tensor.Tensor) error { return nil }

// TestRowsCostTheirBytes reads 1/64 of the rows of a 64 MiB tensor. torch 2.15
// reads all of it.
func TestRowsCostTheirBytes(t *testing.T) {
	const rows, cols = 4096, 4096
	data := noise(rows * cols * 4)
	r, md, _ := handmade(t, item{shape: []int64{rows, cols}, storage: data})
	const n = rows / 64
	got, err := read(t, r, md, tensor.Box{Offsets: []int64{1000, 0}, Sizes: []int64{n, cols}})
	if err != nil {
		t.Fatal(err)
	}
	if want := data[1000*cols*4:][:n*cols*4]; !bytes.Equal(logical(t, got), want) {
		t.Error("other bytes")
	}
	if limit := int64(n*cols*4*11/10 + 64<<10); r.BytesRead() > limit {
		t.Errorf("read %d bytes for %d, limit %d", r.BytesRead(), n*cols*4, limit)
	}
}

// TestColumns reads boxes whose rows have gaps, both narrow and wide.
func TestColumns(t *testing.T) {
	for _, cols := range []int64{64, 20_000} {
		const rows = 40
		data := noise(int(rows * cols * 4))
		r, md, _ := handmade(t, item{shape: []int64{rows, cols}, storage: data})
		full, err := tensor.FromBytes(tensor.Float32, []int64{rows, cols}, data)
		if err != nil {
			t.Fatal(err)
		}
		box := tensor.Box{Offsets: []int64{3, 7}, Sizes: []int64{30, 50}}
		got, err := read(t, r, md, box)
		if err != nil {
			t.Fatal(err)
		}
		want, err := full.Sub(box)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(logical(t, got), logical(t, want)) {
			t.Errorf("%d columns: other bytes", cols)
		}
		if cols == 20_000 && r.BytesRead() > 30*50*4+64<<10 {
			t.Errorf("read %d bytes for %d", r.BytesRead(), 30*50*4)
		}
	}
}

// TestLayouts reads items that are not simply dense, whole and in part.
func TestLayouts(t *testing.T) {
	small, large := []int64{4, 6}, []int64{300, 512}
	for _, shape := range [][]int64{small, large} {
		n := int(shape[0] * shape[1])
		f32 := noise(n * 4)
		c64 := noise(n * 8)
		swapped := slices.Clone(f32)
		tensor.SwapBytes(tensor.Float32, swapped)
		transposed := []int64{1, shape[0]}
		cases := []struct {
			name string
			item item
			as   tensor.Layout
		}{
			{"plain", item{shape: shape, storage: f32}, tensor.Layout{DType: tensor.Float32, Storage: f32}},
			{"transposed", item{shape: shape, strides: transposed, storage: f32}, tensor.Layout{DType: tensor.Float32, Strides: transposed, Storage: f32}},
			{"deflated", item{shape: shape, storage: f32, deflate: true}, tensor.Layout{DType: tensor.Float32, Storage: f32}},
			{"big-endian", item{shape: shape, storage: swapped, byteorder: "big"}, tensor.Layout{DType: tensor.Float32, Storage: f32}},
			{"conj", item{shape: shape, storage: c64, complex: true, conj: true}, tensor.Layout{DType: tensor.Complex64, Storage: c64, Conj: true}},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				c.as.Shape = shape
				if c.as.Strides == nil {
					c.as.Strides = tensor.ContiguousStrides(shape)
				}
				full, err := tensor.FromLayout(c.as)
				if err != nil {
					t.Fatal(err)
				}
				r, md, _ := handmade(t, c.item)
				for _, box := range []tensor.Box{
					tensor.FullBox(shape),
					{Offsets: []int64{1, 0}, Sizes: []int64{2, shape[1]}},
					{Offsets: []int64{1, 2}, Sizes: []int64{3, 3}},
				} {
					got, err := read(t, r, md, box)
					if err != nil {
						t.Fatal(err)
					}
					want, err := full.Sub(box)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(logical(t, got), logical(t, want)) {
						t.Errorf("%v: other bytes", box)
					}
				}
			})
		}
	}
}

func TestChecksum(t *testing.T) {
	for _, shape := range [][]int64{{4, 6}, {3000, 1000}} { // one block, and several
		data := noise(int(shape[0] * shape[1] * 4))
		r, md, _ := handmade(t, item{shape: shape, storage: data, badCRC: true})
		_, err := read(t, r, md, tensor.FullBox(shape))
		var e *ckpterr.Error
		if !errors.As(err, &e) || e.Class != ckpterr.ChecksumMismatch || e.File != "__0_0.distcp" || e.FQN != "w" {
			t.Errorf("%v: got %v", shape, err)
		}
	}
}

// TestManySmallItems reads neighbours in few requests.
func TestManySmallItems(t *testing.T) {
	items := make([]item, 500)
	var all []byte
	for i := range items {
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8), 1, 2}, 3)
		items[i] = item{shape: []int64{1, 3}, storage: data}
		all = append(all, data...)
	}
	r, md, fsys := handmade(t, items...)
	reads := 0
	fsys.SetHook(countReads(&reads))
	got, err := read(t, r, md, tensor.FullBox([]int64{500, 3}))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(logical(t, got), all) {
		t.Error("other bytes")
	}
	if reads > 2 {
		t.Errorf("%d reads of a file of %d bytes", reads, r.BytesRead())
	}
}

// TestPinned overwrites the file between two reads of one reader.
func TestPinned(t *testing.T) {
	shape := []int64{4, 6}
	it := item{shape: shape, storage: noise(96)}
	r, md, fsys := handmade(t, it)
	if _, err := read(t, r, md, tensor.FullBox(shape)); err != nil {
		t.Fatal(err)
	}
	store(t, fsys, "__0_0.distcp", it.archive(t))
	if _, err := read(t, r, md, tensor.FullBox(shape)); !errors.Is(err, fsbase.ErrChanged) {
		t.Errorf("got %v, want ErrChanged", err)
	}
}

// TestOverwritten loses a data file to another save between open and read.
func TestOverwritten(t *testing.T) {
	fsys := memCopy(t, rows4)
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := fsys.RmFile(t.Context(), "__2_0.distcp"); err != nil {
		t.Fatal(err)
	}
	if _, err := ck.Tensor(t.Context(), "w"); ckpterr.ClassOf(err) != ckpterr.MissingFile {
		t.Errorf("lost file: got %v", err)
	}
	store(t, fsys, ".metadata", []byte("another"))
	if _, err := ck.Tensor(t.Context(), "w"); !errors.Is(err, fsbase.ErrChanged) {
		t.Errorf("overwritten checkpoint: got %v", err)
	}
}
