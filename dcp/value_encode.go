package dcp

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// EncodeValue writes a plain Go value as the data.pkl (protocol 2) that
// torch.save makes of the Python value it stands for. It takes nil, bool, every
// int and uint, *big.Int, floats, complex numbers, string, []byte, the types
// that [DecodeValue] returns, *tensor.Tensor, and slices and maps of these. A
// []int is a list, a map[int]bool a dict; maps are written in the order of
// their keys. Anything else, [Opaque] and named types included, is an error
// that tells where in v it is.
//
// storages are the archive's data/0, data/1 and so on: the tensors in v, made
// contiguous; those in one place of memory already are not copied.
func EncodeValue(v any) (pkl []byte, storages []*tensor.Tensor, err error) {
	e := valueEncoder{w: pickle.NewWriter(2), keys: make(map[*tensor.Tensor]int)}
	err = e.value(v, 0) // to see what is used again
	if err == nil {
		e.w.Restart()
		err = e.value(v, 0)
	}
	if err == nil {
		pkl, err = e.w.Bytes()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("encoding: %w", err)
	}
	return pkl, e.storages, nil
}

type valueEncoder struct {
	w        *pickle.Writer
	storages []*tensor.Tensor
	keys     map[*tensor.Tensor]int // places in storages
}

// at adds a step of the path to where an error is.
func at(err error, step string) error {
	var e *valueError
	if errors.As(err, &e) {
		e.path = step + e.path
		return e
	}
	return &valueError{step, err}
}

// valueError is the error about a part of a value.
type valueError struct {
	path string
	err  error
}

func (e *valueError) Error() string { return "value" + e.path + ": " + e.err.Error() }
func (e *valueError) Unwrap() error { return e.err }

// maxEncodeDepth leaves room for the calls that a value itself can need, so that
// what was encoded can be decoded.
const maxEncodeDepth = maxValueDepth - 3

var errTooDeep = fmt.Errorf("nested deeper than %d, or part of itself", maxEncodeDepth)

func (e *valueEncoder) value(v any, depth int) error {
	if depth > maxEncodeDepth {
		return errTooDeep
	}
	w := e.w
	switch v := v.(type) {
	case nil:
		w.None()
	case bool:
		w.Bool(v)
	case *big.Int:
		if v == nil {
			return errors.New("a nil *big.Int")
		}
		w.BigInt(v)
	case float32:
		w.Float(float64(v))
	case float64:
		w.Float(v)
	case complex64:
		e.complex(complex128(v))
	case complex128:
		e.complex(v)
	case string:
		w.Str(v)
	case []byte:
		w.RawBytes(string(v))
	case ByteArray:
		w.ByteArray(string(v))
	case Tuple:
		return e.tuple(v, depth)
	case Set:
		return e.set(v, depth)
	case Dict:
		return e.dict(v, depth)
	case Size:
		e.size(v)
	case tensor.DType:
		if v.Size() == 0 {
			return fmt.Errorf("dtype %v", v)
		}
		w.Global(pickle.Global{Module: "torch", Name: v.String()})
	case Device:
		e.device(string(v))
	case *tensor.Tensor:
		return e.tensor(v)
	default:
		return e.unnamed(reflect.ValueOf(v), depth)
	}
	return w.Err()
}

// unnamed writes the other predeclared types, and slices and maps.
func (e *valueEncoder) unnamed(v reflect.Value, depth int) error {
	t := v.Type()
	named := t.PkgPath() != ""
	switch {
	case named:
	case v.CanInt():
		e.w.Int(v.Int())
		return nil
	case v.CanUint() && t.Kind() != reflect.Uintptr:
		e.w.BigInt(new(big.Int).SetUint64(v.Uint()))
		return nil
	case t.Kind() == reflect.Slice:
		return e.list(v.Len(), func(i int) any { return v.Index(i).Interface() }, depth)
	case t.Kind() == reflect.Map:
		return e.goMap(v, depth)
	}
	return fmt.Errorf("a %s is no value of a checkpoint", t)
}

func (e *valueEncoder) list(n int, member func(i int) any, depth int) (err error) {
	e.w.List(n, func(i int) {
		if err == nil {
			if err = e.value(member(i), depth+1); err != nil {
				err = at(err, index(i))
			}
		}
	})
	return err
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

func (e *valueEncoder) tuple(t Tuple, depth int) error {
	e.w.BeginTuple(len(t))
	for i, m := range t {
		if err := e.value(m, depth+1); err != nil {
			return at(err, index(i))
		}
	}
	e.w.EndTuple(len(t))
	return nil
}

// call writes f(args).
func (e *valueEncoder) call(module, name string, n int, args func()) {
	e.w.Global(pickle.Global{Module: module, Name: name})
	e.w.BeginTuple(n)
	args()
	e.w.EndTuple(n)
	e.w.Reduce()
}

func (e *valueEncoder) complex(c complex128) {
	e.call("__builtin__", "complex", 2, func() {
		e.w.Float(real(c))
		e.w.Float(imag(c))
	})
}

func (e *valueEncoder) size(s Size) { e.call("torch", "Size", 1, func() { e.ints(s) }) }

// device writes the type and, if there is one, the index.
func (e *valueEncoder) device(d string) {
	kind, number, _ := strings.Cut(d, ":")
	if n, err := strconv.ParseUint(number, 10, 8); err == nil && strconv.FormatUint(n, 10) == number {
		e.call("torch", "device", 2, func() {
			e.w.Str(kind)
			e.w.Int(int64(n))
		})
		return
	}
	e.call("torch", "device", 1, func() { e.w.Str(d) })
}
