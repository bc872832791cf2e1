package planner

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

func sized(fqn string, d tensor.DType, chunk int64, size ...int64) WriteItem {
	box := tensor.FullBox(size)
	if chunk >= 0 {
		box.Sizes[0] = chunk
	}
	return WriteItem{
		Index: metadata.MetadataIndex{FQN: fqn, Offset: box.Offsets}, Type: WriteShard,
		TensorData: &TensorWriteData{Chunk: box, Properties: metadata.TensorProperties{DType: d}, Size: size},
	}
}

func object(fqn string) WriteItem {
	return WriteItem{Index: metadata.MetadataIndex{FQN: fqn, Index: -1}, Type: WriteByteIO}
}

func TestItemSize(t *testing.T) {
	for _, tt := range []struct {
		name        string
		item        WriteItem
		whole, part int64
	}{
		{"object", object("o"), 0, 0},
		{"shard weighs the whole tensor", sized("w", tensor.Float32, 3, 10, 2), 80, 24},
		{"scalar", sized("s", tensor.Complex128, -1), 16, 16},
		{"empty", sized("e", tensor.Float64, -1, 0, 5), 0, 0},
		{"huge", sized("h", tensor.Float64, 1, 1<<61, 2), maxInt64, 16},
	} {
		if got := ItemSize(tt.item); got != tt.whole {
			t.Errorf("%s: ItemSize %d, want %d", tt.name, got, tt.whole)
		}
		if got := ChunkBytes(tt.item); got != tt.part {
			t.Errorf("%s: ChunkBytes %d, want %d", tt.name, got, tt.part)
		}
	}
}

func TestSplitBySizeAndType(t *testing.T) {
	items := []WriteItem{
		sized("t1", tensor.Int8, -1, 1), object("o1"), sized("t5", tensor.Int8, -1, 5), object("o2"),
		sized("s5", tensor.Int8, 1, 5), object("o3"), sized("t2", tensor.Int8, -1, 2), sized("t9", tensor.Int8, -1, 9),
	}
	for _, tt := range []struct {
		bins int
		want [][]string
	}{
		{0, [][]string{{"t1", "o1", "t5", "o2", "s5", "o3", "t2", "t9"}}},
		{1, [][]string{{"t1", "o1", "t5", "o2", "s5", "o3", "t2", "t9"}}},
		{2, [][]string{{"o1", "o3", "t9", "t2"}, {"o2", "t5", "s5", "t1"}}},
		{3, [][]string{{"o1", "t9"}, {"o2", "t5", "t2"}, {"o3", "s5", "t1"}}},
	} {
		var plans []*SavePlan
		for _, b := range SplitBySizeAndType(tt.bins, items) {
			plans = append(plans, &SavePlan{Items: b})
		}
		if d := cmp.Diff(tt.want, names(plans)); d != "" {
			t.Errorf("%d bins (-want +got):\n%s", tt.bins, d)
		}
	}
}

// TestSplitProperties: every item is in one bin, and no bin is heavier than the
// lightest one was when its last tensor came.
func TestSplitProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var items []WriteItem
		for i := range rapid.IntRange(0, 40).Draw(rt, "items") {
			name := string(rune('A' + i))
			if rapid.Bool().Draw(rt, "object") {
				items = append(items, object(name))
			} else {
				items = append(items, sized(name, tensor.Int8, -1, rapid.Int64Range(0, 20).Draw(rt, "size")))
			}
		}
		bins := rapid.IntRange(2, 6).Draw(rt, "bins")
		buckets := SplitBySizeAndType(bins, items)
		if len(buckets) != bins {
			rt.Fatalf("%d buckets for %d bins", len(buckets), bins)
		}
		loads, lasts := make([]int64, bins), make([]int64, bins)
		var got []string
		for i, b := range buckets {
			for _, it := range b {
				got = append(got, it.Index.FQN)
				lasts[i] = ItemSize(it)
				loads[i] += lasts[i]
			}
		}
		slices.Sort(got)
		var want []string
		for _, it := range items {
			want = append(want, it.Index.FQN)
		}
		slices.Sort(want)
		if !slices.Equal(want, got) {
			rt.Fatalf("items %q, want %q", got, want)
		}
		for i := range loads {
			if loads[i]-lasts[i] > slices.Min(loads) {
				rt.Fatalf("loads %v", loads)
			}
		}
	})
}

// TestSplitIsStable: among tensors of one size the first comes first, also when
// there are more than a sort moves singly.
func TestSplitIsStable(t *testing.T) {
	var items []WriteItem
	for i := range 100 {
		items = append(items, sized(string(rune('A'+i)), tensor.Int8, -1, int64(1+i%2)))
	}
	for _, b := range SplitBySizeAndType(2, items) {
		for i := 1; i < len(b); i++ {
			x, y := b[i-1], b[i]
			if ItemSize(x) == ItemSize(y) && x.Index.FQN >= y.Index.FQN {
				t.Errorf("%q before %q", x.Index.FQN, y.Index.FQN)
			}
		}
	}
}
