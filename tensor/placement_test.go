package tensor

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestLocal: the tables in torch's own documentation, and the ends.
func TestLocal(t *testing.T) {
	for _, c := range []struct {
		name       string
		size       []int64
		mesh       []int
		placements []Placement
		want       []string // by rank: shape at offset, and the parts if there are several
	}{
		{"twice along one", []int64{2, 5}, []int{2, 2}, []Placement{Shard(1), Shard(-1)}, []string{"[2 2] at [0 0]", "[2 1] at [0 2]", "[2 1] at [0 3]", "[2 1] at [0 4]"}},
		{"fsdp over tp", []int64{8, 8}, []int{2, 2}, []Placement{StridedShard(0, 2), Shard(0)}, []string{"[2 8] at [0 0]", "[2 8] at [4 0]", "[2 8] at [2 0]", "[2 8] at [6 0]"}},
		{"empty", []int64{2}, []int{4}, []Placement{Shard(0)}, []string{"[1] at [0]", "[1] at [1]", "[0] at [2]", "[0] at [2]"}},
		{"replicated", []int64{3}, []int{2}, []Placement{Replicate()}, []string{"[3] at [0]", "[3] at [0]"}},
		{"scalar", []int64{}, []int{1}, []Placement{{}}, []string{"[] at []"}},
		{"pieces", []int64{5, 2}, []int{2}, []Placement{StridedShard(0, 2)}, []string{"[3 2] at [0 0] [0 0]+[2 2] [3 0]+[1 2]", "[2 2] at [2 0] [2 0]+[1 2] [4 0]+[1 2]"}},
		{"huge", []int64{math.MaxInt64}, []int{2}, []Placement{StridedShard(0, 1)}, []string{"[4611686018427387904] at [0]", "[4611686018427387903] at [4611686018427387904]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := NewMesh(c.mesh...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for rank := range c.want {
				l, err := m.Local(rank, c.size, c.placements...)
				if err != nil {
					t.Fatal(err)
				}
				s := fmt.Sprintf("%v at %v", l.Shape, l.Offset)
				for _, p := range l.Parts {
					if len(l.Parts) > 1 {
						s += fmt.Sprintf(" %v+%v", p.Global.Offsets, p.Global.Sizes)
					}
				}
				got = append(got, s)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLocalRefuses(t *testing.T) {
	m, err := NewMesh(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size       []int64
		placements []Placement
	}{
		{[]int64{4}, nil},
		{[]int64{4}, []Placement{Shard(0), Shard(0)}},
		{[]int64{4}, []Placement{Shard(1)}},
		{[]int64{4}, []Placement{Shard(-2)}},
		{[]int64{}, []Placement{Shard(0)}},
		{[]int64{-4}, []Placement{Shard(0)}},
		{[]int64{4}, []Placement{StridedShard(0, 0)}},
		{[]int64{4}, []Placement{StridedShard(0, math.MaxInt)}},
	} {
		if l, err := m.Local(0, c.size, c.placements...); err == nil {
			t.Errorf("%v by %v: %+v", c.size, c.placements, l)
		}
	}
	for _, shape := range [][]int{nil, {0}, {-1}, {1 << 20, 1 << 20}} {
		if _, err := NewMesh(shape...); err == nil {
			t.Errorf("mesh %v", shape)
		}
	}
	for _, ranks := range [][]int{{0}, {3, 3}} {
		if _, err := MeshOf(ranks, 2); err == nil {
			t.Errorf("mesh of %v", ranks)
		}
	}
	if l, err := m.Local(2, []int64{4}, Shard(0)); err != nil || l.Parts != nil || l.Shape != nil {
		t.Errorf("outside of the mesh: %+v, %v", l, err)
	}
}

func TestMeshCoordinate(t *testing.T) {
	m, err := MeshOf([]int{5, 3, 1, 7, 9, 2}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int][]int{}
	for _, r := range append(m.Ranks(), 4) {
		if c, ok := m.Coordinate(r); ok {
			got[r] = c
		}
	}
	want := map[int][]int{5: {0, 0}, 3: {0, 1}, 1: {0, 2}, 7: {1, 0}, 9: {1, 1}, 2: {1, 2}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// chunks cuts a list as torch.chunk does, made up to n with empty ones.
func chunks(list []int64, n int) [][]int64 {
	out := make([][]int64, n)
	step := (len(list) + n - 1) / n
	for i := range out {
		out[i] = list[min(i*step, len(list)):min((i+1)*step, len(list))]
	}
	return out
}

// TestLocalAgainstLists deals out lists of indexes, as torch does.
func TestLocalAgainstLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SliceOfN(rapid.Int64Range(0, 14), 1, 3).Draw(t, "size")
		shape := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 3).Draw(t, "mesh")
		m, err := NewMesh(shape...)
		if err != nil {
			t.Fatal(err)
		}
		placements := make([]Placement, len(shape))
		for i := range placements {
			dim := rapid.IntRange(0, len(size)-1).Draw(t, "dim")
			placements[i] = []Placement{Replicate(), Shard(dim), StridedShard(dim, rapid.IntRange(1, 5).Draw(t, "split"))}[rapid.IntRange(0, 2).Draw(t, "kind")]
		}
		for _, rank := range m.Ranks() {
			l, err := m.Local(rank, size, placements...)
			if err != nil {
				t.Fatal(err)
			}
			lists := make([][]int64, len(size)) // what the rank has along each dimension
			for d, n := range size {
				for i := range n {
					lists[d] = append(lists[d], i)
				}
			}
			c, _ := m.Coordinate(rank)
			for i, p := range placements {
				if p.split == 0 {
					continue
				}
				var mine []int64
				for _, piece := range chunks(lists[p.dim], p.split) {
					mine = append(mine, chunks(piece, shape[i])[c[i]]...)
				}
				lists[p.dim] = mine
			}
			checkParts(t, l, lists, size)
		}
	})
}

func checkParts(t *rapid.T, l Local, lists [][]int64, size []int64) {
	for d, list := range lists {
		first := size[d]
		if len(list) > 0 {
			first = list[0]
		}
		if l.Shape[d] != int64(len(list)) || l.Offset[d] != first {
			t.Fatalf("dimension %d: %d at %d, want %d at %d", d, l.Shape[d], l.Offset[d], len(list), first)
		}
	}
	seen := int64(0)
	for _, p := range l.Parts {
		if !slices.Equal(p.Global.Sizes, p.Local.Sizes) || !p.Local.Within(l.Shape) || !p.Global.Within(size) {
			t.Fatalf("part %+v", p)
		}
		for d, list := range lists {
			for i := range p.Local.Sizes[d] {
				if p.Global.NumElements() > 0 && list[p.Local.Offsets[d]+i] != p.Global.Offsets[d]+i {
					t.Fatalf("part %+v: dimension %d has %v", p, d, list)
				}
			}
		}
		seen += p.Global.NumElements()
	}
	if n, _ := NumElements(l.Shape); seen != n {
		t.Fatalf("parts of %d elements, want %d", seen, n)
	}
	for i, p := range l.Parts {
		for _, q := range l.Parts[:i] {
			if _, meet := p.Local.Intersect(q.Local); meet {
				t.Fatalf("parts %+v and %+v", p, q)
			}
		}
	}
}
