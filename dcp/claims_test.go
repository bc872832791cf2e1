package dcp_test

import (
	"errors"
	"testing"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// TestClaims asks for tensors that are far larger than their files: the answer
// is an error and not an attempt to take the memory.
func TestClaims(t *testing.T) {
	cases := []struct {
		name       string
		transforms []string
		want       ckpterr.Class
	}{
		{"plain", nil, ckpterr.SizeMismatch},
		{"compressed", []string{"stream.zstd/1"}, ckpterr.SizeMismatch},
	}
	for _, c := range cases {
		r, md, _ := handmade(t, item{shape: []int64{4, 6}, storage: noise(96)})
		it, _ := md.Find("w")
		huge := tensor.FullBox([]int64{1 << 44, 6})
		it.Tensor.Size, it.Tensor.Chunks[0] = huge.Sizes, huge
		md.StorageData[0].Info.TransformDescriptors = c.transforms
		state := map[string]any{"w": nil}
		_, err := dcp.Load(t.Context(), "", state, dcp.LoadOptions{StorageReader: prepared{r}})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: into a nil leaf: %v, want %v", c.name, err, c.want)
		}
		_, err = dcp.Load(t.Context(), "", map[string]any{},
			dcp.LoadOptions{StorageReader: prepared{r}, Planner: &planner.EmptyStateDictLoadPlanner{}})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: without a template: %v, want %v", c.name, err, c.want)
		}
	}
}
