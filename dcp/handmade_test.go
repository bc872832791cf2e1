package dcp_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// item is a torch.save archive of a float32 or complex64 tensor, as plainly as
// torch reads it.
type item struct {
	shape, strides []int64
	storage        []byte
	complex        bool
	conj           bool
	byteorder      string // "" for no such entry
	badCRC         bool
	deflate        bool
}

func int64s(b *bytes.Buffer, ns []int64) {
	b.WriteByte('(')
	for _, n := range ns {
		b.WriteByte('J')
		binary.Write(b, binary.LittleEndian, int32(n))
	}
	b.WriteByte('t')
}

func (it item) pickle() []byte {
	class, elem := "FloatStorage", 4
	if it.complex {
		class, elem = "ComplexFloatStorage", 8
	}
	strides := it.strides
	if strides == nil {
		strides = tensor.ContiguousStrides(it.shape)
	}
	var b bytes.Buffer
	str := func(s string) {
		b.WriteByte('X')
		binary.Write(&b, binary.LittleEndian, uint32(len(s)))
		b.WriteString(s)
	}
	b.WriteString("\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((")
	str("storage")
	b.WriteString("ctorch\n" + class + "\n")
	str("0")
	str("cpu")
	b.WriteByte('J')
	binary.Write(&b, binary.LittleEndian, int32(len(it.storage)/elem))
	b.WriteString("tQK\x00")
	int64s(&b, it.shape)
	int64s(&b, strides)
	b.WriteString("\x89ccollections\nOrderedDict\n)R")
	if it.conj {
		b.WriteByte('}')
		str("conj")
		b.WriteString("\x88s")
	}
	b.WriteString("tR.")
	return b.Bytes()
}

func (it item) archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string, data []byte) {
		h := &zip.FileHeader{Name: "archive/" + name, Method: zip.Store}
		if it.deflate && name == "data/0" {
			h.Method = zip.Deflate
			w, err := z.CreateHeader(h)
			if err == nil {
				_, err = w.Write(data)
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		h.CRC32 = crc32.ChecksumIEEE(data)
		if it.badCRC && name == "data/0" {
			h.CRC32 ^= 1
		}
		h.CompressedSize64, h.UncompressedSize64 = uint64(len(data)), uint64(len(data))
		w, err := z.CreateRaw(h)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("data.pkl", it.pickle())
	if it.byteorder != "" {
		add("byteorder", []byte(it.byteorder))
	}
	add("data/0", it.storage)
	add("version", []byte("3\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// store writes one file.
func store(t testing.TB, fsys fsbase.FileSystemBase, path string, content []byte) {
	t.Helper()
	w, err := fsys.CreateStream(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// handmade is a reader of a checkpoint with one tensor "w" whose chunks are
// the given items, side by side in one file, in rows.
func handmade(t *testing.T, items ...item) (*dcp.FileSystemReader, *metadata.Metadata, *memfs.FS) {
	t.Helper()
	fsys := memfs.New()
	d := tensor.Float32
	if items[0].complex {
		d = tensor.Complex64
	}
	tm := &metadata.TensorStorageMetadata{Properties: metadata.TensorProperties{DType: d}}
	md := &metadata.Metadata{StateDictMetadata: []metadata.Item{{FQN: "w", Tensor: tm}}}
	var file []byte
	var row int64
	for i, it := range items {
		box := tensor.FullBox(it.shape)
		box.Offsets[0] = row
		row += it.shape[0]
		b := it.archive(t)
		tm.Chunks = append(tm.Chunks, box)
		md.StorageData = append(md.StorageData, metadata.StorageRecord{
			Index: metadata.MetadataIndex{FQN: "w", Offset: box.Offsets, Index: i},
			Info:  metadata.StorageInfo{RelativePath: "__0_0.distcp", Offset: int64(len(file)), Length: int64(len(b))},
		})
		file = append(file, b...)
	}
	tm.Size = append([]int64{row}, items[0].shape[1:]...)
	store(t, fsys, "__0_0.distcp", file)
	r := dcp.NewFileSystemReader(fsys, dcp.ReaderOptions{})
	if err := r.SetUpStorageReader(md, true); err != nil {
		t.Fatal(err)
	}
	return r, md, fsys
}

// prepared has its metadata already.
type prepared struct{ *dcp.FileSystemReader }

func (p prepared) ReadMetadata(context.Context) (*metadata.Metadata, error) {
	return p.Metadata(), nil
}
