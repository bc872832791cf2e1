package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/godcp/godcp/tensor"
)

// sliceHint tells what a slice looks like.
const sliceHint = "a slice is like numpy's without steps: 0:8,:,3 or -1 or ...,0:2"

// parseSlice reads a slice of a tensor of this shape as numpy does: start:stop
// per dimension, either left out, negative from the end, cut off at the ends;
// a single index, which drops its dimension; and one "..." for all dimensions
// that are not named. Brackets around it are allowed. keep tells which
// dimensions of the box stay.
func parseSlice(s string, shape []int64) (box tensor.Box, keep []bool, err error) {
	box = tensor.FullBox(shape)
	keep = make([]bool, len(shape))
	for i := range keep {
		keep[i] = true
	}
	s = strings.TrimSpace(s)
	if in, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(in, "]"); !ok {
			return box, keep, usage(sliceHint, "slice %q has no closing bracket", in)
		}
	}
	parts, err := dimensions(s, len(shape))
	if err != nil {
		return box, keep, err
	}
	for i, p := range parts {
		if p == "" || p == ":" {
			continue
		}
		if err := cut(p, shape[i], &box.Offsets[i], &box.Sizes[i], &keep[i]); err != nil {
			return box, keep, usage(fmt.Sprintf("the shape is %s; %s", shapeText(shape), sliceHint), "dimension %d of slice %q: %w", i, s, err)
		}
	}
	return box, keep, nil
}

// dimensions splits a slice and puts the dimensions in that "..." stands for.
func dimensions(s string, rank int) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, ",")
	var named, dots int
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
		switch parts[i] {
		case "...":
			dots++
		case "":
			return nil, usage(sliceHint, "slice %q has an empty dimension", s)
		default:
			named++
		}
	}
	if dots > 1 {
		return nil, usage(sliceHint, "slice %q has more than one \"...\"", s)
	}
	if named > rank {
		return nil, usage(sliceHint, "slice %q has %d dimensions, the tensor %d", s, named, rank)
	}
	var out []string
	for _, p := range parts {
		if p == "..." {
			out = append(out, make([]string, rank-named)...)
			continue
		}
		out = append(out, p)
	}
	return out, nil
}

// cut reads what is wanted of one dimension.
func cut(s string, dim int64, offset, size *int64, keep *bool) error {
	bounds := strings.Split(s, ":")
	if len(bounds) > 2 {
		return fmt.Errorf("steps are not supported")
	}
	var at [2]int64
	for i, b := range bounds {
		if b = strings.TrimSpace(b); b == "" {
			at[1] = dim // a start that is left out is 0
			continue
		}
		n, err := strconv.ParseInt(b, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", b)
		}
		if n < 0 {
			n += dim
		}
		at[i] = n
		if len(bounds) == 1 && (n < 0 || n >= dim) {
			return fmt.Errorf("index %s is outside 0 to %d", b, dim-1)
		}
	}
	if len(bounds) == 1 {
		*offset, *size, *keep = at[0], 1, false
		return nil
	}
	if strings.TrimSpace(bounds[0]) == "" {
		at[0] = 0
	}
	from, to := min(max(at[0], 0), dim), min(max(at[1], 0), dim)
	*offset, *size = from, max(to-from, 0)
	return nil
}

// negative is a slice that would be taken for a flag.
var negative = regexp.MustCompile(`^-\d[-\d:,. ]*$`)

// protectSlices puts brackets around slices that begin with "-", up to a "--".
func protectSlices(args []string) []string {
	out := make([]string, len(args))
	copy(out, args)
	for i, a := range out {
		if a == "--" {
			break
		}
		if negative.MatchString(a) {
			out[i] = "[" + a + "]"
		}
	}
	return out
}
