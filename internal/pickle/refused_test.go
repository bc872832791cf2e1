package pickle

import (
	"errors"
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

func TestRefused(t *testing.T) {
	const (
		malformed = ckpterr.MalformedPickle
		unsafe    = ckpterr.UnsafePickle
		limit     = ckpterr.LimitExceeded
	)
	for _, tc := range []struct {
		name, pickle string
		want         ckpterr.Class
		offset       int64
	}{
		{"empty", "", malformed, 0},
		{"no stop", "N", malformed, 1},
		{"stop on nothing", ".", malformed, 0},
		{"stop on two", "NN.", malformed, 2},
		{"stop under a mark", "(N.", malformed, 2},
		{"protocol 1", "\x80\x01N.", malformed, 0},
		{"protocol 6", "\x80\x06N.", malformed, 0},
		{"cut int", "K", malformed, 0},
		{"cut memo", "Nh", malformed, 1},
		{"cut str", "\x8c\x05ab.", malformed, 0},
		{"cut global", "cos\nsys", malformed, 0},
		{"negative long4", "\x8b\xff\xff\xff\xff.", malformed, 0},
		{"bytes of 2^63", "\x8e\x00\x00\x00\x00\x00\x00\x00\x80.", malformed, 0},
		{"not utf-8", "\x8c\x01\xff.", malformed, 0},
		{"half a surrogate", "\x8c\x02\xed\xa0.", malformed, 0},
		{"overlong", "\x8c\x02\xc0\x80.", malformed, 0},
		{"tuple across a mark", "N(N\x86.", malformed, 3},
		{"reduce across a mark", "cm\nn\n()R.", malformed, 7},
		{"memoize on a mark", "N(\x94.", malformed, 2},
		{"append to a tuple", ")Na.", malformed, 2},
		{"setitem on a list", "]NNs.", malformed, 3},
		{"odd setitems", "}(Nu.", malformed, 3},
		{"appends without mark", "]Ne.", malformed, 2},
		{"reduce of an int", "K\x01)R.", malformed, 3},
		{"reduce with a list", "cm\nn\n]R.", malformed, 6},
		{"list as key", "}]Ns.", malformed, 3},
		{"list in a tuple as key", "}]\x85Ns.", malformed, 4},
		{"dict in a set", "\x8f(}\x90.", malformed, 3},
		{"bytearray in a frozenset", "(\x96\x00\x00\x00\x00\x00\x00\x00\x00\x91.", malformed, 10},
		{"build on a list", "]}b.", malformed, 2},
		{"build on a class", "cm\nn\n}b.", unsafe, 6},
		{"text int", "I1\n.", malformed, 0},
		{"unknown opcode", "\xff.", malformed, 0},
		{"buffer", "\x97.", malformed, 0},
		{"inst", "(im\nn\n.", unsafe, 1},
		{"obj", "(cm\nn\no.", unsafe, 6},
		{"ext1", "\x82\x01.", unsafe, 0},
		{"persid", "Pid\n.", unsafe, 0},
		{"binpersid", "NQ.", unsafe, 1},
		{"os.system", "cos\nsystem\n.", unsafe, 0},
		{"dotted name", "\x8c\x05torch\x8c\x09os.system\x93.", unsafe, 18},
		{"frame too long", "\x95\x03\x00\x00\x00\x00\x00\x00\x00N.", malformed, 0},
		{"memo index", "Nr\xf0\xff\xff\xff.", limit, 1},
		{"deep tuples", ")" + strings.Repeat("\x85", 200) + ".", limit, 100},
		{"deep lists", strings.Repeat("]", 200) + strings.Repeat("a", 199) + ".", limit, -1},
		{"deep marks", strings.Repeat("(", 200) + strings.Repeat("t", 200) + ".", limit, 101},
		{"keys", "}" + billionKey(30) + "Ns.", limit, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := Decode([]byte(tc.pickle), Options{})
			if got := ckpterr.ClassOf(err); got != tc.want {
				t.Fatalf("got %v, want %s", err, tc.want)
			}
			var e *ckpterr.Error
			if errors.As(err, &e) && tc.offset >= 0 && e.Offset != tc.offset {
				t.Errorf("at %d, want %d: %v", e.Offset, tc.offset, err)
			}
		})
	}
}

// billionKey is a tuple of 2^n leaves through the memo.
func billionKey(n int) string {
	return "N" + strings.Repeat("2\x86", n)
}

// TestKeyLimit uses one long str as a key very often: hashing it each time would
// take minutes.
func TestKeyLimit(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	var b strings.Builder
	b.WriteString("\x80\x04X\x00\x00\x10\x00" + long + "\x94}(")
	for range 100_000 {
		b.WriteString("h\x00NN\x87N") // {(long, None, None): None} again and again
	}
	b.WriteString("u.")
	_, _, err := Decode([]byte(b.String()), Options{})
	if ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
		t.Errorf("got %v", err)
	}
}

func TestMemoryLimit(t *testing.T) {
	lists := []byte("(" + strings.Repeat("]", 1<<20) + "t.")
	_, _, err := Decode(lists, Options{Limits: Limits{MaxMemory: 1 << 20}})
	if ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
		t.Errorf("got %v", err)
	}
	few := []byte("(" + strings.Repeat("]", 1<<18) + "t.")
	if _, _, err := Decode(few, Options{}); err != nil {
		t.Errorf("the default limit: %v", err)
	}
}

func TestRestricted(t *testing.T) {
	opt := Options{Restricted: true, Globals: func(g Global) Verdict {
		if g.Module == "torch" {
			return Allow
		}
		return Opaque
	}}
	decode(t, "\x80\x02ctorch\nfloat32\n.", opt)
	for name, p := range map[string]string{
		"unknown global": "cm\nn\n.", "stack global": "\x8c\x05torch\x8c\x01x\x93.", "dup": "N2\x86.",
		"memoize": "N\x94.", "dangerous": "ctorch\nload\n.", "computed call": "ctorch\nx\n)R)R.",
	} {
		if _, _, err := Decode([]byte(p), opt); ckpterr.ClassOf(err) != ckpterr.UnsafePickle {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKnownDangerous(t *testing.T) {
	for name, want := range map[Global]bool{
		{"os", "system"}: true, {"posix", "system"}: true, {"os.path", "join"}: true, {"builtins", "eval"}: true,
		{"__builtin__", "getattr"}: true, {"builtins", "set"}: false, {"__builtin__", "bytearray"}: false,
		{"builtins", "ValueError"}: false, {"torch", "load"}: true, {"torch.hub", "load"}: true,
		{"torch", "float32"}: false, {"torch.jit._script", "x"}: true, {"torch", "os.system"}: true,
		{"numpy.testing._private.utils", "runstring"}: true, {"numpy._core.multiarray", "scalar"}: false,
		{"copyreg", "_reconstructor"}: false, {"copyreg", "add_extension"}: true, {"osprey", "system"}: false,
		{"functools", "partial"}: true, {"mymodel", "Config"}: false, {"", "x"}: true, {"x", ""}: true,
		{"_codecs", "encode"}: false, {"collections", "OrderedDict"}: false, {"datetime", "datetime"}: false,
	} {
		if KnownDangerous(name) != want {
			t.Errorf("%v: %v", name, !want)
		}
	}
}
