package tensor

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Box is torch's ChunkStorageMetadata: the elements of a tensor from Offsets up
// to, not including, Offsets+Sizes, per dimension. Both have the tensor's rank.
// A Box may come from an untrusted file: its methods accept any numbers.
type Box struct {
	Offsets, Sizes []int64
}

// FullBox is all of a tensor of this shape.
func FullBox(shape []int64) Box {
	return Box{Offsets: make([]int64, len(shape)), Sizes: slices.Clone(shape)}
}

// NumElements is the number of elements: 1 for a 0-d box, 0 if a size is 0 or
// negative, 2^63-1 if there are more than that.
func (b Box) NumElements() int64 {
	if b.Empty() {
		return 0
	}
	if n, ok := NumElements(b.Sizes); ok {
		return n
	}
	return math.MaxInt64
}

// Empty tells whether no element is inside.
func (b Box) Empty() bool {
	return slices.ContainsFunc(b.Sizes, func(n int64) bool { return n <= 0 })
}

// Equal compares the numbers; two empty boxes in different places differ.
func (b Box) Equal(o Box) bool {
	return slices.Equal(b.Offsets, o.Offsets) && slices.Equal(b.Sizes, o.Sizes)
}

// Intersect returns what both boxes hold, in the same coordinates. It is false
// when they have no element in common or differ in rank; 0-d boxes always meet.
func (b Box) Intersect(o Box) (Box, bool) {
	if !b.sameRank(o) {
		return Box{}, false
	}
	for i := range b.Sizes {
		if max(b.Offsets[i], o.Offsets[i]) >= min(b.end(i), o.end(i)) {
			return Box{}, false
		}
	}
	out := Box{Offsets: make([]int64, len(b.Sizes)), Sizes: make([]int64, len(b.Sizes))}
	for i := range b.Sizes {
		out.Offsets[i] = max(b.Offsets[i], o.Offsets[i])
		// A length over 2^63-1 takes an interval that starts below zero.
		if d := min(b.end(i), o.end(i)) - out.Offsets[i]; d > 0 {
			out.Sizes[i] = d
		} else {
			out.Sizes[i] = math.MaxInt64
		}
	}
	return out, true
}

// Contains tells whether every element of o is in b too. An empty o of the same
// rank always is.
func (b Box) Contains(o Box) bool {
	if !b.sameRank(o) {
		return false
	}
	if o.Empty() {
		return true
	}
	for i := range b.Sizes {
		if o.Offsets[i] < b.Offsets[i] || o.end(i) > b.end(i) {
			return false
		}
	}
	return true
}

// Within tells whether b is a legal chunk of a tensor of this shape: same rank,
// nothing negative, no overflow, no end beyond the tensor's. A chunk of size 0
// may begin where the dimension ends.
func (b Box) Within(shape []int64) bool {
	if len(b.Offsets) != len(shape) || len(b.Sizes) != len(shape) {
		return false
	}
	for i, dim := range shape {
		// Subtracting cannot overflow: all three are >= 0 when it happens.
		if b.Offsets[i] < 0 || b.Sizes[i] < 0 || b.Offsets[i] > dim || b.Sizes[i] > dim-b.Offsets[i] {
			return false
		}
	}
	return true
}

// String prints half-open intervals: "[0:2, 4:8]".
func (b Box) String() string {
	if len(b.Offsets) != len(b.Sizes) {
		return "[invalid]"
	}
	var s strings.Builder
	s.WriteByte('[')
	for i := range b.Sizes {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(strconv.FormatInt(b.Offsets[i], 10))
		s.WriteByte(':')
		s.WriteString(strconv.FormatInt(b.end(i), 10))
	}
	s.WriteByte(']')
	return s.String()
}

func (b Box) sameRank(o Box) bool {
	return len(b.Offsets) == len(b.Sizes) && len(o.Offsets) == len(o.Sizes) && len(b.Sizes) == len(o.Sizes)
}

// end is Offsets+Sizes of one dimension, cut off at 2^63-1; a negative size is
// an empty interval.
func (b Box) end(i int) int64 {
	off, size := b.Offsets[i], max(b.Sizes[i], 0)
	if off > math.MaxInt64-size {
		return math.MaxInt64
	}
	return off + size
}
