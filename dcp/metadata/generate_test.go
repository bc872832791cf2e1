package metadata

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// generator writes, byte for byte, what CPython's pickle.dump(protocol=4) makes
// of a torch Metadata: frames of 64 KiB, everything memoised, batches of 1000.
type generator struct {
	out   []byte
	frame int // where the open frame's length lies; 0: none is open
	memos uint32
	memo  map[string]uint32 // shared strings, classes and values by a name of ours
}

const (
	genMetadata   = "torch.distributed.checkpoint.metadata"
	genFilesystem = "torch.distributed.checkpoint.filesystem"
)

// generate makes the `.metadata` of tensors sharded by rows over chunks ranks.
// As in a real save each rank's results came through a pickle of its own, so
// that names are new strings for each rank.
func generate(tensors, chunks int) []byte {
	g := &generator{memo: map[string]uint32{}}
	g.write(0x80, 4)
	g.object(genMetadata, "Metadata", func() {
		g.str("state_dict_metadata")
		g.dict(tensors, func(i int) {
			g.freshStr(name(i), fmt.Sprint("rank0/", i))
			g.tensor(chunks)
		})
		g.str("planner_data")
		g.dict(tensors, func(i int) {
			g.freshStr(name(i), "")
			g.freshStr("model", fmt.Sprint("planner/", i, "/0"))
			g.freshStr(name(i)[len("model."):], "")
			g.op(0x86)
			g.memoize("")
		})
		g.str("storage_data")
		offset := 0
		g.dict(tensors*chunks, func(i int) {
			rank, t := i/tensors, i%tensors
			g.object(genMetadata, "MetadataIndex", func() {
				g.str("fqn")
				g.freshStr(name(t), fmt.Sprint("rank", rank, "/", t))
				g.str("index")
				g.int(rank)
				g.str("offset")
				g.size(rank*rows, 0)
			})
			if t == 0 {
				offset = 0
			}
			g.object(genFilesystem, "_StorageInfo", func() {
				g.str("relative_path")
				g.freshStr(fmt.Sprintf("__%d_0.distcp", rank), fmt.Sprint("file", rank))
				g.str("offset")
				g.int(offset)
				g.str("length")
				g.int(stored)
			})
			offset += stored
		})
		g.str("storage_meta")
		g.object(genMetadata, "StorageMeta", func() {
			g.str("checkpoint_id")
			g.freshStr("/ckpt/step-1000", "")
			g.str("save_id")
			g.freshStr("00000000-0000-0000-0000-000000000001", "")
			g.str("load_id")
			g.boundary()
			g.op('N')
			g.str("modules")
			g.boundary()
			g.op(']')
			g.memoize("")
		})
		g.str("version")
		g.freshStr("1.0.0", "")
	})
	g.op('.')
	g.endFrame()
	return g.out
}

const (
	rows, cols = 128, 4096
	stored     = rows*cols*4 + 1536
)

func name(i int) string {
	return fmt.Sprintf("model.layers.%d.%s.weight", i/8,
		[]string{"wq", "wk", "wv", "wo", "w1", "w2", "w3", "norm"}[i%8])
}

func (g *generator) tensor(chunks int) {
	g.object(genMetadata, "TensorStorageMetadata", func() {
		g.str("properties")
		g.instance(genMetadata, "TensorProperties")
		g.boundary()
		g.op('(')
		g.global("torch", "float32")
		g.shared("strided", func() {
			g.global("torch.serialization", "_get_layout")
			g.str("torch.strided")
			g.op(0x85)
			g.memoize("")
			g.op('R')
		})
		g.flag(false)
		g.shared("contiguous", func() {
			g.global(genMetadata, "_MEM_FORMAT_ENCODING")
			g.int(0)
			g.op(0x85)
			g.memoize("")
			g.op('R')
		})
		g.flag(false)
		g.int(cols)
		g.int(1)
		g.op(0x86)
		g.memoize("")
		g.op('t')
		g.memoize("")
		g.op('b')
		g.str("size")
		g.size(rows*chunks, cols)
		g.str("chunks")
		g.boundary()
		g.op(']')
		g.memoize("")
		g.op('(')
		for i := range chunks {
			g.object(genMetadata, "ChunkStorageMetadata", func() {
				g.str("offsets")
				g.size(i*rows, 0)
				g.str("sizes")
				g.size(rows, cols)
			})
		}
		g.op('e')
	})
}

// object is an instance whose state is a dict.
func (g *generator) object(module, class string, state func()) {
	g.instance(module, class)
	g.boundary()
	g.op('}')
	g.memoize("")
	g.op('(')
	state()
	g.op('u')
	g.op('b')
}

func (g *generator) instance(module, class string) {
	g.global(module, class)
	g.boundary()
	g.op(')')
	g.op(0x81)
	g.memoize("")
}

// dict is a big one: batches of 1000.
func (g *generator) dict(n int, pair func(i int)) {
	g.boundary()
	g.op('}')
	g.memoize("")
	for batch := 0; batch <= n; batch += 1000 { // after a last full batch an empty one
		g.op('(')
		for i := batch; i < min(batch+1000, n); i++ {
			pair(i)
		}
		g.op('u')
	}
}

func (g *generator) size(dims ...int) {
	g.global("torch", "Size")
	for _, n := range dims {
		g.int(n)
	}
	g.op(0x84 + byte(len(dims)))
	g.memoize("")
	g.op(0x85)
	g.memoize("")
	g.op('R')
	g.memoize("")
}

func (g *generator) shared(key string, make func()) {
	g.boundary()
	if !g.get(key) {
		make()
		g.memoize(key)
	}
}

func (g *generator) global(module, name string) {
	g.shared(module+" "+name, func() {
		if module == "torch" {
			g.freshStr(module, "") // made anew for each of these
		} else {
			g.str(module)
		}
		g.freshStr(name, "")
		g.op(0x93)
	})
}

// str is a string that occurs once in the process, as field names do.
func (g *generator) str(s string) { g.freshStr(s, s) }

// freshStr is one that is shared under key only; "" is not shared.
func (g *generator) freshStr(s, key string) {
	g.boundary()
	if !g.get(key) {
		g.op(0x8c)
		g.out = append(g.out, byte(len(s)))
		g.out = append(g.out, s...)
		g.memoize(key)
	}
}

func (g *generator) flag(b bool) {
	g.boundary()
	g.op(map[bool]byte{true: 0x88, false: 0x89}[b])
}

func (g *generator) int(n int) {
	g.boundary()
	switch {
	case n < 1<<8:
		g.op('K', byte(n))
	case n < 1<<16:
		g.op('M', byte(n), byte(n>>8))
	case n < 1<<31:
		g.op('J')
		g.out = binary.LittleEndian.AppendUint32(g.out, uint32(n))
	default:
		size := bits.Len(uint(n))/8 + 1
		g.op(0x8a, byte(size))
		for range size {
			g.out = append(g.out, byte(n))
			n >>= 8
		}
	}
}

func (g *generator) get(key string) bool {
	i, ok := g.memo[key]
	if !ok || key == "" {
		return false
	}
	if i < 256 {
		g.op('h', byte(i))
	} else {
		g.op('j')
		g.out = binary.LittleEndian.AppendUint32(g.out, i)
	}
	return true
}

func (g *generator) memoize(key string) {
	g.op(0x94)
	if key != "" {
		g.memo[key] = g.memos
	}
	g.memos++
}

func (g *generator) write(b ...byte) { g.out = append(g.out, b...) }

func (g *generator) op(b ...byte) {
	if g.frame == 0 {
		g.write(0x95)
		g.frame = len(g.out)
		g.write(make([]byte, 8)...)
	}
	g.write(b...)
}

// boundary is where CPython may end a frame: before each value.
func (g *generator) boundary() {
	if g.frame != 0 && len(g.out)-g.frame-8 >= 64<<10 {
		g.endFrame()
	}
}

func (g *generator) endFrame() {
	if g.frame != 0 {
		binary.LittleEndian.PutUint64(g.out[g.frame:], uint64(len(g.out)-g.frame-8))
		g.frame = 0
	}
}
