package pickle

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
)

// plain turns v into Go values: tuples are []any, lists list, sets set.
func plain(v Value) any {
	type (
		list []any
		set  []any
		pair [2]any
	)
	many := func(vs []Value) []any {
		out := make([]any, len(vs))
		for i, m := range vs {
			out[i] = plain(m)
		}
		return out
	}
	switch v.Kind() {
	case None:
		return nil
	case Bool:
		b, _ := v.Bool()
		return b
	case Int:
		n, _ := v.Int64()
		return n
	case BigInt:
		n, _ := v.BigInt()
		return n.String()
	case Float:
		f, _ := v.Float()
		return f
	case Str:
		s, _ := v.Str()
		return s
	case Bytes, ByteArray:
		b, _ := v.Bytes()
		return b
	case Tuple:
		return many(v.Tuple())
	case List:
		return fmt.Sprint("list", list(many(v.List())))
	case Set, FrozenSet:
		return fmt.Sprint("set", set(many(v.Set())))
	case Dict:
		var out []any
		for k, m := range v.Dict().All() {
			out = append(out, pair{plain(k), plain(m)})
		}
		return fmt.Sprint("dict", out)
	case GlobalKind:
		g, _ := v.Global()
		return g
	case PersistentKind:
		p, _ := v.Persistent()
		return p
	}
	return Describe(v)
}

func TestValues(t *testing.T) {
	for _, tc := range []struct {
		name, pickle string
		want         any
	}{
		{"none", "N.", nil},
		{"true", "\x88.", true},
		{"int1", "K\xff.", int64(255)},
		{"int2", "M\x01\x02.", int64(513)},
		{"int4", "J\xff\xff\xff\xff.", int64(-1)},
		{"long empty", "\x8a\x00.", int64(0)},
		{"long negative", "\x8a\x01\x80.", int64(-128)},
		{"long 2^31", "\x8a\x05\x00\x00\x00\x80\x00.", int64(1 << 31)},
		{"long min", "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.", int64(math.MinInt64)},
		{"long 2^63", "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", "9223372036854775808"},
		{"long -2^64", "\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff.", "-18446744073709551616"},
		{"long wide spelling", "\x8a\x0a\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00.", int64(5)},
		{"float", "G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		{"str", "\x8c\x02hi.", "hi"},
		{"str4", "X\x02\x00\x00\x00hi.", "hi"},
		{"str8", "\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi.", "hi"},
		{"lone surrogate", "\x8c\x03\xed\xa0\x80.", "\xed\xa0\x80"},
		{"bytes", "C\x02\xff\x00.", []byte{255, 0}},
		{"bytes4", "B\x01\x00\x00\x00x.", []byte("x")},
		{"bytes8", "\x8e\x01\x00\x00\x00\x00\x00\x00\x00x.", []byte("x")},
		{"bytearray", "\x96\x01\x00\x00\x00\x00\x00\x00\x00x.", []byte("x")},
		{"py2 str", "U\x02hi.", "hi"},
		{"tuple", "(K\x01K\x02K\x03K\x04t.", []any{int64(1), int64(2), int64(3), int64(4)}},
		{"tuple0", ").", []any{}},
		{"tuple of mark", "(t.", []any{}},
		{"list", "](K\x01K\x02eK\x03a.", "list[1 2 3]"},
		{"dict", "}(K\x01K\x02K\x03K\x04uK\x05K\x06s.", "dict[[1 2] [3 4] [5 6]]"},
		{"dict replaces", "}(K\x01\x8c\x01aK\x02\x8c\x01b\x88\x8c\x01cu.", "dict[[1 c] [2 b]]"},
		{"dict by float", "}(K\x01\x8c\x01aG\x3f\xf0\x00\x00\x00\x00\x00\x00\x8c\x01bu.", "dict[[1 b]]"},
		{"dict by tuple", "}(K\x01\x85\x8c\x01aK\x01\x85\x8c\x01bu.", "dict[[[1] b]]"},
		{"dict by str and bytes", "}(\x8c\x01a\x8c\x01aC\x01a\x8c\x01bu.", "dict[[a a] [[97] b]]"},
		{"set", "\x8f(K\x01K\x02\x90.", "set[1 2]"},
		{"frozenset", "(K\x01\x91.", "set[1]"},
		{"memoize", "\x8c\x01a\x94h\x00\x86.", []any{"a", "a"}},
		{"binput", "\x8c\x01aq\x05h\x05\x86.", []any{"a", "a"}},
		{"long binput", "\x8c\x01ar\x05\x00\x00\x00j\x05\x00\x00\x00\x86.", []any{"a", "a"}},
		{"dup", "\x8c\x01a2\x86.", []any{"a", "a"}},
		{"pop", "NK\x010.", nil},
		{"pop mark", "N(K\x011.", nil},
		{"pop of a mark", "N(0.", nil},
		{"global", "cm\nn\n.", Global{"m", "n"}},
		{"stack global", "\x8c\x01m\x8c\x01n\x93.", Global{"m", "n"}},
		{"frame", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", nil},
		{"bytes after stop", "N.junk", nil},
		{"list in itself", "]\x94h\x00a\x8c\x01x\x86.", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, n, err := Decode([]byte(tc.pickle), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.LastIndexByte(tc.pickle, '.') + 1; n != want {
				t.Errorf("took %d bytes, want %d", n, want)
			}
			if tc.name == "list in itself" {
				if l := v.Tuple()[0]; l.List()[0] != l {
					t.Error("the list does not contain itself")
				}
				return
			}
			if diff := cmp.Diff(tc.want, plain(v)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestObject(t *testing.T) {
	// OrderedDict() with an item; a class with keyword arguments, a state and
	// appended members.
	v := decode(t, "ccollections\nOrderedDict\n)R\x8c\x01aK\x01s"+
		"cm\nC\nK\x07\x85}\x8c\x01k\x88s\x92}\x8c\x01s\x89sb(K\x08K\x09e\x86.", Options{})
	od, _ := v.Tuple()[0].Object()
	c, _ := v.Tuple()[1].Object()
	if od.Op != Reduce || od.Global() != (Global{"collections", "OrderedDict"}) || plain(od.Pairs) != "dict[[a 1]]" {
		t.Errorf("OrderedDict: %+v", od)
	}
	if c.Op != NewObjEx || plain(c.Args.Tuple()[0]) != int64(7) || plain(c.Kwargs) != "dict[[k true]]" ||
		c.States.Len() != 1 || plain(c.States.At(0)) != "dict[[s false]]" || c.Items.Len() != 2 || c.Offset != 47 {
		t.Errorf("C: %+v", c)
	}
}

func decode(t *testing.T, pickle string, opt Options) Value {
	t.Helper()
	v, _, err := Decode([]byte(pickle), opt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPersistent(t *testing.T) {
	opt := Options{Persistent: func(id Value) (any, error) {
		s, ok := id.Str()
		if !ok {
			return nil, ckpterr.New(ckpterr.BadArchive, "no str")
		}
		return "stored " + s, nil
	}}
	if got := plain(decode(t, "\x8c\x010Q.", opt)); got != "stored 0" {
		t.Errorf("got %v", got)
	}
	if _, _, err := Decode([]byte("NQ."), opt); ckpterr.ClassOf(err) != ckpterr.BadArchive {
		t.Errorf("the callback's class is lost: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	// Thirty levels of lists that hold the level below ten times.
	p := "]\x94"
	for i := range 30 {
		p += "]\x94(" + strings.Repeat("h"+string(rune(i)), 10) + "e"
	}
	v := decode(t, "("+p+"t.", Options{})
	if s := Describe(v); len(s) > 1000 {
		t.Errorf("%d bytes", len(s))
	}
	v = decode(t, "}\x8c\x02a\n]s.", Options{})
	if got, want := Describe(v), `dict of 1: 'a\n' → list of 0`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func ExampleDecode() {
	v, n, err := Decode([]byte("\x80\x04\x8c\x04step\x94K\x07\x86\x94."), Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	name, _ := v.Items().At(0).Str()
	step, _ := v.Items().At(1).Int64()
	fmt.Println(name, step, n)
	// Output: step 7 14
}
