package torchfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

func pklQuantized(storage string, size, stride []int64, quantizer string) string {
	return "ctorch._utils\n_rebuild_qtensor\n(" + storage + "K\x00" + pickleInts(size) + pickleInts(stride) + quantizer + "\x89" + hooks + "tR"
}

func TestQuantized(t *testing.T) {
	perTensor := "ctorch\nper_tensor_affine\nG\x3f\xe0\x00\x00\x00\x00\x00\x00K\x07\x87"
	scales := pklV2(pklStorage("torch\nDoubleStorage", "1", 2), 0, ints(2), ints(1))
	zeros := pklV2(pklStorage("torch\nLongStorage", "2", 2), 0, ints(2), ints(1))
	channel := func(scales, zeros string, axis int64) string {
		return "(ctorch\nper_channel_affine\n" + scales + zeros + pickleInt(axis) + "t"
	}
	q4 := pklStorage("torch\nQInt8Storage", "0", 4)
	open := func(pkl string) (*TensorRecord, error) {
		a, err := OpenBytes(itemOf("\x80\x02"+pkl+".", make([]byte, 4), make([]byte, 16), make([]byte, 16)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return a.Tensor()
	}
	got, err := open(pklQuantized(q4, ints(2, 2), ints(2, 1), perTensor))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&Quantizer{Scheme: "per_tensor_affine", Scale: 0.5, ZeroPoint: 7}, got.Quant); d != "" || got.DType != tensor.QInt8 || !got.Dense {
		t.Errorf("%+v\n%s", got, d)
	}
	if got, err = open(pklQuantized(q4, ints(2, 2), ints(2, 1), channel(scales, zeros, 1))); err != nil {
		t.Fatal(err)
	}
	q := got.Quant
	if q.Axis != 1 || q.Scales.DType != tensor.Float64 || q.Scales.Storage.Name != "data/1" || q.ZeroPoints.Storage.Name != "data/2" {
		t.Errorf("%+v", q)
	}
	packed := pklStorage("torch\nQUInt4x2Storage", "0", 4)
	if got, err = open(pklQuantized(packed, ints(2, 3), ints(3, 1), perTensor)); err != nil || got.Dense {
		t.Errorf("packed rows: %+v, %v", got, err)
	}

	inner := pklQuantized(q4, ints(2), ints(1), perTensor)
	for name, test := range map[string]struct {
		pkl  string
		want ckpterr.Class
	}{
		"axis outside":      {pklQuantized(q4, ints(2, 2), ints(2, 1), channel(scales, zeros, 2)), ckpterr.SizeMismatch},
		"axis negative":     {pklQuantized(q4, ints(2, 2), ints(2, 1), channel(scales, zeros, -1)), ckpterr.SizeMismatch},
		"scales too few":    {pklQuantized(q4, ints(4, 1), ints(1, 1), channel(scales, zeros, 0)), ckpterr.SizeMismatch},
		"scales quantized":  {pklQuantized(q4, ints(2, 2), ints(2, 1), channel(inner, zeros, 0)), ckpterr.BadArchive},
		"no zero points":    {pklQuantized(q4, ints(2, 2), ints(2, 1), channel(scales, "N", 0)), ckpterr.BadArchive},
		"scheme unknown":    {pklQuantized(q4, ints(2, 2), ints(2, 1), strings.Replace(perTensor, "tensor_affine", "row_affine", 1)), ckpterr.UnsafePickle},
		"scheme a dtype":    {pklQuantized(q4, ints(2, 2), ints(2, 1), "ctorch\nqint8\nNN\x87"), ckpterr.BadArchive},
		"scale an int":      {pklQuantized(q4, ints(2, 2), ints(2, 1), "ctorch\nper_tensor_affine\nK\x01K\x07\x87"), ckpterr.BadArchive},
		"quantizer None":    {pklQuantized(q4, ints(2, 2), ints(2, 1), "N"), ckpterr.BadArchive},
		"of floats":         {pklQuantized(pklStorage("torch\nFloatStorage", "0", 1), ints(1), ints(1), perTensor), ckpterr.BadArchive},
		"beyond":            {pklQuantized(q4, ints(2, 3), ints(3, 1), perTensor), ckpterr.OutOfRange},
		"packed, beyond":    {pklQuantized(packed, ints(3, 3), ints(3, 1), perTensor), ckpterr.OutOfRange},
		"packed, no offset": {strings.Replace(pklQuantized(packed, ints(3), ints(1), perTensor), "QK\x00", "QK\x01", 1), ckpterr.OutOfRange},
	} {
		if _, err := open(test.pkl); ckpterr.ClassOf(err) != test.want {
			t.Errorf("%s gave %v, want class %q", name, err, test.want)
		}
	}
}
