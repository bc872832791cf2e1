package cli

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

func TestItemNeighbours(t *testing.T) {
	item := newCraft().item
	le := binary.LittleEndian
	pkl := func(numel, offset any, shape, strides tup, more ...any) *craft {
		return newCraft().with(zipItem(archiveOf(tensorPickleOf(floatStorage, "0", numel, offset, shape, strides, more...), floats())))
	}
	entries := func(f func(es []entry) []entry) *craft { return newCraft().with(zipItem(f(tensorEntries()))) }
	const archive = "BadArchive"
	checkNeighbours(t, []neighbour{
		{"payload damaged", newCraft().with(bytes.Replace(item, floats(), append([]byte{1}, floats()[1:]...), 1)), "ChecksumMismatch"},
		{"CRC of another", newCraft().with(changed(func(e *entry) { e.dir = func(h []byte) { le.PutUint32(h[16:], 77) } })), "ChecksumMismatch BadArchive"},
		{"local CRC of another", newCraft().with(changed(func(e *entry) { e.local = func(h []byte) { le.PutUint32(h[14:], 77) } })), "ChecksumMismatch BadArchive OK"},
		{"local size of another", newCraft().with(changed(func(e *entry) { e.local = func(h []byte) { le.PutUint32(h[18:], 8) } })), archive},
		{"local name of another", newCraft().with(changed(func(e *entry) { e.local = func(h []byte) { h[len(h)-1] = '1' } })), archive},
		{"local method of another", newCraft().with(changed(func(e *entry) { e.local = func(h []byte) { h[8] = 8 } })), archive},
		{"method 12", newCraft().with(changed(func(e *entry) { e.method = 12 })), archive},
		{"local header is none", newCraft().with(changed(func(e *entry) { e.local = func(h []byte) { h[0] = 'X' } })), archive},
		{"entry at 0 twice", entries(func(es []entry) []entry {
			es[2].dir = func(h []byte) { le.PutUint32(h[42:], 0) }
			return es
		}), archive},
		{"size past the end", newCraft().with(changed(func(e *entry) {
			e.dir = func(h []byte) { le.PutUint32(h[20:], 1<<30); le.PutUint32(h[24:], 1<<30) }
		})), "BadArchive OutOfRange SizeMismatch"},
		{"deflate claims little", newCraft().with(changed(func(e *entry) {
			e.method, e.data = 8, make([]byte, 1<<20)
			small := func(at int) func([]byte) { return func(h []byte) { le.PutUint32(h[at:], 24) } }
			e.dir, e.local = small(24), small(22)
		})), "BadArchive LimitExceeded"},
		{"deflate is damaged", newCraft().with(bytes.Replace(changed(func(e *entry) { e.method = 8 }), []byte("data/0"), []byte("data/0"), 1)[:200]), archive},
		{"a name twice", entries(func(es []entry) []entry { return append(es, es[2]) }), archive},
		{"a name twice but for case", entries(func(es []entry) []entry { return append(es, entry{name: "VERSION", data: []byte("3\n")}) }), "BadArchive OK"},
		{"an entry above the root", entries(func(es []entry) []entry { return append(es, entry{name: "../x"}) }), "BadArchive OK"},
		{"byte order of neither", entries(func(es []entry) []entry { es[1].data = []byte("middle"); return es }), archive},
		{"byte order is long", entries(func(es []entry) []entry { es[1].data = make([]byte, 1<<20); return es }), "BadArchive LimitExceeded"},
		{"version 0", entries(func(es []entry) []entry { es[3].data = []byte("0\n"); return es }), archive},
		{"version is text", entries(func(es []entry) []entry { es[3].data = []byte("x"); return es }), archive},
		{"version is empty", entries(func(es []entry) []entry { es[3].data = nil; return es }), archive},
		{"storage short", entries(func(es []entry) []entry { es[2].data = floats()[:20]; return es }), "SizeMismatch BadArchive"},
		{"storage empty", entries(func(es []entry) []entry { es[2].data = nil; return es }), "SizeMismatch BadArchive"},
		{"data.pkl is empty", entries(func(es []entry) []entry { es[0].data = nil; return es }), "MalformedPickle BadArchive"},
		{"data.pkl is text", entries(func(es []entry) []entry { es[0].data = []byte("hello"); return es }), "MalformedPickle UnsafePickle"},
		{"leading junk", newCraft().with(append([]byte("junk"), item...)), archive},
		{"trailing junk of 70 KB", newCraft().with(append(slices.Clone(item), make([]byte, 70_000)...)), archive},
		{"comment holds an end record", newCraft().with(func() []byte {
			b := slices.Clone(item)
			le.PutUint16(b[len(b)-2:], 22)
			return append(b, append([]byte("PK\x05\x06"), make([]byte, 18)...)...)
		}()), archive},
		{"only an end record", newCraft().with(append([]byte("PK\x05\x06"), make([]byte, 18)...)), archive},
		{"two archives", newCraft().with(append(slices.Clone(item), item...)), archive},
		{"strides of another rank", pkl(6, 0, dims(2, 3), dims(1)), "SizeMismatch BadArchive"},
		{"negative size", pkl(6, 0, dims(-2, -3), dims(3, 1)), "SizeMismatch BadArchive"},
		{"stride reaches out", pkl(6, 0, dims(2, 3), dims(4, 1)), "OutOfRange SizeMismatch"},
		{"stride overflows", pkl(6, 0, dims(2, 3), dims(1<<62, 1<<62)), "OutOfRange SizeMismatch"},
		{"offset overflows", pkl(6, 1<<62, dims(2, 3), dims(3, 1)), "OutOfRange SizeMismatch"},
		{"storage of -1", pkl(-1, 0, dims(2, 3), dims(3, 1)), "SizeMismatch OutOfRange BadArchive"},
		{"storage of 5", pkl(5, 0, dims(2, 3), dims(3, 1)), "SizeMismatch"},
		{"offset is a str", pkl(6, "0", dims(2, 3), dims(3, 1)), "SizeMismatch MalformedPickle BadArchive"},
		{"unknown flag", pkl(6, 0, dims(2, 3), dims(3, 1), kv{{"twist", true}}), archive},
		{"flags is a list", pkl(6, 0, dims(2, 3), dims(3, 1), []any{true}), archive},
		{"expanded", pkl(6, 0, dims(2, 3), dims(0, 1)), "OK SizeMismatch"},
		{"key is empty", newCraft().with(zipItem(archiveOf(tensorPickleOf(floatStorage, "", 6, 0, dims(2, 3), dims(3, 1)), floats()))), "BadArchive MissingItem"},
		{"key is absent", newCraft().with(zipItem(archiveOf(tensorPickleOf(floatStorage, "7", 6, 0, dims(2, 3), dims(3, 1)), floats()))), "BadArchive MissingItem"},
		{"BUILD after", newCraft().with(zipItem(archiveOf(append(bytes.TrimSuffix(tensorEntries()[0].data, []byte(".")), "}b."...), floats()))), "UnsafePickle MalformedPickle BadArchive"},
		{"subclass", newCraft().with(zipItem(archiveOf(pickled(2, call(global("torch._tensor", "_rebuild_from_type_v2"), nil, nil, tup{}, kv{})), floats()))), "BadArchive UnsafePickle SizeMismatch"},
		{"an object where a tensor should be", newCraft().with(objectItem("text")), "SizeMismatch"},
	})
}

func TestObjectNeighbours(t *testing.T) {
	checkNeighbours(t, []neighbour{
		{"executes", newCraft().object(objectItem(call(global("posix", "system"), "true"))), "UnsafePickle"},
		{"executes by NEWOBJ", newCraft().object(objectItem(raw("csubprocess\nPopen\n)\x81"))), "UnsafePickle"},
		{"executes by INST", newCraft().object(objectItem(raw("(X\x04\x00\x00\x00trueios\nsystem\n"))), "UnsafePickle MalformedPickle"},
		{"imports only", newCraft().object(objectItem(global("os", "system"))), "UnsafePickle"},
		{"unknown class", newCraft().object(objectItem(object(global("my.module", "Thing"), kv{{"a", 1}}))), "OK UnsafePickle"},
		{"foreign persistent id", newCraft().object(objectItem(raw("X\x01\x00\x00\x00xQ"))), "BadArchive MalformedPickle UnsafePickle"},
		{"deep lists", newCraft().object(objectItem(raw(strings.Repeat("]", 5000) + strings.Repeat("a", 4999)))), "LimitExceeded"},
		{"laughs", newCraft().object(objectItem(laughs())), "LimitExceeded"},
		{"a tensor that is not there", newCraft().object(zipItem(archiveOf(tensorEntries()[0].data, nil))), "BadArchive MissingItem"},
		{"truncated", func() *craft { c := newCraft().object(objectItem("x")); c.item = c.item[:50]; return c }(), "OutOfRange"},
		{"no archive", newCraft().object([]byte("\x80\x02K\x07.")), "BadArchive"},
		{"empty", newCraft().object([]byte{}), "BadArchive"},
		{"damaged", newCraft().object(bytes.Replace(objectItem("some text"), []byte("some text"), []byte("some test"), 1)), "ChecksumMismatch"},
		{"a tensor by the metadata", func() *craft {
			c := newCraft()
			c.storage = kv{{indexOf("w", nil), infoOf(dataFile, 0, len(c.item))}}
			return c
		}(), "MissingItem"},
	})
}

func TestTransformNeighbours(t *testing.T) {
	item := newCraft().item
	packed := func(b []byte, names ...any) *craft {
		c := newCraft()
		c.item = b
		return c.info(dataFile, 0, len(b), descriptors(names...))
	}
	z := zstdOf(item)
	bomb := zstdOf(make([]byte, 300<<20))
	object := newCraft()
	object.state = kv{{"w", bytesMeta()}}
	object.storage = kv{{indexOf("w", nil), infoOf(dataFile, 0, len(bomb), descriptors("stream.zstd/1"))}}
	object.item = bomb
	claims := packed(bomb, "stream.zstd/1").tensor(tensorOf(float32Props(), size(1<<28), chunkOf(size(0), size(1<<28))))
	claims.storage[0][0] = indexOf("w", size(0))
	flipped := slices.Clone(z)
	flipped[len(flipped)-5] ^= 0x40
	checkNeighbours(t, []neighbour{
		{"sound", packed(z, "stream.zstd/1"), "OK"},
		{"minor version", packed(z, "stream.zstd/1.7"), "OK"},
		{"twice", packed(zstdOf(z), "stream.zstd/1", "stream.zstd/1"), "OK"},
		{"a skippable frame", packed(append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), z...), "stream.zstd/1"), "OK"},
		{"trailing junk", packed(append(slices.Clone(z), "junk junk"...), "stream.zstd/1"), "BadTransform BadArchive"},
		{"checksum", packed(flipped, "stream.zstd/1"), "BadTransform ChecksumMismatch BadArchive"},
		{"one descriptor for two", packed(zstdOf(z), "stream.zstd/1"), "BadArchive"},
		{"two descriptors for one", packed(z, "stream.zstd/1", "stream.zstd/1"), "BadTransform BadArchive"},
		{"two, one unknown", packed(z, "stream.zstd/1", "stream.rot13/1"), "UnknownTransform"},
		{"empty", packed([]byte{}, "stream.zstd/1"), "BadTransform BadArchive"},
		{"of nothing", packed(zstdOf(nil), "stream.zstd/1"), "BadArchive BadTransform"},
		{"half", packed(z[:len(z)/2], "stream.zstd/1"), "BadTransform BadArchive"},
		{"a bomb", packed(bomb, "stream.zstd/1"), "LimitExceeded BadArchive"},
		{"a bomb as an object", object, "LimitExceeded BadArchive"},
		{"a bomb that the metadata announces", claims, "LimitExceeded BadArchive"},
	})
}
