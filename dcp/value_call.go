package dcp

import (
	"strconv"
	"strings"

	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// call evaluates the few calls that protocol 2 writes for plain data.
func (d *valueDecoder) call(g pickle.Global, args pickle.Items, depth int) (any, bool, error) {
	str := func(i int) string { s, _ := args.At(i).Str(); return s }
	float := func(i int) (float64, bool) { return args.At(i).Float() }
	switch name := strings.TrimPrefix(g.String(), "__builtin__."); {
	case strings.TrimPrefix(name, "builtins.") == "complex" && args.Len() == 2:
		re, ok1 := float(0)
		im, ok2 := float(1)
		return complex(re, im), ok1 && ok2, nil
	case strings.HasSuffix(name, "set") && isSet(g) && args.Len() == 1 && args.At(0).Kind() == pickle.List:
		items, err := d.items(args.At(0).Items(), depth)
		return Set{Frozen: g.Name == "frozenset", Items: items}, true, err
	case name == "_codecs.encode" && args.Len() == 2 && isLatin1(str(1)):
		if err := d.charge(2 * len(str(0))); err != nil {
			return nil, false, err
		}
		b, ok := latin1(str(0))
		return b, ok, nil
	case isBuiltin(g, "bytearray") && args.Len() == 2 && isLatin1(str(1)):
		if err := d.charge(2 * len(str(0))); err != nil {
			return nil, false, err
		}
		b, ok := latin1(str(0))
		return ByteArray(b), ok, nil
	case isBuiltin(g, "bytearray") && args.Len() == 1:
		v, err := d.value(args.At(0), depth+1)
		b, ok := v.([]byte)
		return ByteArray(b), ok, err
	case (isBuiltin(g, "bytes") || isBuiltin(g, "bytearray")) && args.Len() == 0:
		if g.Name == "bytes" {
			return []byte{}, true, nil
		}
		return ByteArray{}, true, nil
	case name == "torch.Size" && args.Len() == 1:
		s, ok := sizeOf(args.At(0))
		return s, ok, nil
	case name == "torch.device" && args.Len() >= 1 && args.At(0).Kind() == pickle.Str:
		dev := str(0)
		if args.Len() == 2 {
			if n, ok := args.At(1).Int64(); ok {
				dev += ":" + strconv.FormatInt(n, 10)
			}
		}
		return Device(dev), true, nil
	}
	return nil, false, nil
}

func isBuiltin(g pickle.Global, name string) bool {
	return (g.Module == "builtins" || g.Module == "__builtin__") && g.Name == name
}

func isSet(g pickle.Global) bool { return isBuiltin(g, "set") || isBuiltin(g, "frozenset") }

func isLatin1(codec string) bool { return codec == "latin1" || codec == "latin-1" }

// latin1 undoes how protocol 2 writes bytes: one character each.
func latin1(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

func sizeOf(v pickle.Value) (Size, bool) {
	s := make(Size, 0, v.Items().Len())
	for _, m := range v.Items().All() {
		n, ok := m.Int64()
		if !ok {
			return nil, false
		}
		s = append(s, n)
	}
	return s, v.Kind() == pickle.Tuple || v.Kind() == pickle.List
}

func dtypeOf(g pickle.Global) (tensor.DType, bool) {
	if g.Module != "torch" {
		return tensor.Invalid, false
	}
	return tensor.ParseDType(g.Name)
}

// isPlainGlobal tells names that occur in objects of plain data.
func isPlainGlobal(g pickle.Global) bool {
	if _, ok := dtypeOf(g); ok {
		return true
	}
	switch g.Module {
	case "builtins", "__builtin__":
		return true // those that are dangerous were refused
	case "torch._utils", "torch.storage":
		return true
	case "torch":
		return g.Name == "Size" || g.Name == "device" || strings.HasSuffix(g.Name, "Storage") || strings.HasPrefix(g.Name, "per_")
	}
	return g == pickle.Global{Module: "collections", Name: "OrderedDict"} || g == pickle.Global{Module: "_codecs", Name: "encode"}
}
