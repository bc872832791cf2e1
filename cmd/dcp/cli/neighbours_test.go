package cli

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCraftIsSound(t *testing.T) {
	dir := newCraft().write(t)
	if r := runDCP(t, "verify", "--json", dir); r.status != 0 || strings.Contains(r.stdout, "severity") {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
	if r := runDCP(t, "cat", dir, "w", "1"); r.stdout != "[3., 4., 5.]\n" {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
}

// neighbour is a hostile checkpoint that is not among the samples.
type neighbour struct {
	name  string
	craft *craft
	want  string // the classes that are right
}

func checkNeighbours(t *testing.T, ns []neighbour) {
	t.Helper()
	for _, n := range ns {
		t.Run(n.name, func(t *testing.T) {
			dir := n.craft.write(t)
			r := runDCP(t, "verify", "--json", dir)
			if class := r.class(t); !slices.Contains(strings.Fields(n.want), class) {
				t.Errorf("%s, want one of %s\n%s%s", class, n.want, r.stdout, r.stderr)
			}
			for _, verb := range []string{"ls", "inspect", "digest"} {
				runDCP(t, verb, dir) // must not crash
			}
			runDCP(t, "cat", dir, "w")
		})
	}
}

func TestDangerousGlobals(t *testing.T) {
	danger := []op{
		global("os", "system"), global("nt", "system"), global("subprocess", "Popen"), global("builtins", "exec"),
		global("builtins", "__import__"), global("__builtin__", "apply"), global("torch", "load"), global("torch.hub", "load"),
		global("importlib", "import_module"), global("operator", "attrgetter"), global("functools", "partial"), global("pickle", "loads"),
		global("ctypes", "CDLL"), global("torch.serialization", "load"), global("runpy", "run_path"), global("sys", "exit"),
		global("numpy.testing._private.utils", "runstring"), global("codecs", "open"), global("shutil", "rmtree"), global("webbrowser", "open"),
		global("torch.jit", "load"), global("torch._utils", "os.system"), global("collections", "OrderedDict.fromkeys"), global("builtins", "compile"),
		global("io", "open"), global("pathlib", "Path.unlink"), global("pty", "spawn"), global("socket", "create_connection"), global("code", "interact"),
	}
	var ns []neighbour
	add := func(name string, c *craft) { ns = append(ns, neighbour{name, c, "UnsafePickle"}) }
	for i, g := range danger {
		evil := call(g, "true")
		var b bytes.Buffer
		g(&b)
		name := strings.ReplaceAll(strings.TrimSpace(b.String()[1:]), "\n", ".")
		c := newCraft()
		switch i % 6 { // wherever it stands
		case 0:
			c.meta = evil
		case 1:
			c.planner = kv{{"w", evil}}
		case 2:
			c.extra = kv{{"note", []any{evil}}}
		case 3:
			c.tensor(tensorOf(evil, size(2, 3)))
		case 4:
			c.info(evil, 0, 0)
		case 5:
			c.top = op(func(b *bytes.Buffer) { evil(b); b.WriteByte('0'); put(b, nil) }) // popped, but called
		}
		add("metadata "+name, c)
		add("object "+name, newCraft().object(objectItem(kv{{"a", evil}})))
		add("tensor "+name, newCraft().with(zipItem(archiveOf(pickled(2, evil), floats()))))
	}
	checkNeighbours(t, ns)
}

func TestMetadataNeighbours(t *testing.T) {
	const malformed = "MalformedPickle LimitExceeded"
	const unsafe = "UnsafePickle MalformedPickle"
	rawMD := func(s string) *craft { c := newCraft(); c.metadata = []byte(s); return c }
	planner := func(p any) *craft { c := newCraft(); c.planner = p; return c }
	storage := func(v any) *craft { c := newCraft(); c.storage = kv{{indexOf("w", size(0, 0)), v}}; return c }
	chunk := func(offsets, sizes any) *craft {
		return newCraft().tensor(tensorOf(float32Props(), size(2, 3), chunkOf(offsets, sizes)))
	}
	strided := call(global("torch.serialization", "_get_layout"), "torch.strided")
	huge := new(big.Int).Lsh(big.NewInt(1), 70)
	checkNeighbours(t, []neighbour{
		{"OBJ", rawMD("\x80\x04(cos\nsystem\nX\x04\x00\x00\x00trueo."), unsafe},
		{"EXT1", rawMD("\x80\x04\x82\x01."), unsafe},
		{"EXT2", rawMD("\x80\x04\x83\x01\x00."), unsafe},
		{"EXT4", rawMD("\x80\x04\x84\x01\x00\x00\x00."), unsafe},
		{"PERSID", rawMD("\x80\x04Pid\n."), unsafe},
		{"NEXT_BUFFER", rawMD("\x80\x05\x97."), unsafe + " LimitExceeded"},
		{"READONLY_BUFFER", rawMD("\x80\x05\x97\x98."), unsafe + " LimitExceeded"},
		{"unknown opcode", rawMD("\x80\x04\xff."), malformed},
		{"no opcode but STOP", rawMD("\x80\x04."), malformed},
		{"None", rawMD("\x80\x04N."), "BadMetadata"},
		{"an int", rawMD("\x80\x04K\x01."), "BadMetadata"},
		{"a dict", rawMD("\x80\x04}."), "BadMetadata"},
		{"text", rawMD("{\"a\": 1}"), malformed},
		{"JSON array", rawMD("[1, 2]"), malformed},
		{"negative LONG4", rawMD("\x80\x04\x8b\xff\xff\xff\xff."), malformed},
		{"BINBYTES8", rawMD("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff."), malformed},
		{"BYTEARRAY8", rawMD("\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f."), malformed},
		{"invalid UTF-8", rawMD("\x80\x04\x8c\x02\xff\xfe."), malformed},
		{"marks", rawMD("\x80\x04" + strings.Repeat("(", 2_000_000) + "."), malformed},
		{"lists", rawMD("\x80\x04" + strings.Repeat("](", 100_000)), malformed},
		{"dicts", rawMD("\x80\x04" + strings.Repeat("}K\x00", 100_000) + "N" + strings.Repeat("s", 100_000) + "."), malformed + " BadMetadata"},
		{"frozensets", rawMD("\x80\x04" + strings.Repeat("(", 100_000) + "N" + strings.Repeat("\x91", 100_000) + "."), malformed},
		{"memo flood", rawMD("\x80\x04N" + strings.Repeat("\x94", 2_000_000) + "."), malformed + " BadMetadata"},
		{"reduce chain", rawMD("\x80\x04cx\ny\n" + strings.Repeat(")R", 200_000) + "."), malformed + " BadMetadata UnsafePickle"},
		{"build chain", rawMD("\x80\x04cx\ny\n)\x81" + strings.Repeat("}b", 200_000) + "."), malformed + " BadMetadata"},
		{"set of a list", planner(raw("\x8f(]\x90")), "MalformedPickle"},
		{"cyclic dict", planner(raw("}\x94K\x01h\x00s")), "BadMetadata LimitExceeded OK"},
		{"laughs", planner(laughs()), "LimitExceeded BadMetadata OK"},
		{"props of 3", newCraft().tensor(tensorOf(props(tup{global("torch", "float32"), strided, false}), size(2, 3), chunkOf(size(0, 0), size(2, 3)))), "BadMetadata"},
		{"props of 7", newCraft().tensor(tensorOf(props(tup{global("torch", "float32"), strided, false, 0, false, nil, nil}), size(2, 3), chunkOf(size(0, 0), size(2, 3)))), "BadMetadata"},
		{"dtype is a str", newCraft().tensor(tensorOf(props(tup{"torch.float32", strided, false, 0, false}), size(2, 3), chunkOf(size(0, 0), size(2, 3)))), "BadMetadata"},
		{"dtype is no dtype", newCraft().tensor(tensorOf(props(tup{global("torch", "float31"), strided, false, 0, false}), size(2, 3), chunkOf(size(0, 0), size(2, 3)))), "BadMetadata UnsafePickle"},
		{"size is a str", newCraft().tensor(tensorOf(float32Props(), "23", chunkOf(size(0, 0), size(2, 3)))), "BadMetadata"},
		{"size with a float", newCraft().tensor(tensorOf(float32Props(), tup{2.0, 3}, chunkOf(size(0, 0), size(2, 3)))), "BadMetadata"},
		{"size with a bool", newCraft().tensor(tensorOf(float32Props(), tup{true, 3}, chunkOf(size(0, 0), size(2, 3)))), "BadMetadata ChunkBounds"},
		{"size with 2**70", newCraft().tensor(tensorOf(float32Props(), tup{huge, 3}, chunkOf(size(0, 0), size(2, 3)))), "BadMetadata OutOfRange"},
		{"numel overflows", newCraft().tensor(tensorOf(float32Props(), size(math.MaxInt64, 3), chunkOf(size(0, 0), size(math.MaxInt64, 3)))), "BadMetadata ChunkBounds LimitExceeded SizeMismatch"},
		{"2**61 elements in a tiny item", newCraft().tensor(tensorOf(float32Props(), size(1<<20, 1<<20), chunkOf(size(0, 0), size(1<<20, 1<<20)))), "SizeMismatch BadMetadata"},
		{"1000 dimensions", newCraft().tensor(tensorOf(float32Props(), size(slices.Repeat([]int{1}, 1000)...), chunkOf(size(slices.Repeat([]int{0}, 1000)...), size(slices.Repeat([]int{1}, 1000)...)))), "SizeMismatch BadMetadata LimitExceeded MissingItem"},
		{"chunk of another rank", chunk(size(0), size(6)), "ChunkBounds BadMetadata"},
		{"chunk's ranks differ", chunk(size(0, 0), size(2)), "ChunkBounds BadMetadata"},
		{"chunk beyond", chunk(size(0, 0), size(3, 3)), "ChunkBounds"},
		{"chunk end overflows", chunk(size(1, math.MaxInt64), size(1, 2)), "ChunkBounds"},
		{"chunk of negative size", chunk(size(0, 0), size(-2, 3)), "ChunkBounds BadMetadata"},
		{"no chunks", newCraft().tensor(tensorOf(float32Props(), size(2, 3))), "ChunkGap"},
		{"chunks is a dict", newCraft().tensor(object(global(modMD, "TensorStorageMetadata"), kv{{"properties", float32Props()}, {"size", size(2, 3)}, {"chunks", kv{}}})), "BadMetadata"},
		{"record of another class", storage(object(global(modMD, "StorageMeta"), kv{{"checkpoint_id", nil}})), "BadMetadata"},
		{"record is a dict", storage(kv{{"relative_path", dataFile}, {"offset", 0}, {"length", 100}}), "BadMetadata"},
		{"record of a foreign class", storage(object(global("my.module", "Info"), kv{{"relative_path", dataFile}})), "BadMetadata"},
		{"record without length", storage(object(global(modFS, "_StorageInfo"), kv{{"relative_path", dataFile}, {"offset", 0}})), "BadMetadata"},
		{"storage_data is a list", func() *craft {
			c := newCraft()
			c.top = object(global(modMD, "Metadata"), kv{{"state_dict_metadata", c.state}, {"storage_data", []any{}}})
			return c
		}(), "BadMetadata"},
		{"key is a str", func() *craft { c := newCraft(); c.storage = kv{{"w", infoOf(dataFile, 0, 10)}}; return c }(), "BadMetadata"},
		{"fqn is bytes", func() *craft { c := newCraft(); c.state[0][0] = raw("C\x01w"); return c }(), "BadMetadata"},
		{"fqn twice", func() *craft { c := newCraft(); c.state = append(c.state, c.state[0]); return c }(), "BadMetadata OK"},
		{"planner index 2**40", planner(kv{{"w", tup{"w", 1 << 40}}}), "BadMetadata LimitExceeded"},
		{"planner index 2**70", planner(kv{{"w", tup{"w", huge}}}), "BadMetadata LimitExceeded OutOfRange"},
		{"planner index -1", planner(kv{{"w", tup{"w", -1}}}), "BadMetadata"},
		{"planner path empty", planner(kv{{"w", tup{}}}), "BadMetadata"},
		{"planner path begins with an index", planner(kv{{"w", tup{0}}}), "BadMetadata OK"},
		{"planner path has None", planner(kv{{"w", tup{"w", nil}}}), "BadMetadata"},
		{"planner path twice", planner(kv{{"w", tup{"w"}}, {"v", tup{"w"}}}), "BadMetadata"},
	})
}

// laughs is 40 lists, each of ten times the one before.
func laughs() op {
	s := "]q\x00"
	for i := range 40 {
		s += "0](" + strings.Repeat("h"+string(rune(i)), 10) + "eq" + string(rune(i+1))
	}
	return raw(s)
}

func TestRecordNeighbours(t *testing.T) {
	var ns []neighbour
	item := newCraft().item
	for _, path := range []string{"../x", "", "a/../" + dataFile, "./" + dataFile, "/" + dataFile, "a//b", "..", "x/..", "\\" + dataFile, `..\x`, "C:x", "c:/x", "x\x00y", dataFile + "\x00", dataFile + "/", "~/x", "a\nb"} {
		want := "UnsafePath"
		if path == "~/x" {
			want = "MissingFile UnsafePath"
		}
		ns = append(ns, neighbour{fmt.Sprintf("path %q", path), newCraft().info(path, 0, len(item)), want})
	}
	ns = append(ns, []neighbour{
		{"negative length", newCraft().info(dataFile, 0, -1), "OutOfRange"},
		{"length 0", newCraft().info(dataFile, 0, 0), "BadArchive"},
		{"length one short", newCraft().info(dataFile, 0, len(item)-1), "BadArchive"},
		{"length one long", newCraft().info(dataFile, 0, len(item)+1), "OutOfRange"},
		{"offset one late", newCraft().info(dataFile, 1, len(item)-1), "BadArchive"},
		{"offset is a float", newCraft().info(dataFile, 0.0, len(item)), "BadMetadata"},
		{"offset is a str", newCraft().info(dataFile, "0", len(item)), "BadMetadata"},
		{"offset is None", newCraft().info(dataFile, nil, len(item)), "BadMetadata"},
		{"length is 2**64", newCraft().info(dataFile, 0, new(big.Int).Lsh(big.NewInt(1), 64)), "OutOfRange BadMetadata"},
		{"offset 2**63-1", newCraft().info(dataFile, math.MaxInt64, 1), "OutOfRange"},
		{"path is bytes", newCraft().info(raw("C\x01x"), 0, 1), "BadMetadata"},
		{"path is None", newCraft().info(nil, 0, 1), "BadMetadata"},
		{"a folder", func() *craft {
			c := newCraft().info("sub", 0, 1)
			c.files["sub/x"] = nil
			return c
		}(), "MissingFile UnsafePath"},
		{"below a file", newCraft().info(dataFile+"/x", 0, 1), "MissingFile UnsafePath"},
		{"empty file", func() *craft { c := newCraft(); c.item = []byte{}; return c }(), "OutOfRange"},
		{"a symlink out", func() *craft {
			c := newCraft().info("link", 0, len(item))
			c.after = func(t *testing.T, dir string) {
				outside := filepath.Join(t.TempDir(), "outside")
				if err := os.WriteFile(outside, item, 0o666); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
					t.Fatal(err)
				}
			}
			return c
		}(), "UnsafePath MissingFile"},
		{"one range, two names", func() *craft {
			c := newCraft()
			c.state = append(c.state, [2]any{"v", c.state[0][1]})
			c.storage = append(c.storage, [2]any{indexOf("v", size(0, 0)), c.storage[0][1]})
			return c
		}(), "BadMetadata"},
		{"descriptor /2", newCraft().info(dataFile, 0, len(item), descriptors("stream.zstd/2")), "UnknownTransform"},
		{"descriptor is empty", newCraft().info(dataFile, 0, len(item), descriptors("")), "UnknownTransform BadMetadata"},
		{"descriptor in capitals", newCraft().info(dataFile, 0, len(item), descriptors("stream.ZSTD/1")), "UnknownTransform"},
		{"descriptor is an int", newCraft().info(dataFile, 0, len(item), descriptors(1)), "BadMetadata UnknownTransform"},
		{"descriptor with a domain", newCraft().info(dataFile, 0, len(item), descriptors("stream.zstd@x/1")), "UnknownTransform"},
		{"a thousand descriptors", newCraft().info(dataFile, 0, len(item), descriptors(slices.Repeat([]any{"stream.zstd/1"}, 1000)...)), "BadTransform UnknownTransform LimitExceeded BadMetadata"},
	}...)
	checkNeighbours(t, ns)
}
