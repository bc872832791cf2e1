package metadata

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/tensor"
)

// FuzzEncodeDecode: whatever can be decoded and has no negative numbers can be
// encoded, and is then the same.
func FuzzEncodeDecode(f *testing.F) {
	for _, file := range slices.Concat(fixtureFiles(f), hostileFiles(f)) {
		data := readFile(f, file)
		if len(data) >= 4096 {
			continue
		}
		f.Add(data)
		if m, err := Decode(data); err == nil {
			if b, err := Encode(m); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			return
		}
		got, err := encodeAgain(t, m)
		if err != nil {
			if !hasNegative(m) && !isLimit(err) {
				t.Fatal(err)
			}
			return
		}
		got.Unknown = nil
		if diff := cmp.Diff(asEncoded(m), got, sameModel[0], sameModel[3], foreignText); diff != "" {
			t.Fatalf("-decoded +encoded:\n%s", diff)
		}
	})
}

func hasNegative(m *Metadata) bool {
	negative := func(ns []int64) bool { return slices.ContainsFunc(ns, func(n int64) bool { return n < 0 }) }
	for _, it := range m.StateDictMetadata {
		if it.Tensor == nil {
			continue
		}
		if negative(it.Tensor.Size) {
			return true
		}
		for _, c := range it.Tensor.Chunks {
			if negative(c.Offsets) || negative(c.Sizes) {
				return true
			}
		}
	}
	return slices.ContainsFunc(m.StorageData, func(r StorageRecord) bool {
		return negative(r.Index.Offset) || r.Info.Offset < 0 || r.Info.Length < 0
	})
}

// anyMetadata draws metadata as it comes from Decode, sound or not.
func anyMetadata() *rapid.Generator[*Metadata] {
	size := rapid.Custom(func(t *rapid.T) []int64 {
		return append([]int64{}, rapid.SliceOfN(rapid.Int64Min(0), 0, 5).Draw(t, "dims")...)
	})
	item := rapid.Custom(func(t *rapid.T) *TensorStorageMetadata {
		if rapid.Bool().Draw(t, "bytes") {
			return nil
		}
		return &TensorStorageMetadata{
			Properties: TensorProperties{
				DType:        rapid.SampledFrom([]tensor.DType{tensor.Float32, tensor.Uint16, tensor.QUInt4x2}).Draw(t, "dtype"),
				Layout:       rapid.SampledFrom([]string{"torch.strided", "torch.sparse_coo"}).Draw(t, "layout"),
				RequiresGrad: rapid.Bool().Draw(t, "grad"),
				PinMemory:    rapid.Bool().Draw(t, "pin"),
				MemoryFormat: rapid.SampledFrom([]MemoryFormat{0, 1, 2}).Draw(t, "format"),
			},
			Size: size.Draw(t, "size"),
			Chunks: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ChunkStorageMetadata {
				return ChunkStorageMetadata{Offsets: size.Draw(t, "offsets"), Sizes: size.Draw(t, "sizes")}
			}), 0, 4).Draw(t, "chunks"),
		}
	})
	info := rapid.Custom(func(t *rapid.T) StorageInfo {
		x := StorageInfo{
			RelativePath: rapid.String().Draw(t, "path"),
			Offset:       rapid.Int64Min(0).Draw(t, "offset"),
			Length:       rapid.Int64Min(0).Draw(t, "length"),
		}
		if rapid.Bool().Draw(t, "transformed") {
			x.TransformDescriptors = rapid.SliceOfN(rapid.String(), 1, 2).Draw(t, "transforms")
		} else if rapid.Bool().Draw(t, "described") {
			x.Describe(rapid.Uint32().Draw(t, "crc"), rapid.Int64Range(-1, x.Length).Draw(t, "payload"))
		}
		return x
	})
	path := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) PathElement {
		if rapid.Bool().Draw(t, "isIndex") {
			return PathElement{Index: rapid.Int().Draw(t, "index"), IsIndex: true}
		}
		return PathElement{Key: rapid.String().Draw(t, "key")}
	}), 0, 5)
	return rapid.Custom(func(t *rapid.T) *Metadata {
		m := &Metadata{
			Version:  rapid.SampledFrom([]string{"1.0.0", "2"}).Draw(t, "version"),
			Previous: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "previous"),
		}
		if rapid.Bool().Draw(t, "rankLocal") {
			world := rapid.IntRange(1, math.MaxInt32).Draw(t, "world")
			m.RankLocal = &RankLocal{Rank: rapid.IntRange(0, world-1).Draw(t, "rank"), WorldSize: world}
		}
		names := rapid.SliceOfNDistinct(rapid.String(), 0, 6, rapid.ID[string]).Draw(t, "names")
		for i, name := range names {
			m.StateDictMetadata = append(m.StateDictMetadata, Item{name, item.Draw(t, fmt.Sprint("item", i))})
			m.PlannerData.Paths = append(m.PlannerData.Paths, PathEntry{name, path.Draw(t, "path")})
			index := MetadataIndex{FQN: name, Index: rapid.IntRange(-1, 1000).Draw(t, "hint")}
			if rapid.Bool().Draw(t, "chunk") {
				index.Offset = size.Draw(t, "at")
			}
			m.StorageData = append(m.StorageData, StorageRecord{index, info.Draw(t, "info")})
		}
		if rapid.Bool().Draw(t, "meta") {
			s := rapid.String()
			m.StorageMeta = &StorageMeta{
				CheckpointID: s.Draw(t, "id"), SaveID: s.Draw(t, "save"), LoadID: s.Draw(t, "load"),
				Modules: rapid.SliceOfN(s, 0, 2).Draw(t, "modules"),
			}
		}
		return m
	})
}

func TestEncodeProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := anyMetadata().Draw(r, "metadata")
		got, err := encodeAgain(t, m)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(asEncoded(m), got, sameModel); diff != "" {
			r.Fatalf("-want +got:\n%s", diff)
		}
		for i := range m.StorageData {
			if want, got := m.StorageData[i].Index.Offset, got.StorageData[i].Index.Offset; (want == nil) != (got == nil) {
				r.Fatalf("offset %v became %v", want, got)
			}
		}
	})
}
