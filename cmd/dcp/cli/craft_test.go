package cli

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A small encoder of checkpoints, sound ones and others: pickle opcodes by
// hand, so that anything can be said.

const (
	modMD = "torch.distributed.checkpoint.metadata"
	modFS = "torch.distributed.checkpoint.filesystem"
)

// op writes itself into a pickle.
type op func(*bytes.Buffer)

// kv is a dict whose order and keys are as given.
type kv [][2]any

// tup is a tuple.
type tup []any

// put writes any value of this encoder.
func put(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteByte('N')
	case bool:
		b.WriteByte(map[bool]byte{true: 0x88, false: 0x89}[v])
	case op:
		v(b)
	case string:
		b.WriteByte('X')
		binary.Write(b, binary.LittleEndian, uint32(len(v)))
		b.WriteString(v)
	case int:
		put(b, big.NewInt(int64(v)))
	case *big.Int:
		putInt(b, v)
	case float64:
		b.WriteByte('G')
		binary.Write(b, binary.BigEndian, v)
	case tup:
		b.WriteByte('(')
		for _, x := range v {
			put(b, x)
		}
		b.WriteByte('t')
	case []any:
		b.WriteString("](")
		for _, x := range v {
			put(b, x)
		}
		b.WriteByte('e')
	case kv:
		b.WriteString("}(")
		for _, p := range v {
			put(b, p[0])
			put(b, p[1])
		}
		b.WriteByte('u')
	default:
		panic(v)
	}
}

// putInt writes LONG1, two's complement.
func putInt(b *bytes.Buffer, n *big.Int) {
	if n.IsInt64() && n.Int64() >= 0 && n.Int64() < 1<<31 {
		b.WriteByte('J')
		binary.Write(b, binary.LittleEndian, int32(n.Int64()))
		return
	}
	size := n.BitLen()/8 + 1
	mod := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	raw := new(big.Int).Mod(n, mod).FillBytes(make([]byte, size))
	slices.Reverse(raw)
	b.WriteByte(0x8a)
	b.WriteByte(byte(size))
	b.Write(raw)
}

func raw(s string) op { return func(b *bytes.Buffer) { b.WriteString(s) } }

func global(module, name string) op { return raw("c" + module + "\n" + name + "\n") }

func call(f op, args ...any) op {
	return func(b *bytes.Buffer) { f(b); put(b, tup(args)); b.WriteByte('R') }
}

// object is NEWOBJ and, unless state is nil, BUILD.
func object(class op, state any) op {
	return func(b *bytes.Buffer) {
		class(b)
		b.WriteString(")\x81")
		if state != nil {
			put(b, state)
			b.WriteByte('b')
		}
	}
}

func pickled(proto byte, v any) []byte {
	b := bytes.NewBufferString("\x80" + string(rune(proto)))
	put(b, v)
	b.WriteByte('.')
	return b.Bytes()
}

func dims(ns ...int) tup {
	t := tup{}
	for _, n := range ns {
		t = append(t, n)
	}
	return t
}

func size(ns ...int) op { return call(global("torch", "Size"), dims(ns...)) }

func props(state any) op { return object(global(modMD, "TensorProperties"), state) }

func float32Props() op {
	return props(tup{
		global("torch", "float32"),
		call(global("torch.serialization", "_get_layout"), "torch.strided"),
		false, call(global(modMD, "_MEM_FORMAT_ENCODING"), 0), false,
	})
}

func chunkOf(offsets, sizes any) op {
	return object(global(modMD, "ChunkStorageMetadata"), kv{{"offsets", offsets}, {"sizes", sizes}})
}

func tensorOf(properties, size any, chunks ...any) op {
	return object(global(modMD, "TensorStorageMetadata"), kv{{"properties", properties}, {"size", size}, {"chunks", chunks}})
}

func bytesMeta() op { return object(global(modMD, "BytesStorageMetadata"), nil) }

func indexOf(fqn string, offset any) op {
	state := kv{{"fqn", fqn}, {"index", 0}}
	if offset != nil {
		state = append(state, [2]any{"offset", offset})
	}
	return object(global(modMD, "MetadataIndex"), state)
}

func infoOf(path, offset, length any, more ...[2]any) op {
	return object(global(modFS, "_StorageInfo"), append(kv{{"relative_path", path}, {"offset", offset}, {"length", length}}, more...))
}

const dataFile = "__0_0.distcp"

// craft is a checkpoint of w, float32 of shape (2, 3), in one item. A case
// changes what it wants.
type craft struct {
	state, storage kv
	planner, meta  any
	extra          kv
	top            op // nil: Metadata
	metadata       []byte
	item           []byte
	files          map[string][]byte
	after          func(t *testing.T, dir string)
}

func newCraft() *craft {
	item := zipItem(tensorEntries())
	return &craft{
		state:   kv{{"w", tensorOf(float32Props(), size(2, 3), chunkOf(size(0, 0), size(2, 3)))}},
		storage: kv{{indexOf("w", size(0, 0)), infoOf(dataFile, 0, len(item))}},
		planner: kv{{"w", tup{"w"}}},
		item:    item,
		files:   map[string][]byte{},
	}
}

// with sets the item and its length in the metadata.
func (c *craft) with(item []byte) *craft {
	c.item = item
	return c.info(dataFile, 0, len(item))
}

// info sets the record of w.
func (c *craft) info(path, offset, length any, more ...[2]any) *craft {
	c.storage = kv{{indexOf("w", size(0, 0)), infoOf(path, offset, length, more...)}}
	return c
}

// tensor sets the metadata of w.
func (c *craft) tensor(t op) *craft {
	c.state = kv{{"w", t}}
	return c
}

// object makes w a pickled object.
func (c *craft) object(item []byte) *craft {
	c.state = kv{{"w", bytesMeta()}}
	c.storage = kv{{indexOf("w", nil), infoOf(dataFile, 0, len(item))}}
	c.item = item
	return c
}

func (c *craft) write(t *testing.T) string {
	t.Helper()
	md := c.metadata
	if md == nil {
		state := append(kv{
			{"state_dict_metadata", c.state},
			{"planner_data", c.planner},
			{"storage_data", c.storage},
			{"storage_meta", c.meta},
		}, c.extra...)
		md = pickled(4, object(global(modMD, "Metadata"), state))
		if c.top != nil {
			md = pickled(4, c.top)
		}
	}
	dir := t.TempDir()
	c.files[".metadata"] = md
	if c.item != nil {
		c.files[dataFile] = c.item
	}
	for name, b := range c.files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if c.after != nil {
		c.after(t, dir)
	}
	return dir
}
