package planner

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/godcp/godcp/dcp/metadata"
)

// Leaf is one value of a flattened state dict.
type Leaf struct {
	FQN   string
	Path  metadata.Path
	Value any

	// Set replaces the value in the container that holds it.
	Set func(any) error
}

// Flatten lists the leaves of a nested state dict by torch's rules since 2.4:
// a map is always opened (an empty one disappears), a slice only if it holds a
// tensor (or what stands for one), a map, or a slice that is opened itself; everything else is a leaf.
// Slices of a named type stand for tuples and the like, and are leaves.
// Map keys become their text. Leaves come sorted by key at every level. Two
// paths with one name are an error.
func Flatten(state map[string]any) ([]Leaf, error) {
	f := flattener{seen: make(map[string]bool, len(state))}
	if err := f.openDict(nil, state); err != nil {
		return nil, err
	}
	return f.leaves, nil
}

// maxDepth bounds nesting, so that a container that holds itself is an error.
const maxDepth = 100

type flattener struct {
	leaves []Leaf
	seen   map[string]bool
}

func (f *flattener) visit(path metadata.Path, v any, set func(any) error) error {
	if len(path) > maxDepth {
		return fmt.Errorf("state dict is nested deeper than %d at %q", maxDepth, JoinPath(path))
	}
	if d, ok := v.(map[string]any); ok {
		return f.openDict(path, d)
	}
	if rv := reflect.ValueOf(v); !isTensor(v) && opened(rv, maxDepth) {
		return f.open(path, rv)
	}
	fqn := JoinPath(path)
	if f.seen[fqn] {
		return fmt.Errorf("duplicated flatten key %q", fqn)
	}
	f.seen[fqn] = true
	f.leaves = append(f.leaves, Leaf{fqn, slices.Clone(path), v, set})
	return nil
}

// openDict is open for what most state dicts are made of.
func (f *flattener) openDict(path metadata.Path, d map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(d)) {
		set := func(v any) error {
			d[key] = v
			return nil
		}
		if err := f.visit(append(path, metadata.PathElement{Key: key}), d[key], set); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) open(path metadata.Path, c reflect.Value) error {
	elem := c.Type().Elem()
	switch c.Kind() {
	case reflect.Map:
		keys := map[string]reflect.Value{}
		for _, k := range c.MapKeys() {
			name := keyText(k)
			if _, twice := keys[name]; twice {
				return fmt.Errorf("duplicated flatten key %q", JoinPath(append(path, metadata.PathElement{Key: name})))
			}
			keys[name] = k
		}
		for _, name := range slices.Sorted(maps.Keys(keys)) {
			k := keys[name]
			set := func(v any) error {
				e, err := assignable(v, elem)
				if err == nil {
					c.SetMapIndex(k, e)
				}
				return err
			}
			if err := f.visit(append(path, metadata.PathElement{Key: name}), c.MapIndex(k).Interface(), set); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range c.Len() {
			set := func(v any) error {
				e, err := assignable(v, elem)
				if err == nil {
					c.Index(i).Set(e)
				}
				return err
			}
			if err := f.visit(append(path, metadata.PathElement{Index: i, IsIndex: true}), c.Index(i).Interface(), set); err != nil {
				return err
			}
		}
	}
	return nil
}

// opened tells whether a value is a container that flattening opens.
func opened(v reflect.Value, depth int) bool {
	if !v.IsValid() || depth == 0 {
		return false
	}
	switch v.Kind() {
	case reflect.Map:
		return isKey(v.Type().Key().Kind())
	case reflect.Slice:
		if v.Type().Name() != "" || v.Type().Elem().Kind() == reflect.Uint8 {
			return false // no list: a tuple or bytes
		}
		for i := range v.Len() {
			e := v.Index(i)
			if e.Kind() == reflect.Interface {
				e = e.Elem()
			}
			if !e.IsValid() {
				continue
			}
			if isTensor(e.Interface()) || opened(e, depth-1) {
				return true
			}
		}
	}
	return false
}

func isKey(k reflect.Kind) bool {
	return k == reflect.String || k >= reflect.Int && k <= reflect.Uint64
}

func keyText(k reflect.Value) string {
	switch {
	case k.Kind() == reflect.String:
		return k.String()
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10)
	default:
		return strconv.FormatUint(k.Uint(), 10)
	}
}

// assignable prepares v for a container of elem.
func assignable(v any, elem reflect.Type) (reflect.Value, error) {
	if v == nil {
		return reflect.Zero(elem), nil
	}
	rv := reflect.ValueOf(v)
	if !rv.Type().AssignableTo(elem) {
		return reflect.Value{}, fmt.Errorf("cannot put a %v where the state dict holds %v", rv.Type(), elem)
	}
	return rv, nil
}

// JoinPath is the fqn of a path: its elements joined by dots.
func JoinPath(p metadata.Path) string {
	var b strings.Builder
	for i, e := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		if e.IsIndex {
			b.WriteString(strconv.Itoa(e.Index))
		} else {
			b.WriteString(e.Key)
		}
	}
	return b.String()
}
