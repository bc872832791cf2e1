package dcp

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// goMap writes a Go map in the order of its keys: numbers by value, then the
// rest by what identifies them.
func (e *valueEncoder) goMap(v reflect.Value, depth int) error {
	pairs := make([]Pair, 0, v.Len())
	for k, m := range v.Seq2() {
		pairs = append(pairs, Pair{k.Interface(), m.Interface()})
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(number(a.Key), number(b.Key)), cmp.Compare(sortKey(a.Key), sortKey(b.Key)))
	})
	return e.pairs(pairs, depth)
}

func number(k any) float64 {
	switch v := reflect.ValueOf(k); {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	case v.CanFloat():
		return v.Float()
	}
	return math.Inf(1)
}

func sortKey(k any) string {
	s, err := hashKey(k, 0)
	if err != nil {
		return "" // writing it gives the error
	}
	return s
}

func (e *valueEncoder) dict(d Dict, depth int) error {
	if !d.Ordered {
		return e.pairs(d.Pairs, depth)
	}
	e.call("collections", "OrderedDict", 0, func() {})
	return e.fill(d.Pairs, depth+1, e.w.SetPairs)
}

func (e *valueEncoder) pairs(pairs []Pair, depth int) error { return e.fill(pairs, depth, e.w.Dict) }

// fill writes pairs with write. Two keys that Python holds for equal would
// become one: an error.
func (e *valueEncoder) fill(pairs []Pair, depth int, write func(n int, pair func(i int))) (err error) {
	seen := make(map[string]bool, len(pairs))
	write(len(pairs), func(i int) {
		if err != nil {
			return
		}
		if err = e.key(pairs[i].Key, seen, depth); err != nil {
			err = at(err, fmt.Sprintf(".keys()[%d]", i))
			return
		}
		if err = e.value(pairs[i].Value, depth+1); err != nil {
			err = at(err, keyStep(pairs[i].Key))
		}
	})
	return err
}

// key writes a key of a dict or a member of a set.
func (e *valueEncoder) key(k any, seen map[string]bool, depth int) error {
	s, err := hashKey(k, depth)
	if err != nil {
		return err
	}
	if seen[s] {
		return fmt.Errorf("equal to another one in Python: %v", k)
	}
	seen[s] = true
	return e.value(k, depth+1)
}

// keyStep is a key in a path.
func keyStep(k any) string {
	if s, ok := k.(string); ok {
		return "[" + strconv.Quote(s) + "]"
	}
	return "[" + ckpterr.Escape(fmt.Sprint(k)) + "]"
}

func (e *valueEncoder) set(s Set, depth int) (err error) {
	name := "set"
	if s.Frozen {
		name = "frozenset"
	}
	seen := make(map[string]bool, len(s.Items))
	e.w.Global(pickle.Global{Module: "__builtin__", Name: name})
	e.w.List(len(s.Items), func(i int) {
		if err == nil {
			if err = e.key(s.Items[i], seen, depth+2); err != nil {
				err = at(err, index(i))
			}
		}
	})
	e.w.EndTuple(1)
	e.w.Reduce()
	return err
}

// hashKey identifies a value as Python's dicts do: equal numbers of all types
// are one key. It is an error if Python cannot hash it.
func hashKey(k any, depth int) (string, error) {
	if depth > maxEncodeDepth {
		return "", errTooDeep
	}
	many := func(open string, ks []any) (string, error) {
		parts := make([]string, len(ks))
		for i, k := range ks {
			s, err := hashKey(k, depth+1)
			if err != nil {
				return "", at(err, index(i))
			}
			parts[i] = strconv.Itoa(len(s)) + ":" + s
		}
		if open == "{" {
			slices.Sort(parts)
		}
		return open + strings.Join(parts, ""), nil
	}
	switch k := k.(type) {
	case nil:
		return "None", nil
	case string:
		return "s" + k, nil
	case []byte:
		return "b" + string(k), nil
	case Device, tensor.DType:
		return fmt.Sprintf("%T %v", k, k), nil
	case Tuple:
		return many("(", k)
	case Size:
		t := make([]any, len(k))
		for i := range k {
			t[i] = k[i]
		}
		return many("(", t)
	case Set:
		if k.Frozen {
			return many("{", k.Items)
		}
	case bool:
		return numberKey(complex(map[bool]float64{true: 1}[k], 0)), nil
	case *big.Int:
		if k != nil {
			return "n" + k.String(), nil
		}
	default:
		switch v := reflect.ValueOf(k); {
		case v.CanInt():
			return "n" + strconv.FormatInt(v.Int(), 10), nil
		case v.CanUint():
			return "n" + strconv.FormatUint(v.Uint(), 10), nil
		case v.CanFloat():
			return numberKey(complex(v.Float(), 0)), nil
		case v.CanComplex():
			return numberKey(v.Complex()), nil
		}
	}
	return "", fmt.Errorf("a %T cannot be a key", k)
}

// numberKey is that of the int that a number equals, if there is one.
func numberKey(c complex128) string {
	if f := real(c); imag(c) == 0 && f == math.Trunc(f) && !math.IsInf(f, 0) {
		n, _ := big.NewFloat(f).Int(nil)
		return "n" + n.String()
	}
	return fmt.Sprint("c", c)
}
