package planner

import (
	"encoding/gob"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// prefix stands for what a storage writer hands to its ranks.
type prefix struct {
	Prefix string
	Fresh  bool
}

func init() { gob.Register(prefix{}) }

func roundTrip(t interface {
	Helper()
	Fatal(...any)
}, p *SavePlan,
) *SavePlan {
	t.Helper()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	got := &SavePlan{StorageData: "old"}
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return got
}

// samplePlan has everything that a plan can have.
func samplePlan(t testing.TB) *SavePlan {
	plan := localPlans(t, map[string]any{
		"w": part(t, 9, 3, 6), "s": zeros(t, tensor.Bool), "o": nil,
		"l": []any{zeros(t, tensor.Int8, 2), "x"},
	})[0]
	odd := WriteItem{
		Index: metadata.MetadataIndex{FQN: "odd\x00é", Offset: []int64{-1, 1 << 62}, Index: 7}, Type: WriteShard,
		TensorData: &TensorWriteData{
			Chunk: tensor.Box{Offsets: []int64{1, 2}, Sizes: []int64{3, 4}},
			Properties: metadata.TensorProperties{
				DType: tensor.BFloat16, Layout: "torch.sparse_coo", RequiresGrad: true,
				MemoryFormat: metadata.ChannelsLast, PinMemory: true, Strides: []int64{4, 1},
			},
			Size: []int64{5, 6},
		},
	}
	summed := odd
	summed.Sum = 1 << 63
	plan.Items = append(plan.Items, odd, odd, summed)
	plan.PlannerData = append(plan.PlannerData,
		(&saved{}).path("renamed", "a", -3, "b").path("", "").path("empty path").paths...)
	plan.StorageData = prefix{"__3_", true}
	return plan
}

// emptyIsNil is how plans are compared: only of an index's offset and of
// PlannerData does it matter whether they are nil.
var emptyIsNil = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool {
		last := p.Last().String()
		return last != ".Offset" && last != ".PlannerData"
	}, cmp.FilterValues(func(a, b []int64) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())),
	cmp.FilterValues(func(a, b []WriteItem) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore()),
	cmp.FilterValues(func(a, b metadata.Path) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore()),
}

func TestPlanRoundTrip(t *testing.T) {
	for name, plan := range map[string]*SavePlan{
		"everything":       samplePlan(t),
		"empty":            {},
		"no paths, no nil": {PlannerData: []metadata.PathEntry{}},
	} {
		if d := cmp.Diff(plan, roundTrip(t, plan), emptyIsNil); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	if _, err := (&SavePlan{StorageData: struct{ A int }{}}).MarshalBinary(); err == nil {
		t.Error("a type that gob does not know was encoded")
	}
}

func TestPlanRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, plan := range localPlans(t, drawStates(t, rt)...) {
			if d := cmp.Diff(plan, roundTrip(rt, plan), emptyIsNil); d != "" {
				rt.Fatal(d)
			}
		}
	})
}

// TestPlanTruncated: no other prefix of a plan is a plan than the one that just
// lacks the storage data, nor is one with a byte more.
func TestPlanTruncated(t *testing.T) {
	plan := samplePlan(t)
	data, err := plan.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	plan.StorageData = nil
	without, err := plan.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		err := new(SavePlan).UnmarshalBinary(data[:n])
		if ok := err == nil; ok != (n == len(without)) || !ok && !errors.Is(err, errPlan) {
			t.Errorf("%d bytes of %d: %v", n, len(data), err)
		}
	}
	if err := new(SavePlan).UnmarshalBinary(append(data, 0)); !errors.Is(err, errPlan) {
		t.Errorf("a byte more: %v", err)
	}
}

// TestPlanClaims: counts far beyond the data cost nothing.
func TestPlanClaims(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	for name, head := range map[string][]byte{
		"items":    {planFormat},
		"name":     {planFormat, 1, 0, 0},
		"offset":   {planFormat, 1, 0, hasOffset, 1, 'x', 0},
		"sum":      {planFormat, 1, 0, hasSum, 1, 'x', 0},
		"paths":    {planFormat, 0},
		"elements": {planFormat, 0, 2},
		"key":      {planFormat, 0, 2, 2},
	} {
		var p SavePlan
		if err := p.UnmarshalBinary(append(head, huge...)); !errors.Is(err, errPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzUnmarshalPlan(f *testing.F) {
	plan := samplePlan(f)
	for range 2 {
		data, err := plan.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		plan.StorageData = nil
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var p SavePlan
		if p.UnmarshalBinary(data) != nil {
			return
		}
		again := roundTrip(t, &p)
		if d := cmp.Diff(&p, again, emptyIsNil); d != "" {
			t.Fatal(d)
		}
	})
}
