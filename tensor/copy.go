package tensor

import (
	"cmp"
	"fmt"
	"slices"
)

// Copy writes the elements of src to those of dst: torch's copy_ within a
// dtype. Both have the same dtype and shape, any strides; src's conj and neg are
// resolved, dst must have neither, and no two elements of dst may share memory.
// The result is undefined when dst and src overlap in memory, unless they place
// every element alike.
func Copy(dst, src *Tensor) error {
	if dst.dtype != src.dtype {
		return fmt.Errorf("tensor: copy of %v into %v", src.dtype, dst.dtype)
	}
	if err := checkCopy(dst, src); err != nil {
		return err
	}
	copyInto(dst, src)
	return nil
}

func checkCopy(dst, src *Tensor) error {
	if !slices.Equal(dst.shape, src.shape) {
		return fmt.Errorf("tensor: copy of shape %v into %v", src.shape, dst.shape)
	}
	if dst.conj || dst.neg {
		return fmt.Errorf("tensor: copy into a conj or neg view")
	}
	if dst.numel > 0 && dst.repeats() {
		return fmt.Errorf("tensor: copy into shape %v, strides %v: elements may share memory", dst.shape, dst.strides)
	}
	return nil
}

// repeats tells whether two elements may lie in the same place: whether some
// dimension steps by no more than the extent of those with smaller strides.
// Layouts that interlock without meeting, which no slicing or permuting of a
// dense tensor makes, count as repeats too.
func (t *Tensor) repeats() bool {
	reach := int64(0) // of the dimensions inside, in elements
	for _, d := range bySize(t, t) {
		if d.dst <= reach {
			return true
		}
		reach += (d.size - 1) * d.dst
	}
	return false
}

// axis is a dimension of a copy: its size and both strides.
type axis struct{ size, dst, src int64 }

// bySize returns the dimensions of more than one element, strides in elements,
// the smallest stride of dst first.
func bySize(dst, src *Tensor) []axis {
	var axes []axis
	for i, size := range dst.shape {
		if size > 1 {
			axes = append(axes, axis{size, dst.strides[i], src.strides[i]})
		}
	}
	slices.SortStableFunc(axes, func(a, b axis) int {
		return cmp.Or(cmp.Compare(a.dst, b.dst), cmp.Compare(a.src, b.src))
	})
	return axes
}

// collapse describes a copy by as few dimensions as can be, innermost first,
// strides in bytes, each step moving a run of adjacent bytes.
func collapse(dst, src *Tensor) (run int64, axes []axis) {
	run = dst.dtype.Size()
	for _, d := range bySize(dst, src) {
		d.dst *= dst.dtype.Size()
		d.src *= dst.dtype.Size()
		n := len(axes)
		switch {
		case n == 0 && d.dst == run && d.src == run:
			run *= d.size
		case n > 0 && d.dst == axes[n-1].dst*axes[n-1].size && d.src == axes[n-1].src*axes[n-1].size:
			axes[n-1].size *= d.size
		default:
			axes = append(axes, d)
		}
	}
	return run, axes
}

// copyInto is Copy after the checks.
func copyInto(dst, src *Tensor) {
	if dst.numel == 0 {
		return
	}
	run, axes := collapse(dst, src)
	d, s := dst.data[dst.off:], src.data[src.off:]
	if len(axes) == 0 {
		copy(d[:run], s[:run])
	} else {
		copyAxes(d, s, axes, run)
	}
	resolve(dst, src.conj, src.neg)
}
