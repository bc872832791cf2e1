package ranges

// Span is a byte range of a file.
type Span struct {
	Offset, Length int64
}

// End is the first byte after the span.
func (s Span) End() int64 { return s.Offset + s.Length }

// Merge groups spans, sorted by offset, into runs that one read can fetch: a
// span joins the run before it if no more than lim.Gap bytes lie between and
// the run stays within lim.Part. It returns the index after the last span of
// each run. Spans may overlap.
func Merge(spans []Span, lim Limits) []int {
	var ends []int
	var run Span
	for i, s := range spans {
		switch {
		case i == 0:
			run = s
		case s.Offset-run.End() <= lim.Gap && s.End()-run.Offset <= lim.Part:
			run.Length = max(run.End(), s.End()) - run.Offset
		default:
			ends = append(ends, i)
			run = s
		}
	}
	if len(spans) > 0 {
		ends = append(ends, len(spans))
	}
	return ends
}
