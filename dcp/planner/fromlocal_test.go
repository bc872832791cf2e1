package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/tensor"
)

// TestFromLocal: all ranks together tile the tensor, with the elements of their
// local tensors.
func TestFromLocal(t *testing.T) {
	mesh, err := tensor.NewMesh(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	size := []int64{7, 4}
	full, err := tensor.New(tensor.Int64, size...)
	if err != nil {
		t.Fatal(err)
	}
	for _, rank := range append(mesh.Ranks(), 6) {
		l, err := mesh.Local(rank, size, tensor.StridedShard(0, 3), tensor.Shard(1))
		if err != nil {
			t.Fatal(err)
		}
		local, err := tensor.New(tensor.Int64, l.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		data, err := tensor.Data[int64](local)
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			data[i] = int64(100*(rank+1) + i)
		}
		s, err := FromLocal(local, size, mesh, rank, tensor.StridedShard(0, 3), tensor.Shard(1))
		if err == nil {
			err = s.Validate()
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range s.Shards {
			place, err := full.Sub(sh.Box())
			if err == nil {
				err = tensor.Copy(place, sh.Tensor)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := tensor.Data[int64](full)
	if err != nil {
		t.Fatal(err)
	}
	want := []int64{ // rows 0 1 2, 3 4 5, 6 are cut to two ranks each, columns to 2, 2, 0
		100, 101, 200, 201,
		102, 103, 202, 203,
		400, 401, 500, 501,
		104, 105, 204, 205,
		106, 107, 206, 207,
		402, 403, 502, 503,
		108, 109, 208, 209,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := FromLocal(full, size, mesh, 0, tensor.Shard(0), tensor.Shard(1)); err == nil {
		t.Error("a local tensor of another shape")
	}
	if _, err := FromLocal(full, size, mesh, 0, tensor.Shard(0)); err == nil {
		t.Error("too few placements")
	}
}
