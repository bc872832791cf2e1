package tensor

import (
	"bufio"
	"io"
	"strings"
)

// FormatOptions say how much of a tensor Fprint shows. The zero value is what
// torch does by default.
type FormatOptions struct {
	Threshold int64 // more elements than this are summarised; 0 stands for 1000
	EdgeItems int64 // items at each end of a summarised dimension; 0 stands for 3
	Full      bool  // never summarise
}

const (
	lineWidth = 80
	// maxSummary bounds a summary: with many dimensions even their edges are
	// many, so outer ones then show their first item only.
	maxSummary = 4096
)

// Fprint writes the values in nested brackets as torch prints them: numbers of
// four digits in columns, "..." for what a summary leaves out. A tensor without
// elements is []; a scalar has no brackets. There is no newline at the end.
func Fprint(w io.Writer, t *Tensor, opt FormatOptions) error {
	out := bufio.NewWriter(w)
	if t.numel == 0 {
		out.WriteString("[]")
		return out.Flush()
	}
	p := printer{out: out, t: t, edges: edges(t, opt)}
	p.eachShown(0, t.off, p.cells.see)
	p.eachShown(0, t.off, p.cells.measure)
	p.print(0, t.off)
	return out.Flush()
}

// edge says which items of a dimension are shown: the first and the last few.
type edge struct{ head, tail int64 }

func edges(t *Tensor, opt FormatOptions) []edge {
	out := make([]edge, len(t.shape))
	threshold, items := opt.Threshold, opt.EdgeItems
	if threshold <= 0 {
		threshold = 1000
	}
	if items <= 0 {
		items = 3
	}
	summarise := !opt.Full && t.numel > threshold
	shown := int64(1)
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = edge{head: t.shape[i]}
		if !summarise {
			continue
		}
		if t.shape[i]/2 >= items && t.shape[i] > 2*items {
			out[i] = edge{items, items}
		}
		if n, ok := mul(shown, out[i].head+out[i].tail); ok && n <= max(maxSummary, threshold) {
			shown = n
		} else {
			out[i] = edge{head: 1}
		}
	}
	return out
}

type printer struct {
	out   *bufio.Writer
	t     *Tensor
	edges []edge
	cells cells
}

// eachShown calls f with every value that will be printed.
func (p *printer) eachShown(dim int, off int64, f func(v any)) {
	if dim == len(p.t.shape) {
		f(p.t.value(off))
		return
	}
	for i := range p.items(dim) {
		if i >= 0 {
			p.eachShown(dim+1, off+i*p.stride(dim), f)
		}
	}
}

// items yields the indices shown of a dimension, -1 where some are left out.
func (p *printer) items(dim int) func(yield func(int64) bool) {
	e, size := p.edges[dim], p.t.shape[dim]
	return func(yield func(int64) bool) {
		for i := range e.head {
			if !yield(i) {
				return
			}
		}
		if e.head+e.tail < size && !yield(-1) {
			return
		}
		for i := size - e.tail; i < size; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func (p *printer) stride(dim int) int64 { return p.t.strides[dim] * p.t.dtype.Size() }

// print stops early when out has failed; its Flush returns why.
func (p *printer) print(dim int, off int64) bool {
	rank := len(p.t.shape)
	if dim == rank {
		_, err := p.out.WriteString(p.cells.text(p.t.value(off)))
		return err == nil
	}
	perLine := max(1, (lineWidth-dim)/(p.cells.width+2))
	p.out.WriteByte('[')
	n := 0
	for i := range p.items(dim) {
		if n > 0 {
			p.out.WriteByte(',')
			switch {
			case dim < rank-1:
				p.out.WriteString(strings.Repeat("\n", rank-1-dim) + strings.Repeat(" ", dim+1))
			case n%perLine == 0:
				p.out.WriteString("\n" + strings.Repeat(" ", dim+1))
			default:
				p.out.WriteByte(' ')
			}
		}
		n++
		if i < 0 && dim == rank-1 {
			p.out.WriteString(" ...")
		} else if i < 0 {
			p.out.WriteString("...")
		} else if !p.print(dim+1, off+i*p.stride(dim)) {
			return false
		}
	}
	return p.out.WriteByte(']') == nil
}
