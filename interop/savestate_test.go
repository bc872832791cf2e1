package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// A whole state is a tree of maps and lists, whose lists hold tensors or maps,
// for that decides what torch opens. Its leaves are tensors, which every rank
// has, and these:
type (
	// cutTensor is a tensor of which box i belongs to rank i modulo the ranks.
	cutTensor struct {
		whole *tensor.Tensor
		boxes []tensor.Box
	}

	// object is what is no tensor, and the JSON that torch's Python makes of it.
	object struct {
		value any
		json  string
	}

	// owned is a leaf that only one rank has, modulo the ranks.
	owned struct {
		rank int
		leaf any
	}
)

// partOf is what a rank saves of a whole state.
func partOf(t *testing.T, v any, rank, world int) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		part := map[string]any{}
		for k, m := range v {
			if o, ok := m.(owned); ok {
				if o.rank%world != rank {
					continue
				}
				m = o.leaf
			}
			part[k] = partOf(t, m, rank, world)
		}
		return part
	case []any:
		part := make([]any, len(v))
		for i, m := range v {
			part[i] = partOf(t, m, rank, world)
		}
		return part
	case cutTensor:
		part := &dcp.ShardedTensor{DType: v.whole.DType(), Size: v.whole.Shape()}
		for i, box := range v.boxes {
			taken := func(s dcp.Shard) bool { return slices.Equal(s.Offsets, box.Offsets) }
			if i%world != rank || slices.ContainsFunc(part.Shards, taken) {
				continue // a second empty box in one place cannot be told from the first
			}
			shard, err := v.whole.Sub(box)
			if err != nil {
				t.Fatal(err)
			}
			part.Shards = append(part.Shards, dcp.Shard{Offsets: box.Offsets, Tensor: shard})
		}
		return part
	case object:
		return v.value
	}
	return v
}

// expectation is what load.py must say of a whole state.
func expectation(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		want := map[string]any{}
		for k, m := range v {
			want[k] = expectation(t, m)
		}
		return want
	case []any:
		want := make([]any, len(v))
		for i, m := range v {
			want[i] = expectation(t, m)
		}
		return want
	case owned:
		return expectation(t, v.leaf)
	case cutTensor:
		return expectation(t, v.whole)
	case *tensor.Tensor:
		return parseJSON(t, tensorJSON(t, v))
	case object:
		return parseJSON(t, v.json)
	}
	t.Fatalf("a %T in a state", v)
	return nil
}

// tensorJSON is what load.py says of a tensor.
func tensorJSON(t *testing.T, x *tensor.Tensor) string {
	t.Helper()
	shape, err := json.Marshal(append([]int64{}, x.Shape()...))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"$t": "tensor", "dtype": %q, "shape": %s, "sha256": %q}`, x.DType(), shape, digest(t, x))
}

// parseJSON keeps numbers as they are written: 1 is no 1.0.
func parseJSON(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// flat is a whole state's expectation by fqn.
func flat(t *testing.T, state map[string]any) map[string]any {
	t.Helper()
	leaves := map[string]any{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, m := range v {
				walk(path+"."+k, m)
			}
		case []any:
			for i, m := range v {
				walk(fmt.Sprintf("%s.%d", path, i), m)
			}
		default:
			leaves[path[1:]] = expectation(t, v)
		}
	}
	walk("", state)
	return leaves
}

// content makes random tensors.
type content struct {
	*testing.T
	*rand.Rand
	dtypes []tensor.DType
}

func (c content) tensor(d tensor.DType, shape ...int64) *tensor.Tensor {
	x, err := tensor.New(d, shape...)
	if err != nil {
		c.Fatal(err)
	}
	b, _ := x.Bytes()
	for i := range b {
		b[i] = byte(c.Uint32())
		if d == tensor.Bool {
			b[i] &= 1
		}
	}
	return x
}

// rows, columns: cut as torch cuts for n ranks.
func (c content) rows(n int, d tensor.DType, shape ...int64) cutTensor {
	return cutTensor{c.tensor(d, shape...), slabs(shape, 0, n)}
}

func (c content) columns(n int, d tensor.DType, shape ...int64) cutTensor {
	return cutTensor{c.tensor(d, shape...), slabs(shape, 1, n)}
}
