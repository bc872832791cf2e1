package cli

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// entry is one member of a torch.save archive, and what the two headers say of
// it where that is not the truth.
type entry struct {
	name   string
	data   []byte
	local  func(h []byte) // changes the local header: 30 bytes and the name
	dir    func(h []byte) // changes the central header: 46 bytes and the name
	method uint16
}

// tensorPickleOf is data.pkl of a tensor.
func tensorPickleOf(storage op, key string, numel, offset any, shape, strides tup, more ...any) []byte {
	args := append(tup{
		op(func(b *bytes.Buffer) { put(b, tup{"storage", storage, key, "cpu", numel}); b.WriteByte('Q') }),
		offset, shape, strides, false, call(global("collections", "OrderedDict")),
	}, more...)
	return pickled(2, op(func(b *bytes.Buffer) {
		global("torch._utils", "_rebuild_tensor_v2")(b)
		put(b, args)
		b.WriteByte('R')
	}))
}

var floatStorage = global("torch", "FloatStorage")

func floats() []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, []float32{0, 1, 2, 3, 4, 5})
	return b
}

func archiveOf(pkl, storage []byte) []entry {
	es := []entry{{name: "data.pkl", data: pkl}, {name: "byteorder", data: []byte("little")}}
	if storage != nil {
		es = append(es, entry{name: "data/0", data: storage})
	}
	return append(es, entry{name: "version", data: []byte("3\n")})
}

func tensorEntries() []entry {
	return archiveOf(tensorPickleOf(floatStorage, "0", 6, 0, dims(2, 3), dims(3, 1)), floats())
}

func objectItem(v any) []byte { return zipItem(archiveOf(pickled(2, v), nil)) }

// zipItem writes the archive, under the root "archive".
func zipItem(es []entry) []byte {
	var out, dir bytes.Buffer
	for _, e := range es {
		name := []byte("archive/" + e.name)
		body := e.data
		if e.method == 8 {
			var z bytes.Buffer
			w, _ := flate.NewWriter(&z, flate.BestCompression)
			w.Write(e.data)
			w.Close()
			body = z.Bytes()
		}
		at := uint32(out.Len())
		common := append([]byte{20, 0, 0, 0}, byte(e.method), 0, 0, 0, 0, 0)
		common = binary.LittleEndian.AppendUint32(common, crc32.ChecksumIEEE(e.data))
		common = binary.LittleEndian.AppendUint32(common, uint32(len(body)))
		common = binary.LittleEndian.AppendUint32(common, uint32(len(e.data)))
		common = binary.LittleEndian.AppendUint16(common, uint16(len(name)))
		common = append(common, 0, 0)
		local := append(append([]byte("PK\x03\x04"), common...), name...)
		central := append([]byte("PK\x01\x02\x14\x00"), common...)
		central = append(central, make([]byte, 10)...)
		central = binary.LittleEndian.AppendUint32(central, at)
		central = append(central, name...)
		if e.local != nil {
			e.local(local)
		}
		if e.dir != nil {
			e.dir(central)
		}
		out.Write(local)
		out.Write(body)
		dir.Write(central)
	}
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	end = binary.LittleEndian.AppendUint16(end, uint16(len(es)))
	end = binary.LittleEndian.AppendUint16(end, uint16(len(es)))
	end = binary.LittleEndian.AppendUint32(end, uint32(dir.Len()))
	end = binary.LittleEndian.AppendUint32(end, uint32(out.Len()))
	end = append(end, 0, 0)
	out.Write(dir.Bytes())
	out.Write(end)
	return out.Bytes()
}

// changed is the sound item with a change to its entry data/0.
func changed(f func(e *entry)) []byte {
	es := tensorEntries()
	f(&es[2])
	return zipItem(es)
}

func zstdOf(b []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(b, nil)
}

// descriptors are transform_descriptors.
func descriptors(names ...any) [2]any { return [2]any{"transform_descriptors", names} }

// safetensorsFile is a file with this header and so many bytes of data.
func safetensorsFile(t *testing.T, header string, data int) []byte {
	t.Helper()
	if !json.Valid([]byte(header)) {
		t.Fatalf("not JSON: %s", header)
	}
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}
