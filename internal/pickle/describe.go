package pickle

import (
	"strconv"
	"strings"

	"github.com/godcp/godcp/ckpterr"
)

// Describe says on one short line what v is, for people: the kind, the class,
// the first members.
func Describe(v Value) string {
	var b strings.Builder
	describe(&b, v, 2)
	return b.String()
}

// Enough to recognise a value; the output has at most members^depth parts.
const (
	describeMembers = 4
	describeBytes   = 40
)

func describe(b *strings.Builder, v Value, depth int) {
	switch v.Kind() {
	case None:
		b.WriteString("None")
	case Bool:
		t, _ := v.Bool()
		b.WriteString(map[bool]string{true: "True", false: "False"}[t])
	case Int:
		n, _ := v.Int64()
		b.WriteString(strconv.FormatInt(n, 10))
	case Float:
		f, _ := v.Float()
		b.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
	case Str:
		s, _ := v.Str()
		if len(s) > describeBytes {
			s = s[:describeBytes] + "…"
		}
		b.WriteString("'" + ckpterr.Escape(s) + "'")
	case GlobalKind:
		g, _ := v.Global()
		b.WriteString(ckpterr.Escape(g.String()))
	case ObjectKind:
		o, _ := v.Object()
		name := o.Global().String()
		if o.Callable.Kind() != GlobalKind {
			name = "computed"
		}
		b.WriteString("object " + ckpterr.Escape(name))
	case Tuple, List, Set, FrozenSet:
		describeMany(b, v, v.Items(), 1, depth)
	case Dict:
		describeMany(b, v, v.RawPairs(), 2, depth)
	default:
		b.WriteString(v.Kind().String())
	}
}

func describeMany(b *strings.Builder, v Value, items Items, step, depth int) {
	n := items.Len() / step
	b.WriteString(v.Kind().String() + " of " + strconv.Itoa(n))
	if depth == 0 || n == 0 {
		return
	}
	b.WriteString(": ")
	for i := range min(n, describeMembers) {
		if i > 0 {
			b.WriteString(", ")
		}
		describe(b, items.At(i*step), depth-1)
		if step == 2 {
			b.WriteString(" → ")
			describe(b, items.At(i*step+1), depth-1)
		}
	}
	if n > describeMembers {
		b.WriteString(", …")
	}
}
