package torchfile

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

const floats = "torch\nFloatStorage"

var f6 = pklStorage(floats, "0", 6)

func ints(n ...int64) []int64 { return n }

// TestTensor reads data.pkl beside a storage data/0 of 24 bytes.
func TestTensor(t *testing.T) {
	untyped := pklStorage("torch.storage\nUntypedStorage", "0", 24)
	v3 := func(s, dtype string, size, stride []int64, more ...op) string {
		return strings.Replace(pklV2(s, 0, size, stride, append([]op{op("ctorch\n" + dtype + "\n")}, more...)...), "_v2", "_v3", 1)
	}
	flags := func(pairs ...string) op { return op("}(" + strings.Join(pairs, "") + "u") }
	param := func(tensor, grad, hooks string) string {
		return "ctorch._utils\n_rebuild_parameter\n(" + tensor + grad + hooks + "tR"
	}
	dense := pklV2(f6, 0, ints(2, 3), ints(3, 1))
	c3 := pklStorage("torch\nComplexFloatStorage", "0", 3)
	type rec = TensorRecord
	tests := map[string]struct {
		pkl  string
		want rec // without Storage and StorageBytes
	}{
		"contiguous":        {dense, rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true}},
		"transposed":        {pklV2(f6, 0, ints(3, 2), ints(1, 3)), rec{DType: tensor.Float32, Shape: ints(3, 2), Strides: ints(1, 3)}},
		"part":              {pklV2(f6, 3, ints(3), ints(1)), rec{DType: tensor.Float32, Shape: ints(3), Strides: ints(1), StorageOffset: 3}},
		"part at the start": {pklV2(f6, 0, ints(3), ints(1)), rec{DType: tensor.Float32, Shape: ints(3), Strides: ints(1)}},
		"column":            {pklV2(f6, 1, ints(2), ints(3)), rec{DType: tensor.Float32, Shape: ints(2), Strides: ints(3), StorageOffset: 1}},
		"scalar":            {pklV2(f6, 5, ints(), ints()), rec{DType: tensor.Float32, Shape: []int64{}, Strides: []int64{}, StorageOffset: 5}},
		"expanded":          {pklV2(f6, 0, ints(1000, 6), ints(0, 1)), rec{DType: tensor.Float32, Shape: ints(1000, 6), Strides: ints(0, 1)}},
		"ones, any stride":  {pklV2(f6, 0, ints(1, 6, 1), ints(77, 1, 99)), rec{DType: tensor.Float32, Shape: ints(1, 6, 1), Strides: ints(77, 1, 99), Dense: true}},
		"no elements":       {pklV2(f6, 0, ints(0, 1<<40), ints(1<<40, 1)), rec{DType: tensor.Float32, Shape: ints(0, 1<<40), Strides: ints(1<<40, 1)}},
		"nine dimensions":   {pklV2(f6, 0, ints(1, 1, 1, 1, 1, 1, 1, 2, 3), ints(6, 6, 6, 6, 6, 6, 6, 3, 1)), rec{DType: tensor.Float32, Shape: ints(1, 1, 1, 1, 1, 1, 1, 2, 3), Strides: ints(6, 6, 6, 6, 6, 6, 6, 3, 1), Dense: true}},
		"v1":                {"ctorch._utils\n_rebuild_tensor\n(" + f6 + "K\x00" + pklInts(2, 3) + pklInts(3, 1) + "tR", rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true}},
		"v3":                {v3(untyped, "uint16", ints(12), ints(1)), rec{DType: tensor.Uint16, Shape: ints(12), Strides: ints(1), Dense: true}},
		"v3 alias":          {v3(untyped, "half", ints(12), ints(1)), rec{DType: tensor.Float16, Shape: ints(12), Strides: ints(1), Dense: true}},
		"v3, typed storage": {v3(f6, "int32", ints(6), ints(1)), rec{DType: tensor.Int32, Shape: ints(6), Strides: ints(1), Dense: true}},
		"v2, bytes":         {pklV2(untyped, 0, ints(24), ints(1)), rec{DType: tensor.Uint8, Shape: ints(24), Strides: ints(1), Dense: true}},
		"storage elsewhere": {pklV2(strings.Replace(f6, floats, "torch.storage\nFloatStorage", 1), 0, ints(6), ints(1)), rec{DType: tensor.Float32, Shape: ints(6), Strides: ints(1), Dense: true}},
		"on a GPU":          {strings.Replace(dense, text("cpu"), text("cuda:0\n"), 1), rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true}},
		"conj":              {pklV2(c3, 0, ints(3), ints(1), flags(text("conj")+"\x88")), rec{DType: tensor.Complex64, Shape: ints(3), Strides: ints(1), Conj: true}},
		"neg":               {pklV2(f6, 0, ints(6), ints(1), flags(text("neg")+"\x88", text("conj")+"\x89")), rec{DType: tensor.Float32, Shape: ints(6), Strides: ints(1), Neg: true}},
		"v3 neg":            {v3(untyped, "uint32", ints(6), ints(1), flags(text("neg")+"\x88")), rec{DType: tensor.Uint32, Shape: ints(6), Strides: ints(1), Neg: true}},
		"no flags":          {pklV2(f6, 0, ints(6), ints(1), flags()), rec{DType: tensor.Float32, Shape: ints(6), Strides: ints(1), Dense: true}},
		"flags None":        {pklV2(f6, 0, ints(6), ints(1), "N"), rec{DType: tensor.Float32, Shape: ints(6), Strides: ints(1), Dense: true}},
		"requires grad":     {strings.Replace(dense, "\x89", "\x88", 1), rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true, RequiresGrad: true}},
		"hooks None":        {strings.Replace(dense, hooks, "N", 1), rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true}},
		"hooks dict":        {strings.Replace(dense, hooks, "}", 1), rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true}},
		"parameter":         {param(dense, "\x88", hooks), rec{DType: tensor.Float32, Shape: ints(2, 3), Strides: ints(3, 1), Dense: true, RequiresGrad: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := OpenBytes(item23(test.pkl), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.Tensor()
			if err != nil {
				t.Fatal(err)
			}
			e, _ := a.Entry("data/0")
			test.want.Storage, test.want.StorageBytes = e, 24
			if d := cmp.Diff(&test.want, got, cmp.AllowUnexported(Entry{})); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if _, err := a.ReadTensor(got, 24); err != nil {
				t.Errorf("ReadTensor: %v", err)
			}
		})
	}
}

func pklInts(n ...int64) string { return pickleInts(n) }

func TestTensorRefused(t *testing.T) {
	untyped := pklStorage("torch.storage\nUntypedStorage", "0", 24)
	c3 := pklStorage("torch\nComplexFloatStorage", "0", 3)
	dense := pklV2(f6, 0, ints(2, 3), ints(3, 1))
	huge := pickleBig(new(big.Int).Lsh(big.NewInt(1), 70))
	replace := func(old, new string) string {
		s := strings.Replace(dense, old, new, 1)
		if s == dense {
			t.Fatalf("%q is not in the pickle", old)
		}
		return s
	}
	rebuild := func(name, args string) string { return "ctorch._utils\n" + name + "\n(" + args + "tR" }
	tests := map[string]struct {
		pkl  string
		want ckpterr.Class
	}{
		"reach beyond":         {pklV2(f6, 0, ints(7), ints(1)), ckpterr.OutOfRange},
		"offset beyond":        {pklV2(f6, 4, ints(2, 3), ints(3, 1)), ckpterr.OutOfRange},
		"scalar beyond":        {pklV2(f6, 6, ints(), ints()), ckpterr.OutOfRange},
		"offset negative":      {pklV2(f6, -1, ints(2, 3), ints(3, 1)), ckpterr.SizeMismatch},
		"offset max":           {pklV2(f6, math.MaxInt64, ints(2, 3), ints(3, 1)), ckpterr.OutOfRange},
		"offset over 64 bits":  {replace("K\x00(", huge+"("), ckpterr.SizeMismatch},
		"offset True":          {replace("K\x00(", "\x88("), ckpterr.SizeMismatch},
		"stride beyond":        {pklV2(f6, 0, ints(2, 3), ints(4, 1)), ckpterr.OutOfRange},
		"stride overflows":     {pklV2(f6, 0, ints(3, 2), ints(math.MaxInt64, math.MaxInt64)), ckpterr.OutOfRange},
		"stride wraps":         {pklV2(f6, 0, ints(5), ints(1<<62)), ckpterr.OutOfRange},
		"stride negative":      {pklV2(f6, 5, ints(6), ints(-1)), ckpterr.SizeMismatch},
		"size negative":        {pklV2(f6, 0, ints(-6), ints(1)), ckpterr.SizeMismatch},
		"two sizes negative":   {pklV2(f6, 0, ints(-2, -3), ints(3, 1)), ckpterr.SizeMismatch},
		"size overflows":       {pklV2(f6, 0, ints(1<<32, 1<<32), ints(0, 0)), ckpterr.SizeMismatch},
		"bytes overflow":       {pklV2(f6, 0, ints(1<<62), ints(0)), ckpterr.SizeMismatch},
		"size over 64 bits":    {replace(pklInts(2, 3), "("+huge+"K\x03t"), ckpterr.SizeMismatch},
		"size float":           {replace(pklInts(2, 3), "G\x40\x00\x00\x00\x00\x00\x00\x00K\x03\x86"), ckpterr.SizeMismatch},
		"size True":            {replace(pklInts(2, 3), "K\x02\x88\x86"), ckpterr.SizeMismatch},
		"size None":            {replace(pklInts(2, 3), "N"), ckpterr.SizeMismatch},
		"one stride":           {pklV2(f6, 0, ints(2, 3), ints(3)), ckpterr.SizeMismatch},
		"three strides":        {pklV2(f6, 0, ints(2, 3), ints(6, 3, 1)), ckpterr.SizeMismatch},
		"expanded, a bomb":     {pklV2(f6, 0, ints(1<<40), ints(0)), ckpterr.LimitExceeded},
		"overlapping, a bomb":  {pklV2(f6, 0, append(slicesOf(2, 31), 2), append(slicesOf(0, 31), 1)), ckpterr.LimitExceeded},
		"storage longer":       {pklV2(pklStorage(floats, "0", 5), 0, ints(5), ints(1)), ckpterr.SizeMismatch},
		"storage shorter":      {pklV2(pklStorage(floats, "0", 7), 0, ints(6), ints(1)), ckpterr.SizeMismatch},
		"storage negative":     {pklV2(pklStorage(floats, "0", -6), 0, ints(6), ints(1)), ckpterr.SizeMismatch},
		"storage overflows":    {pklV2(pklStorage(floats, "0", 1<<62+6), 0, ints(6), ints(1)), ckpterr.SizeMismatch},
		"storage over 64 bits": {pklV2(strings.Replace(f6, "K\x06", huge, 1), 0, ints(6), ints(1)), ckpterr.SizeMismatch},
		"storage bool":         {pklV2(strings.Replace(f6, "K\x06", "\x88", 1), 0, ints(6), ints(1)), ckpterr.SizeMismatch},
		"key absent":           {pklV2(pklStorage(floats, "1", 6), 0, ints(6), ints(1)), ckpterr.MissingItem},
		"key traversal":        {pklV2(pklStorage(floats, "../data/0", 6), 0, ints(6), ints(1)), ckpterr.MissingItem},
		"key to data.pkl":      {pklV2(pklStorage(floats, "../data.pkl", 6), 0, ints(6), ints(1)), ckpterr.MissingItem},
		"key empty":            {pklV2(pklStorage(floats, "", 6), 0, ints(6), ints(1)), ckpterr.MissingItem},
		"key int":              {pklV2(strings.Replace(f6, text("0"), "K\x00", 1), 0, ints(6), ints(1)), ckpterr.BadArchive},
		"location None":        {pklV2(strings.Replace(f6, text("cpu"), "N", 1), 0, ints(6), ints(1)), ckpterr.BadArchive},
		"class unknown":        {pklV2(pklStorage("torch\nEvilStorage", "0", 6), 0, ints(6), ints(1)), ckpterr.UnsafePickle},
		"class elsewhere":      {pklV2(pklStorage("evil\nFloatStorage", "0", 6), 0, ints(6), ints(1)), ckpterr.UnsafePickle},
		"class is a dtype":     {pklV2(pklStorage("torch\nfloat32", "0", 6), 0, ints(6), ints(1)), ckpterr.BadArchive},
		"class is text":        {pklV2(strings.Replace(f6, "c"+floats+"\n", text("FloatStorage"), 1), 0, ints(6), ints(1)), ckpterr.BadArchive},
		"id of another kind":   {pklV2(strings.Replace(f6, text("storage"), text("module"), 1), 0, ints(6), ints(1)), ckpterr.BadArchive},
		"id of four":           {pklV2(strings.Replace(f6, "K\x06t", "t", 1), 0, ints(6), ints(1)), ckpterr.BadArchive},
		"id is text":           {text("0") + "Q", ckpterr.BadArchive},
		"no storage":           {pklV2("N", 0, ints(6), ints(1)), ckpterr.BadArchive},
		"conj of floats":       {pklV2(f6, 0, ints(6), ints(1), op("}"+text("conj")+"\x88s")), ckpterr.BadArchive},
		"unknown flag":         {pklV2(c3, 0, ints(3), ints(1), op("}"+text("zero")+"\x88s")), ckpterr.BadArchive},
		"flag is 1":            {pklV2(c3, 0, ints(3), ints(1), op("}"+text("conj")+"K\x01s")), ckpterr.BadArchive},
		"flags are a list":     {pklV2(c3, 0, ints(3), ints(1), op("]")), ckpterr.BadArchive},
		"grad is 0":            {replace("\x89", "K\x00"), ckpterr.BadArchive},
		"hooks are text":       {replace(hooks, text("hook")), ckpterr.BadArchive},
		"too few arguments":    {rebuild(rebuildTensorV2, f6+"K\x00"+pklInts(6)+pklInts(1)), ckpterr.BadArchive},
		"too many arguments":   {pklV2(f6, 0, ints(6), ints(1), "N", "N"), ckpterr.BadArchive},
		"v1, too many":         {rebuild(rebuildTensor, f6+"K\x00"+pklInts(6)+pklInts(1)+"\x89"), ckpterr.BadArchive},
		"no arguments":         {rebuild(rebuildTensorV2, ""), ckpterr.BadArchive},
		"v3 without dtype":     {rebuild(rebuildTensorV3, untyped+"K\x00"+pklInts(24)+pklInts(1)+"\x89"+hooks), ckpterr.BadArchive},
		"v3, dtype a storage":  {rebuild(rebuildTensorV3, untyped+"K\x00"+pklInts(24)+pklInts(1)+"\x89"+hooks+"c"+floats+"\n"), ckpterr.BadArchive},
		"v3, dtype unknown":    {rebuild(rebuildTensorV3, untyped+"K\x00"+pklInts(24)+pklInts(1)+"\x89"+hooks+"ctorch\nfloat31\n"), ckpterr.UnsafePickle},
		"v3, too wide":         {rebuild(rebuildTensorV3, untyped+"K\x00"+pklInts(24)+pklInts(1)+"\x89"+hooks+"ctorch\nuint16\n"), ckpterr.OutOfRange},
		"parameter of None":    {rebuild(rebuildParameter, "N\x88"+hooks), ckpterr.BadArchive},
		"parameter of two":     {rebuild(rebuildParameter, dense+"\x88"), ckpterr.BadArchive},
		"changed by BUILD":     {dense + "}b", ckpterr.BadArchive},
		"a dict":               {"}", ckpterr.SizeMismatch},
		"a storage":            {f6, ckpterr.SizeMismatch},
		"a list of one":        {"](" + dense + "e", ckpterr.SizeMismatch},
		"a dtype":              {"ctorch\nfloat32\n", ckpterr.SizeMismatch},
		"an OrderedDict":       {hooks, ckpterr.SizeMismatch},
		"a size":               {"ctorch\nSize\n" + pklInts(6) + "\x85R", ckpterr.SizeMismatch},
		"os.system":            {"cos\nsystem\n" + text("true") + "\x85R", ckpterr.UnsafePickle},
		"beside the tensor":    {replace(hooks, "cos\nsystem\n"+text("true")+"\x85R"), ckpterr.UnsafePickle},
		"torch.load":           {"ctorch\nload\n" + text("x") + "\x85R", ckpterr.UnsafePickle},
		"other rebuild":        {rebuild("_rebuild_device_tensor_from_numpy", "N"), ckpterr.UnsafePickle},
		"subclass":             {"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nFloatStorage\n)NtR", ckpterr.BadArchive},
		"subclass of a user":   {"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ncmine\nTensor\n)NtR", ckpterr.UnsafePickle},
		"numpy":                {"cnumpy.core.multiarray\n_reconstruct\n)R", ckpterr.UnsafePickle},
		"called with a list":   {"ctorch._utils\n_rebuild_tensor_v2\n]R", ckpterr.MalformedPickle},
		"empty":                {"", ckpterr.MalformedPickle},
		"deep":                 {strings.Repeat("(", 60000), ckpterr.LimitExceeded},
		"deep tuples":          {")" + strings.Repeat("\x85", 60000), ckpterr.LimitExceeded},
		"too long":             {strings.Repeat("N0", 40000) + dense, ckpterr.LimitExceeded},
		"parameters nested":    {nest(dense, 1000), ckpterr.LimitExceeded},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := OpenBytes(item23(test.pkl), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			rec, err := a.Tensor()
			if ckpterr.ClassOf(err) != test.want {
				t.Errorf("gave %v and %+v, want class %q", err, rec, test.want)
			}
		})
	}
}

func slicesOf(v int64, n int) []int64 {
	s := make([]int64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// nest wraps a tensor in n parameters.
func nest(tensor string, n int) string {
	return strings.Repeat("ctorch._utils\n_rebuild_parameter\n(", n) + tensor + strings.Repeat("\x88NtR", n)
}

// TestTensorReachProperty holds the checks against tensor.FromLayout.
func TestTensorReachProperty(t *testing.T) {
	dim := rapid.SampledFrom([]int64{0, 1, 2, 3, 6, 7, 1 << 20, 1 << 32, math.MaxInt64, -1})
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(0, 4).Draw(t, "rank")
		size := rapid.SliceOfN(dim, rank, rank).Draw(t, "size")
		stride := rapid.SliceOfN(dim, rank, rank).Draw(t, "stride")
		off := dim.Draw(t, "offset")
		a, err := OpenBytes(item23(pklV2(f6, off, size, stride)), Limits{Expand: math.MaxInt64})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := a.Tensor()
		_, want := tensor.FromLayout(tensor.Layout{DType: tensor.Float32, Shape: size, Strides: stride, StorageOffset: off, Storage: make([]byte, 24)})
		if (err == nil) != (want == nil) {
			t.Fatalf("size %v, stride %v, offset %d: %v, FromLayout says %v", size, stride, off, err, want)
		}
		if err != nil {
			return
		}
		x, err := a.ReadTensor(rec, 24)
		if err != nil {
			t.Fatal(err)
		}
		if b, ok := x.Bytes(); rec.Dense && (!ok || len(b) != 24) {
			t.Fatalf("size %v, stride %v, offset %d: dense, but tensor says %v", size, stride, off, ok)
		}
	})
}

func TestCheckShape(t *testing.T) {
	r := &TensorRecord{Shape: ints(2, 3)}
	for _, want := range [][]int64{{2, 3}} {
		if err := r.CheckShape(want); err != nil {
			t.Error(err)
		}
	}
	for _, want := range [][]int64{{}, {2}, {3, 2}, {2, 3, 1}} {
		if ckpterr.ClassOf(r.CheckShape(want)) != ckpterr.SizeMismatch {
			t.Errorf("%v passes for %v", want, r.Shape)
		}
	}
}

func ExampleArchive_Tensor() {
	item := item23(pklV2(f6, 0, ints(2, 3), ints(3, 1)))
	a, err := OpenBytes(item, Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec, err := a.Tensor()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rec.DType, rec.Shape, rec.Dense, rec.Storage.Name)
	// Output: float32 [2 3] true data/0
}
