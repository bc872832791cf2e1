package tensor

import "encoding/binary"

// tile is the side, in elements, of the squares in which a transposition goes:
// both their rows and their columns stay in the cache while they are worked on.
const tile = 16

// copyAxes copies runs along axes, innermost first; there is at least one.
func copyAxes(dst, src []byte, axes []axis, run int64) {
	inner, outer := axes[0], axes[1:]
	// Where src is denser along another axis, going along axes[0] alone would
	// fetch a cache line of src for each element.
	across := -1
	if run < 64 {
		for i, a := range outer {
			if a.src < inner.src && (across < 0 || a.src < outer[across].src) {
				across = i
			}
		}
	}
	leaf := func(d, s int64) { copyRuns(dst[d:], src[s:], inner, run) }
	if across >= 0 {
		cross := outer[across]
		rest := make([]axis, 0, len(outer))
		rest = append(append(rest, outer[:across]...), outer[across+1:]...)
		outer = rest
		leaf = func(d, s int64) { copyTiles(dst[d:], src[s:], inner, cross, run) }
	}
	eachOffset(outer, 0, 0, leaf)
}

// eachOffset calls f with the byte offsets of every step along the axes, the
// last one being the outermost.
func eachOffset(axes []axis, d, s int64, f func(d, s int64)) {
	if len(axes) == 0 {
		f(d, s)
		return
	}
	last := len(axes) - 1
	a := axes[last]
	for range a.size {
		eachOffset(axes[:last], d, s, f)
		d += a.dst
		s += a.src
	}
}

func copyTiles(dst, src []byte, inner, cross axis, run int64) {
	for i := int64(0); i < inner.size; i += tile {
		rows := axis{min(tile, inner.size-i), inner.dst, inner.src}
		for j := int64(0); j < cross.size; j += tile {
			for k := j; k < min(j+tile, cross.size); k++ {
				copyRuns(dst[i*inner.dst+k*cross.dst:], src[i*inner.src+k*cross.src:], rows, run)
			}
		}
	}
}

// copyRuns copies a.size runs. The widths of elements have loops of their own:
// a call for each would cost more than the copy.
func copyRuns(dst, src []byte, a axis, run int64) {
	le := binary.LittleEndian
	var d, s int64
	switch run {
	case 1:
		for range a.size {
			dst[d] = src[s]
			d, s = d+a.dst, s+a.src
		}
	case 2:
		for range a.size {
			le.PutUint16(dst[d:], le.Uint16(src[s:]))
			d, s = d+a.dst, s+a.src
		}
	case 4:
		for range a.size {
			le.PutUint32(dst[d:], le.Uint32(src[s:]))
			d, s = d+a.dst, s+a.src
		}
	case 8:
		for range a.size {
			le.PutUint64(dst[d:], le.Uint64(src[s:]))
			d, s = d+a.dst, s+a.src
		}
	case 16:
		for range a.size {
			lo, hi := le.Uint64(src[s:]), le.Uint64(src[s+8:])
			le.PutUint64(dst[d:], lo)
			le.PutUint64(dst[d+8:], hi)
			d, s = d+a.dst, s+a.src
		}
	default:
		for range a.size {
			copy(dst[d:d+run], src[s:s+run])
			d, s = d+a.dst, s+a.src
		}
	}
}
