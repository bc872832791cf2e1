package metadata

import (
	"math/bits"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
)

func bad(format string, args ...any) error { return ckpterr.New(ckpterr.BadMetadata, format, args...) }

// fields says how an object of one class gets its fields.
type fields[T any] struct {
	class string
	need  []string // bit i of a fieldSet is need[i]
	set   func(d *decoder, x *T, key string, v pickle.Value) (fieldSet, error)
}

// fieldSet has a bit for each field that must be there.
type fieldSet uint8

// fill sets the fields of x from key, value, key, value …; as in Python the
// last of equal keys wins.
func fill[T any](d *decoder, x *T, pairs pickle.Items, f *fields[T]) error {
	if err := d.spend(pairs.Len()); err != nil {
		return err
	}
	var have fieldSet
	for i := 0; i < pairs.Len(); i += 2 {
		key, ok := pairs.At(i).Str()
		if !ok {
			return bad("%s has a field named by a %s", f.class, pairs.At(i).Kind())
		}
		bit, err := f.set(d, x, key, pairs.At(i+1))
		if err != nil {
			return err
		}
		have |= bit
	}
	return f.check(have)
}

func (f *fields[T]) check(have fieldSet) error {
	all := fieldSet(1)<<len(f.need) - 1
	if have&all == all {
		return nil
	}
	return bad("%s lacks %s", f.class, f.need[bits.TrailingZeros8(uint8(^have))])
}

// object sets the fields of x from a generic object: arguments by position and
// name, then states, whose tuple form only tupleState knows (nil: none does).
func object[T any](
	d *decoder, x *T, o *pickle.Object, names []string, f *fields[T],
	tupleState func(*T, pickle.Items) (fieldSet, error),
) error {
	var have fieldSet
	set := func(key string, v pickle.Value) error {
		bit, err := f.set(d, x, key, v)
		have |= bit
		return err
	}
	err := func() error {
		args := o.Args.Items()
		if args.Len() > len(names) {
			return bad("%s of %d arguments", f.class, args.Len())
		}
		for i, v := range args.All() {
			if err := set(names[i], v); err != nil {
				return err
			}
		}
		dicts := []pickle.Items{o.Kwargs.RawPairs()}
		for _, s := range o.States.All() {
			switch s.Kind() {
			case pickle.Dict:
				dicts = append(dicts, s.RawPairs())
			case pickle.Tuple:
				if tupleState == nil {
					return bad("the state of %s is a tuple", f.class)
				}
				bits, err := tupleState(x, s.Items())
				if err != nil {
					return err
				}
				have |= bits
			default:
				return bad("the state of %s is a %s", f.class, s.Kind())
			}
		}
		for _, pairs := range dicts {
			for i := 0; i < pairs.Len(); i += 2 {
				key, ok := pairs.At(i).Str()
				if !ok {
					return bad("%s has a field named by a %s", f.class, pairs.At(i).Kind())
				}
				if err := d.spend(1); err != nil {
					return err
				}
				if err := set(key, pairs.At(i+1)); err != nil {
					return err
				}
			}
		}
		return f.check(have)
	}()
	return ckpterr.At(err, ckpterr.Place{Offset: o.Offset})
}

// text is a str.
func text(v pickle.Value, what string) (string, error) {
	s, ok := v.Str()
	if !ok {
		return "", bad("%s is a %s, not a str", what, v.Kind())
	}
	return s, nil
}

// optText is a str or None.
func optText(v pickle.Value, what string) (string, error) {
	if v.IsNone() {
		return "", nil
	}
	return text(v, what)
}

// number is an int that fits.
func number(v pickle.Value, what string) (int64, error) {
	n, ok := v.Int64()
	if ok {
		return n, nil
	}
	if v.Kind() == pickle.BigInt {
		return 0, ckpterr.New(ckpterr.OutOfRange, "%s has more than 64 bits", what)
	}
	return 0, bad("%s is a %s, not an int", what, v.Kind())
}

// sequence is the members of a list or tuple.
func sequence(v pickle.Value) (pickle.Items, bool) {
	k := v.Kind()
	return v.Items(), k == pickle.List || k == pickle.Tuple
}

// size is a torch.Size, or a tuple or list in its place. It is never nil.
func (d *decoder) size(v pickle.Value, what string) ([]int64, error) {
	if h, ok := handleOf(v, clsSize); ok {
		return d.sizeAt(h), nil
	}
	if o, ok := v.Object(); ok && classOf(o.Global()) == clsSize && o.Args.Items().Len() <= 1 {
		v = o.Args
		if v.Items().Len() == 1 {
			v = v.Items().At(0)
		}
	}
	items, ok := sequence(v)
	if !ok {
		return nil, bad("%s is a %s, not a torch.Size", what, v.Kind())
	}
	if items.Len() > maxDims {
		return nil, bad("%s has %d dimensions", what, items.Len())
	}
	if err := d.spend(items.Len()); err != nil {
		return nil, err
	}
	page, pos := d.dims.tail(items.Len())
	p := *page
	for _, m := range items.All() {
		n, err := number(m, what)
		if err != nil {
			return nil, err
		}
		p = append(p, n)
	}
	*page = p
	return d.dims.run(pos, items.Len()), nil
}

// maxDims is what a sizeRun can hold; torch itself works up to 64.
const maxDims = 255
