package planner

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

func TestCreateGlobalPlanRefuses(t *testing.T) {
	type state = map[string]any
	f4 := func(n int64) *tensor.Tensor { return zeros(t, tensor.Float32, n) }
	half := &ShardedTensor{
		DType: tensor.Float16, Size: []int64{4},
		Shards: []Shard{{Offsets: []int64{2}, Tensor: zeros(t, tensor.Float16, 2)}},
	}
	tests := []struct {
		name   string
		states []state
		want   error
	}{
		{"gap, one rank", []state{{"w": part(t, 4, 0, 3)}}, ckpterr.ChunkGap},
		{"gap", []state{{"w": part(t, 4, 0, 1)}, {"w": part(t, 4, 2, 4)}}, ckpterr.ChunkGap},
		{"overlap", []state{{"w": part(t, 4, 0, 3)}, {"w": part(t, 4, 2, 4)}}, ckpterr.ChunkOverlap},
		{"no shard anywhere", []state{{"w": &ShardedTensor{DType: tensor.Int8, Size: []int64{4}}}}, ckpterr.ChunkGap},
		{"dtype of a tensor", []state{{"w": f4(4)}, {"w": zeros(t, tensor.Int32, 4)}}, ErrRanksDisagree},
		{"dtype of a shard", []state{{"w": part(t, 4, 0, 2)}, {"w": half}}, ErrRanksDisagree},
		{"size of a tensor", []state{{"w": f4(4)}, {"w": f4(5)}}, ErrRanksDisagree},
		{"rank of a tensor", []state{{"w": f4(1)}, {"w": zeros(t, tensor.Float32)}}, ErrRanksDisagree},
		{"global size", []state{{"w": part(t, 4, 0, 2)}, {"w": part(t, 5, 2, 5)}}, ErrRanksDisagree},
		{"tensor and object", []state{{"w": f4(4)}, {"w": 7}}, ErrRanksDisagree},
		{"whole and sharded", []state{{"w": f4(4)}, {"w": part(t, 4, 0, 4)}}, ErrRanksDisagree},
		{"chunk size", []state{{"w": part(t, 4, 0, 2)}, {"w": part(t, 4, 0, 4)}}, ErrRanksDisagree},
		{"paths", []state{{"a": 1}, {"a": state{"b": 1}}}, ErrRanksDisagree},
		{"list and dict", []state{{"a": []any{f4(1)}}, {"a": state{"x": 1}}}, ErrRanksDisagree},
		{"twice on a rank", []state{{"w": &ShardedTensor{
			DType: tensor.Float32, Size: []int64{2},
			Shards: []Shard{{Offsets: []int64{0}, Tensor: f4(2)}, {Offsets: []int64{0}, Tensor: f4(2)}},
		}}}, ErrDuplicateItem},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p DefaultSavePlanner
			_, _, err := p.CreateGlobalPlan(localPlans(t, tt.states...))
			var bad *PlanError
			if !errors.As(err, &bad) || !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			t.Log(err)
		})
	}
}

// TestCreateGlobalPlanListsAll names every bad name once.
func TestCreateGlobalPlanListsAll(t *testing.T) {
	var p DefaultSavePlanner
	good := zeros(t, tensor.Int8, 1)
	plans := localPlans(t,
		map[string]any{"a": good, "b": good, "ok": good, "z": good},
		map[string]any{"a": 1, "b": zeros(t, tensor.Int16, 1), "ok": good, "z": zeros(t, tensor.Int8, 2)},
		map[string]any{"a": 1, "b": zeros(t, tensor.Int16, 1), "ok": good},
	)
	_, _, err := p.CreateGlobalPlan(plans)
	var bad *PlanError
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	var got []string
	for _, p := range bad.Problems {
		got = append(got, p.Error())
	}
	want := []string{
		"a: ranks disagree: its kind is TENSOR on rank 0, BYTE_IO on rank 1",
		"b: ranks disagree: its dtype is int8 on rank 0, int16 on rank 1",
		"z: ranks disagree: its size is [1] on rank 0, [2] on rank 1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestBadItems: items of a custom planner that make no sense.
func TestBadItems(t *testing.T) {
	good := localPlans(t, map[string]any{"w": zeros(t, tensor.Int8, 2)})[0].Items[0]
	change := func(f func(*WriteItem)) WriteItem {
		it, data := good, *good.TensorData
		it.TensorData = &data
		f(&it)
		return it
	}
	for name, it := range map[string]WriteItem{
		"no type":            change(func(it *WriteItem) { it.Type = 9 }),
		"no data":            change(func(it *WriteItem) { it.TensorData = nil }),
		"no offset":          change(func(it *WriteItem) { it.Index.Offset = nil }),
		"other offset":       change(func(it *WriteItem) { it.Index.Offset = []int64{1} }),
		"object with data":   change(func(it *WriteItem) { it.Type = WriteByteIO }),
		"part of a whole":    change(func(it *WriteItem) { it.TensorData.Chunk.Sizes = []int64{1} }),
		"no dtype":           change(func(it *WriteItem) { it.TensorData.Properties.DType = tensor.Invalid }),
		"too large to count": change(func(it *WriteItem) { it.Type, it.TensorData.Size = WriteShard, []int64{1 << 62, 4} }),
		"negative size":      change(func(it *WriteItem) { it.Type, it.TensorData.Size = WriteShard, []int64{-2} }),
	} {
		var p DefaultSavePlanner
		if _, _, err := p.CreateGlobalPlan([]*SavePlan{{Items: []WriteItem{it}}}); !errors.Is(err, ErrBadItem) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, it := range map[string]WriteItem{
		"outside":        change(func(it *WriteItem) { it.Type, it.TensorData.Chunk.Sizes = WriteShard, []int64{3} }),
		"negative chunk": change(func(it *WriteItem) { it.Type, it.TensorData.Chunk.Sizes = WriteShard, []int64{-1} }),
		"dimensions":     change(func(it *WriteItem) { it.Type, it.TensorData.Size = WriteShard, []int64{2, 1} }),
	} {
		var p DefaultSavePlanner
		if _, _, err := p.CreateGlobalPlan([]*SavePlan{{Items: []WriteItem{it}}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
