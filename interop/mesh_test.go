package interop

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/tensor"
)

// meshCase is a tensor, a mesh, and placements in the words of mesh.py.
type meshCase struct {
	Size       []int64  `json:"size"`
	Mesh       []int    `json:"mesh"`
	Placements []string `json:"placements"`

	placements []tensor.Placement
}

// TestMesh: every rank has of a tensor what torch's DTensor says, by its shape
// and offset, for random shapes, meshes and placements. It needs torch 2.15: what
// those before say of strided shards was changed since.
func TestMesh(t *testing.T) {
	python := pythonWithTorch(t)
	seed, err := strconv.ParseUint(os.Getenv("GODCP_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	t.Logf("GODCP_SEED=%d repeats this run", seed)
	rng := rand.New(rand.NewPCG(seed, 7))
	cases := make([]meshCase, 3000)
	for i := range cases {
		cases[i] = anyMeshCase(rng)
	}
	body, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cases.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	var torch [][][2][]int64 // by case and rank
	if err := json.Unmarshal([]byte(run(t, python, "-B", filepath.Join("torch", "mesh.py"), file)), &torch); err != nil {
		t.Fatal(err)
	}
	if len(torch) != len(cases) {
		t.Fatalf("torch did %d of %d cases", len(torch), len(cases))
	}
	for i, c := range cases {
		m, err := tensor.NewMesh(c.Mesh...)
		if err != nil {
			t.Fatal(err)
		}
		var got [][2][]int64
		for _, rank := range m.Ranks() {
			l, err := m.Local(rank, c.Size, c.placements...)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, [2][]int64{l.Shape, l.Offset})
		}
		if d := cmp.Diff(torch[i], got); d != "" {
			t.Fatalf("case %d: %v on %v by %q (-torch +godcp):\n%s", i, c.Size, c.Mesh, c.Placements, d)
		}
	}
}

func anyMeshCase(rng *rand.Rand) meshCase {
	var c meshCase
	for range 1 + rng.IntN(3) {
		c.Size = append(c.Size, rng.Int64N(20))
	}
	for range 1 + rng.IntN(3) {
		c.Mesh = append(c.Mesh, 1+rng.IntN(5))
		dim, split := rng.IntN(len(c.Size)), 1+rng.IntN(5)
		switch rng.IntN(4) {
		case 0:
			c.Placements, c.placements = append(c.Placements, "R"), append(c.placements, tensor.Replicate())
		case 1:
			c.Placements = append(c.Placements, fmt.Sprintf("SS %d %d", dim, split))
			c.placements = append(c.placements, tensor.StridedShard(dim, split))
		default:
			c.Placements, c.placements = append(c.Placements, fmt.Sprintf("S %d", dim)), append(c.placements, tensor.Shard(dim))
		}
	}
	return c
}
