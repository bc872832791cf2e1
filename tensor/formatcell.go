package tensor

import (
	"fmt"
	"math"
	"strconv"
)

// cells turns values into text of one width. It must first see, then measure all
// values that will be shown.
type cells struct {
	re, im floatStyle
	width  int
}

// floatStyle is torch's choice between "3.", "3.1416" and "3.1416e+08", made
// from the smallest and greatest magnitude.
type floatStyle struct {
	lowest, highest float64 // of the finite values that are not zero
	fractions, any  bool
	width           int
}

func (c *cells) see(v any) {
	switch v := v.(type) {
	case float64:
		c.re.see(v)
	case complex128:
		c.re.see(real(v))
		c.im.see(imag(v))
	}
}

func (c *cells) measure(v any) {
	switch v := v.(type) {
	case float64:
		c.re.measure(v)
		c.width = c.re.width
	case complex128:
		c.re.measure(real(v))
		c.im.measure(imag(v))
		c.width = c.re.width + c.im.width + 1
	default:
		c.width = max(c.width, len(c.bare(v)))
	}
}

// text is the value, right-justified; of a complex one, as torch has it, only
// the real part is.
func (c *cells) text(v any) string {
	if _, ok := v.(complex128); ok {
		return c.bare(v)
	}
	return fmt.Sprintf("%*s", c.width, c.bare(v))
}

func (c *cells) bare(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return c.re.text(v)
	case complex128:
		im := c.im.text(imag(v))
		if im[0] != '-' {
			im = "+" + im
		}
		return fmt.Sprintf("%*s%sj", c.re.width, c.re.text(real(v)), im)
	}
	pair := v.([2]float64)
	return fmt.Sprintf("(%g %g)", pair[0], pair[1])
}

// counts tells whether v has a say: zeros, which are never wider than others,
// and what is not finite have none.
func counts(v float64) bool { return v != 0 && !math.IsInf(v, 0) && !math.IsNaN(v) }

func (s *floatStyle) measure(v float64) {
	if counts(v) {
		s.width = max(s.width, len(s.text(v)))
	}
}

func (s *floatStyle) see(v float64) {
	if !counts(v) {
		return
	}
	v = math.Abs(v)
	if !s.any {
		s.any, s.lowest, s.highest = true, v, v
	}
	s.lowest, s.highest = min(s.lowest, v), max(s.highest, v)
	s.fractions = s.fractions || v != math.Trunc(v)
}

func (s *floatStyle) text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case s.highest/s.lowest > 1000 || s.highest > 1e8 || s.fractions && s.lowest < 1e-4:
		return strconv.FormatFloat(v, 'e', 4, 64)
	case s.fractions:
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + "."
}
