package metadata

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// foreignText compares inert values by what is seen of them.
var foreignText = gocmp.Transformer("Describe", pickle.Describe)

// asEncoded changes m in the ways that Encode's comment names.
func asEncoded(m *Metadata) *Metadata {
	m.Sealed = true
	m.PlannerData.None = false
	if m.Version == "" {
		m.Version = currentVersion
	}
	m.Unknown = nil // classes that wrap torch's are not written
	for _, it := range m.StateDictMetadata {
		if it.Tensor != nil {
			p := &it.Tensor.Properties
			p.Strides, p.Layout = nil, cmp.Or(p.Layout, "torch.strided")
		}
	}
	for i := range m.StorageData {
		x := &m.StorageData[i].Info
		x.Extra = slices.DeleteFunc(x.Extra, x.overrules)
	}
	return m
}

// encodeAgain encodes m and decodes that, which must be sealed and must encode
// to the same bytes.
func encodeAgain(t *testing.T, m *Metadata) (*Metadata, error) {
	t.Helper()
	b, err := Encode(m)
	if err != nil {
		return nil, err
	}
	got, err := Decode(b)
	if err != nil {
		return nil, err
	}
	again, err := Encode(got)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoded again: other bytes, or %v", err)
	}
	if again, err := Encode(m); err != nil || !bytes.Equal(again, b) {
		t.Errorf("the same metadata: other bytes, or %v", err)
	}
	return got, nil
}

func TestEncodeFixtures(t *testing.T) {
	for _, file := range fixtureFiles(t) {
		t.Run(shortName(file), func(t *testing.T) {
			data := readFile(t, file)
			m, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := encodeAgain(t, m)
			if err != nil {
				t.Fatal(err)
			}
			got.Unknown = nil
			if diff := gocmp.Diff(asEncoded(m), got, sameModel[0], sameModel[3], foreignText); diff != "" {
				t.Errorf("-torch's +ours:\n%s", diff)
			}
			if b, _ := Encode(m); len(b) > len(data)+64 {
				t.Errorf("%d bytes, torch has %d", len(b), len(data))
			}
		})
	}
}

func TestEncodeExtras(t *testing.T) {
	m := sample()
	m.Previous = []string{"__0_0.distcp", "sub/x.distcp"}
	m.StorageData[0].Info.Describe(0xfffffffe, 576)
	m.StorageData[1].Info.Describe(7, -1)
	got, err := encodeAgain(t, m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(asEncoded(m), got, sameModel); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// sample has a tensor "w" and an object "n".
func sample() *Metadata {
	return &Metadata{
		StateDictMetadata: []Item{
			{FQN: "w", Tensor: &TensorStorageMetadata{
				Properties: TensorProperties{DType: tensor.BFloat16, Layout: "torch.strided"},
				Size:       []int64{2}, Chunks: []ChunkStorageMetadata{{Offsets: []int64{0}, Sizes: []int64{2}}},
			}},
			{FQN: "n"},
		},
		StorageData: []StorageRecord{
			{MetadataIndex{FQN: "w", Offset: []int64{0}}, StorageInfo{RelativePath: "f", Length: 1600}},
			{MetadataIndex{FQN: "n", Index: -1}, StorageInfo{RelativePath: "f", Offset: 1600, Length: 1261}},
		},
		StorageMeta: &StorageMeta{CheckpointID: "a/b", SaveID: "1"},
	}
}

func TestEncodeRefuses(t *testing.T) {
	for want, change := range map[string]func(m *Metadata){
		`metadata of "\xff": "\xff" is not UTF-8`:          func(m *Metadata) { m.StateDictMetadata[1].FQN = "\xff" },
		`metadata of "w": "\xff" is not UTF-8`:             func(m *Metadata) { m.StorageData[0].Info.RelativePath = "\xff" },
		`metadata of "w": dtype invalid`:                   func(m *Metadata) { m.StateDictMetadata[0].Tensor.Properties.DType = 0 },
		`metadata of "w": memory format 9`:                 func(m *Metadata) { m.StateDictMetadata[0].Tensor.Properties.MemoryFormat = 9 },
		`metadata of "w": negative size or offset in [-2]`: func(m *Metadata) { m.StateDictMetadata[0].Tensor.Size[0] = -2 },
		`metadata of "n": bytes at -1, 1261 long, payload at 0`: func(m *Metadata) {
			m.StorageData[1].Info.Offset = -1
		},
		`metadata: "\xed\xa0" is not UTF-8`: func(m *Metadata) { m.Previous = []string{"\xed\xa0"} },
	} {
		m := sample()
		change(m)
		if _, err := Encode(m); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	m := sample()
	m.StateDictMetadata[1].FQN = "lone \xed\xa0\x80"
	if _, err := encodeAgain(t, m); err != nil {
		t.Error(err)
	}
}

func TestSeal(t *testing.T) {
	m := sample()
	m.StorageData[0].Info.Describe(5, 576)
	whole, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	unsealed := append(bytes.Clone(whole[:len(whole)-sealLength]), '.')
	swap := func(b []byte, old, new string) []byte {
		if bytes.Count(b, []byte(old)) != 1 {
			t.Fatalf("%q is there %d times", old, bytes.Count(b, []byte(old)))
		}
		return bytes.Replace(b, []byte(old), []byte(new), 1)
	}
	resealed := func(b []byte) []byte { return seal(bytes.Clone(b[:len(b)-1])) }
	for name, tc := range map[string]struct {
		data           []byte
		class          ckpterr.Class
		sealed, hinted bool
	}{
		"whole":               {whole, "", true, true},
		"no seal":             {unsealed, "", false, false},
		"changed":             {swap(whole, "a/b", "a/c"), ckpterr.ChecksumMismatch, false, false},
		"changed in the seal": {swap(whole, sealMark, sealMark[:7]+"\x02"), "", false, false},
		"changed and more after it": {
			append(swap(whole, "a/b", "a/c"), "junk"...), ckpterr.ChecksumMismatch, false, false,
		},
		"more after it":      {append(bytes.Clone(whole), "junk"...), "", false, false},
		"STOP before a seal": {seal(bytes.Clone(unsealed)), ckpterr.MalformedPickle, false, false},
		"payload beyond":     {resealed(swap(unsealed, "length\x94M\x40\x06", "length\x94M\x3f\x02")), "", true, false},
		"payload no int":     {resealed(swap(unsealed, "M\x40\x02", "N")), "", true, false},
		"crc negative":       {resealed(swap(unsealed, "K\x05", "J\xff\xff\xff\xff")), "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(tc.data)
			if ckpterr.ClassOf(err) != tc.class {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			info := got.StorageData[0].Info
			hinted := info.HasCRC32C && info.PayloadOffset > 0
			if got.Sealed != tc.sealed || hinted != tc.hinted || hinted == (len(info.Extra) > 0) {
				t.Errorf("sealed %v, %+v", got.Sealed, info)
			}
			// What was not believed does not come back as what is.
			again, err := encodeAgain(t, got)
			if err != nil {
				t.Fatal(err)
			}
			if i := again.StorageData[0].Info; i.HasCRC32C != info.HasCRC32C || i.PayloadOffset != info.PayloadOffset {
				t.Errorf("encoded again: %+v", i)
			}
		})
	}
}

// TestForeignIsKept: also where a part of it is torch's own.
func TestForeignIsKept(t *testing.T) {
	own := pNew(pGlobal("mine", "Plan"), pDict(pStr("size"), pSize(2, 3), pStr("chunk"), pChunk(pSize(0), pSize(2)),
		pStr("list"), "]q\x07(K\x01h\x07e"))
	data := pMetadata(pItem, pIndex, strings.TrimSuffix(pInfo, "b")+"b"+pDict(pStr("mine"), own)+"b",
		pStr("planner_data"), own, pStr("storage_meta"), own, pStr("mine"), own)
	m, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := encodeAgain(t, m)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]pickle.Value{
		"planner_data": got.PlannerData.Foreign(), "storage_meta": got.StorageMeta.Foreign(),
		"extra": got.Extra[0].Value, "extra of the record": got.StorageData[0].Info.Extra[0].Value,
	} {
		o, ok := v.Object()
		if !ok || o.States.Len() != 1 {
			t.Fatalf("%s: %s", name, pickle.Describe(v))
		}
		state := o.States.At(0).Dict()
		size, _ := state.Get("size")
		chunk, _ := state.Get("chunk")
		list, _ := state.Get("list")
		const want = "object torch.Size object torch.distributed.checkpoint.metadata.ChunkStorageMetadata"
		if got := pickle.Describe(size) + " " + pickle.Describe(chunk); got != want {
			t.Errorf("%s: %s", name, got)
		}
		if list.Items().At(1) != list {
			t.Errorf("%s: the list does not contain itself", name)
		}
	}
}

func ExampleEncode() {
	b, err := Encode(&Metadata{
		StateDictMetadata: []Item{{FQN: "step"}},
		PlannerData:       PlannerData{Paths: []PathEntry{{FQN: "step", Path: Path{{Key: "step"}}}}},
		StorageData: []StorageRecord{{
			Index: MetadataIndex{FQN: "step", Index: -1},
			Info:  StorageInfo{RelativePath: "__0_0.distcp", Length: 1261},
		}},
	})
	if err != nil {
		panic(err)
	}
	m, err := Decode(b)
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Sealed, m.Version, m.StorageData[0].Info.Length)
	// Output: true 1.0.0 1261
}
