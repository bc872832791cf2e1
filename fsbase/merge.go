package fsbase

import (
	"cmp"
	"slices"
)

// Run is what one request asks for: the bytes from Offset to End, and the memory
// that they fill, one slice after the other.
type Run struct {
	Offset, End int64
	Dst         [][]byte
}

// MergeRanges puts ranges into the order of their offsets, and those into one
// Run that one request reads sooner than two: with at most gap bytes between
// them, and no longer than limit together. What lies between fills memory that
// nobody looks at, of no more than gap bytes a Run. Empty ranges are left out,
// overlapping ones are read twice. The ranges must have passed [CheckRanges].
func MergeRanges(ranges []Range, gap, limit int64) []Run {
	sorted := slices.SortedStableFunc(slices.Values(ranges), func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	var all []Run
	var between []byte // of the last run
	for _, g := range sorted {
		n := int64(len(g.Dst))
		if n == 0 {
			continue
		}
		if len(all) > 0 {
			last := &all[len(all)-1]
			if skip := g.Offset - last.End; 0 <= skip && skip <= gap && g.Offset+n-last.Offset <= limit {
				if skip > int64(len(between)) {
					between = make([]byte, skip)
				}
				if skip > 0 {
					last.Dst = append(last.Dst, between[:skip])
				}
				last.Dst, last.End = append(last.Dst, g.Dst), g.Offset+n
				continue
			}
		}
		between = nil
		all = append(all, Run{g.Offset, g.Offset + n, [][]byte{g.Dst}})
	}
	return all
}
