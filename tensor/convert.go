package tensor

import (
	"fmt"
)

// Convert is torch's copy_ between dtypes: it writes the values of src to dst,
// which has the same shape. What holds for dst in [Copy] holds here.
//
//   - To a narrower float: nearest, ties to even. The formats of 16 and 8 bits
//     are reached by way of float32, as in torch. What is too large becomes
//     infinite, and without infinities NaN in the fnuz formats, the largest
//     value in float8_e4m3fn (NaN there before torch 2.15).
//   - Float to integer: truncated. Where the value does not fit, which torch
//     leaves undefined, its lower bits are kept, as for integers; NaN and values
//     beyond 64 bits give the lower bits of -2^63.
//   - To bool: whether the value is not zero; NaN is true.
//   - Complex to real drops the imaginary part; real to complex makes it 0.
//
// Quantized, bits and fp4 elements are no numbers by themselves: they convert to
// their own dtype only.
func Convert(dst, src *Tensor) error {
	if err := checkCopy(dst, src); err != nil {
		return err
	}
	if dst.dtype == src.dtype {
		copyInto(dst, src)
		return nil
	}
	if !dst.dtype.converts() || !src.dtype.converts() {
		return fmt.Errorf("tensor: no conversion from %v to %v", src.dtype, dst.dtype)
	}
	if dst.numel == 0 {
		return nil
	}
	// Blocks are cut by the wider dtype, so that one fits either buffer. The
	// line goes from dense memory to dense memory; views are gathered and
	// scattered around it.
	line := converter(dst.dtype, src.dtype)
	in, out := make([]byte, 0), make([]byte, 0)
	if _, ok := src.Bytes(); !ok {
		in = make([]byte, min(blockBytes, src.NumBytes()))
	}
	if _, ok := dst.Bytes(); !ok {
		out = make([]byte, min(blockBytes, dst.NumBytes()))
	}
	for box := range blocks(dst.shape, max(dst.dtype.Size(), src.dtype.Size())) {
		part := dst.sub(box)
		from := gather(src.sub(box), in)
		if to, ok := part.Bytes(); ok {
			line(to, from)
			continue
		}
		to := out[:part.NumBytes()]
		line(to, from)
		copyInto(part, dense(part.dtype, part.shape, part.numel, to))
	}
	return nil
}

func (d DType) converts() bool {
	k := d.info().kind
	return k != kindNone && k != kindBits && k != kindQuantized && d != Float4E2M1FNx2
}
