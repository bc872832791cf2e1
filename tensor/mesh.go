package tensor

import (
	"errors"
	"fmt"
	"slices"
)

// Mesh is an array of ranks: torch's DeviceMesh. Its zero value has no ranks.
type Mesh struct {
	shape []int
	ranks []int       // in C order
	at    map[int]int // rank → position in ranks
}

// NewMesh arranges the ranks 0, 1, … in C order: torch's init_device_mesh.
func NewMesh(shape ...int) (Mesh, error) {
	n, err := meshSize(shape)
	if err != nil {
		return Mesh{}, err
	}
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i
	}
	return MeshOf(ranks, shape...)
}

// MeshOf arranges the ranks that are given, in C order.
func MeshOf(ranks []int, shape ...int) (Mesh, error) {
	n, err := meshSize(shape)
	if err != nil {
		return Mesh{}, err
	}
	if n != len(ranks) {
		return Mesh{}, fmt.Errorf("mesh %v of %d ranks", shape, len(ranks))
	}
	m := Mesh{shape: slices.Clone(shape), ranks: slices.Clone(ranks), at: make(map[int]int, n)}
	for i, r := range ranks {
		if _, twice := m.at[r]; twice {
			return Mesh{}, fmt.Errorf("mesh with rank %d twice", r)
		}
		m.at[r] = i
	}
	return m, nil
}

// maxMesh bounds the ranks of a mesh, which are listed.
const maxMesh = 1 << 24

func meshSize(shape []int) (int, error) {
	if len(shape) == 0 {
		return 0, errors.New("mesh without dimensions")
	}
	n := 1
	for _, s := range shape {
		if s < 1 || s > maxMesh/n {
			return 0, fmt.Errorf("mesh of shape %v", shape)
		}
		n *= s
	}
	return n, nil
}

// Shape is how many ranks there are along each dimension.
func (m Mesh) Shape() []int { return slices.Clone(m.shape) }

// Ranks lists the ranks in C order.
func (m Mesh) Ranks() []int { return slices.Clone(m.ranks) }

// Coordinate is where a rank stands; false if it is not in the mesh.
func (m Mesh) Coordinate(rank int) ([]int, bool) {
	i, ok := m.at[rank]
	if !ok {
		return nil, false
	}
	c := make([]int, len(m.shape))
	for d := len(c) - 1; d >= 0; d-- {
		c[d] = i % m.shape[d]
		i /= m.shape[d]
	}
	return c, true
}
