package metadata

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// Pieces of pickles, so that tests can put odd ones together.

func pStr(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func pInt(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func pInts(ns ...int64) (s string) {
	for _, n := range ns {
		s += pInt(n)
	}
	return s
}
func pTuple(members ...string) string              { return "(" + strings.Join(members, "") + "t" }
func pList(members ...string) string               { return "](" + strings.Join(members, "") + "e" }
func pDict(pairs ...string) string                 { return "}(" + strings.Join(pairs, "") + "u" }
func pGlobal(module, name string) string           { return "c" + module + "\n" + name + "\n" }
func pCall(callable string, args ...string) string { return callable + pTuple(args...) + "R" }
func pNew(class, state string) string              { return class + ")\x81" + state + "b" }
func pSize(dims ...int64) string                   { return pCall(pGlobal("torch", "Size"), pTuple(pInts(dims...))) }
func md(name string) string                        { return pGlobal(modMetadata, name) }

var (
	pProps = pNew(md("TensorProperties"), pTuple(pGlobal("torch", "float32"),
		pCall(pGlobal("torch.serialization", "_get_layout"), pStr("torch.strided")), "\x89",
		pCall(md("_MEM_FORMAT_ENCODING"), pInt(0)), "\x89"))
	pInfo = pNew(pGlobal(modFilesystem, "_StorageInfo"),
		pDict(pStr("relative_path"), pStr("f"), pStr("offset"), pInt(0), pStr("length"), pInt(9)))
	pIndex = pNew(md("MetadataIndex"), pDict(pStr("fqn"), pStr("w"), pStr("index"), "N", pStr("offset"), pSize(0)))
	pItem  = pTensor(pProps, pSize(2), pList(pChunk(pSize(0), pSize(2))))
)

func pChunk(offsets, sizes string) string {
	return pNew(md("ChunkStorageMetadata"), pDict(pStr("offsets"), offsets, pStr("sizes"), sizes))
}

func pTensor(props, size, chunks string) string {
	return pNew(md("TensorStorageMetadata"),
		pDict(pStr("properties"), props, pStr("size"), size, pStr("chunks"), chunks))
}

// pMetadata has one tensor "w" of size (2) unless the pieces say otherwise.
func pMetadata(item, index, info string, more ...string) []byte {
	pairs := append([]string{
		pStr("state_dict_metadata"), pDict(pStr("w"), item), pStr("storage_data"), pDict(index, info),
	}, more...)
	return []byte("\x80\x02" + pNew(md("Metadata"), pDict(pairs...)) + ".")
}

var wantModel = &Metadata{
	StateDictMetadata: []Item{{FQN: "w", Tensor: &TensorStorageMetadata{
		Properties: TensorProperties{DType: tensor.Float32, Layout: "torch.strided"},
		Size:       []int64{2}, Chunks: []ChunkStorageMetadata{{Offsets: []int64{0}, Sizes: []int64{2}}},
	}}},
	PlannerData: PlannerData{None: true},
	StorageData: []StorageRecord{{
		MetadataIndex{FQN: "w", Offset: []int64{0}, Index: -1}, StorageInfo{RelativePath: "f", Length: 9},
	}},
}

// TestForms: everything that means the same as what torch writes now.
func TestForms(t *testing.T) {
	forms := map[string][]byte{
		"plain":          pMetadata(pItem, pIndex, pInfo),
		"tuple for size": pMetadata(pTensor(pProps, pTuple(pInt(2)), pTuple(pChunk(pTuple(pInt(0)), pList(pInt(2))))), pIndex, pInfo),
		"positional": pMetadata(
			pCall(md("TensorStorageMetadata"), pProps, pSize(2), pList(pCall(md("ChunkStorageMetadata"), pSize(0), pSize(2)))),
			pCall(md("MetadataIndex"), pStr("w"), pSize(0)),
			pCall(pGlobal(modFilesystem, "_StorageInfo"), pStr("f"), pInt(0), pInt(9))),
		"positional top": []byte("\x80\x02" + pCall(md("Metadata"), pDict(pStr("w"), pItem), "N", pDict(pIndex, pInfo)) + "."),
		"dict state of properties": pMetadata(pTensor(pNew(md("TensorProperties"), pDict(
			pStr("dtype"), pGlobal("torch", "float"), pStr("layout"),
			pCall(pGlobal("torch.serialization", "_get_layout"), pStr("torch.strided")))),
			pSize(2), pList(pChunk(pSize(0), pSize(2)))), pIndex, pInfo),
		"old modules": []byte(strings.NewReplacer(
			modMetadata+"\nTensorProperties", oldSharded+"\nTensorProperties",
			modMetadata+"\n_MEM_FORMAT_ENCODING", oldSharded+"\nMEM_FORMAT_ENCODING",
			modMetadata, oldMetadata, modFilesystem, oldFilesystem,
		).Replace(string(pMetadata(pItem, pIndex, pInfo)))),
		"shared parts": pMetadata(
			pTensor(pProps, pSize(2)+"q\x01", pList(md("ChunkStorageMetadata")+")\x81q\x02"+
				pDict(pStr("offsets"), pSize(0)+"q\x03", pStr("sizes"), "h\x01")+"q\x04b")),
			pNew(md("MetadataIndex"), pDict(pStr("fqn"), pStr("w"), pStr("offset"), "h\x03")), pInfo,
			pStr("planner_data"), "N", pStr("version"), "N", pStr("storage_meta"), "N"),
	}
	for name, data := range forms {
		t.Run(name, func(t *testing.T) {
			m, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantModel, m, sameModel); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for p := range m.Validate() {
				t.Error(p.Err)
			}
		})
	}
}

func TestForeignParts(t *testing.T) {
	own := pCall(pGlobal("mine.planner", "Plan"), pInt(7))
	data := pMetadata(pItem, pIndex, pNew(pGlobal("mine.storage", "Info"), pDict(
		pStr("relative_path"), pStr("f"), pStr("offset"), pInt(0), pStr("length"), pInt(9), pStr("crc"), pInt(5))),
		pStr("planner_data"), own, pStr("storage_meta"), own, pStr("mine"), pList(pStr("a")))
	data = []byte(strings.Replace(string(data), modMetadata+"\nMetadata\n", "mine\nMetadata\n", 1))
	m, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"mine.Metadata", "mine.storage.Info", "mine.planner.Plan"}
	if diff := cmp.Diff(want, m.Unknown); diff != "" {
		t.Errorf("Unknown: -want +got:\n%s", diff)
	}
	for name, v := range map[string]pickle.Value{
		"planner_data": m.PlannerData.Foreign(), "storage_meta": m.StorageMeta.Foreign(),
	} {
		o, ok := v.Object()
		if !ok || o.Global() != (pickle.Global{Module: "mine.planner", Name: "Plan"}) {
			t.Errorf("%s: %s", name, pickle.Describe(v))
		}
	}
	if m.PlannerData.Opaque != "object mine.planner.Plan" || m.PlannerData.None {
		t.Errorf("planner: %+v", m.PlannerData)
	}
	if len(m.Extra) != 1 || m.Extra[0].Key != "mine" || m.Extra[0].Value.Items().Len() != 1 {
		t.Errorf("extra: %v", m.Extra)
	}
	if x := m.StorageData[0].Info.Extra; len(x) != 1 || x[0].Key != "crc" {
		t.Errorf("extra of the record: %v", x)
	}
}

func TestCheckpointID(t *testing.T) {
	path := func(module, name string, parts ...string) string {
		for i := range parts {
			parts[i] = pStr(parts[i])
		}
		return pCall(pGlobal(module, name), parts...)
	}
	for want, id := range map[string]string{
		"":         "N",
		"s3://b/k": pStr("s3://b/k"),
		"/a/b":     path("pathlib", "PosixPath", "/", "a", "b"),
		"a/b":      path("pathlib", "PurePosixPath", "a", "b"),
		"/x/y":     path("pathlib._local", "PosixPath", "/x/y"),
		".":        path("pathlib", "PosixPath"),
		`C:\a\b`:   path("pathlib", "WindowsPath", `C:\`, "a", "b"),
	} {
		sm := pNew(md("StorageMeta"), pDict(pStr("checkpoint_id"), id, pStr("save_id"), "N", pStr("modules"), "]"))
		m, err := Decode(pMetadata(pItem, pIndex, pInfo, pStr("storage_meta"), sm))
		if err != nil {
			t.Fatal(err)
		}
		if m.StorageMeta.CheckpointID != want || m.StorageMeta.Foreign().Kind() != pickle.Invalid {
			t.Errorf("got %q, want %q", m.StorageMeta.CheckpointID, want)
		}
	}
}

// TestLaterRecordWins: as in a Python dict the key keeps its place.
func TestLaterRecordWins(t *testing.T) {
	later := strings.Replace(pInfo, pStr("f"), pStr("g"), 1)
	scalar := pNew(md("MetadataIndex"), pDict(pStr("fqn"), pStr("w"), pStr("offset"), pSize()))
	bytes := pNew(md("MetadataIndex"), pDict(pStr("fqn"), pStr("w")))
	m, err := Decode(pMetadata(pItem, pIndex+pInfo+scalar+pInfo+bytes+pInfo+pIndex, later))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.StorageData) != 3 || m.StorageData[0].Info.RelativePath != "g" {
		t.Fatalf("%+v", m.StorageData)
	}
	for i, offset := range [][]int64{{0}, {}, nil} {
		got, ok := m.Storage(MetadataIndex{FQN: "w", Offset: offset, Index: 77})
		if !ok || got != &m.StorageData[i].Info {
			t.Errorf("offset %v: %v %v", offset, got, ok)
		}
	}
	if _, ok := m.Storage(MetadataIndex{FQN: "w", Offset: []int64{1}}); ok {
		t.Error("found what is not there")
	}
	if it, ok := m.Find("w"); !ok || it.FQN != "w" {
		t.Error("Find")
	}
	if _, ok := m.Find("x"); ok {
		t.Error("Find finds x")
	}
}

func ExampleDecode() {
	// What torch writes for {"w": a float32 tensor of two elements}.
	m, err := Decode(pMetadata(pItem, pIndex, pInfo))
	if err != nil {
		panic(err)
	}
	for problem := range m.Validate() {
		fmt.Println(problem.Err)
	}
	it, _ := m.Find("w")
	at, _ := m.ChunkStorage(it, 0)
	fmt.Printf("%s %v: %d bytes at %d of %s\n", it.Tensor.Properties.DType, it.Tensor.Size, at.Length, at.Offset, at.RelativePath)
	// Output: float32 [2]: 9 bytes at 0 of f
}
