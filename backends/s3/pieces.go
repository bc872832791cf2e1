package s3

import (
	"io"
	"math"
)

// piece is where consecutive bytes go: into dst, or nowhere.
type piece struct {
	dst  []byte
	skip int64
}

func (p piece) size() int64 { return int64(len(p.dst)) + p.skip }

func size(pieces []piece) int64 {
	n := int64(0)
	for _, p := range pieces {
		n += min(p.size(), math.MaxInt64-n)
	}
	return n
}

// fill reads the bytes [from, to) of pieces and returns how many it read.
func fill(r io.Reader, pieces []piece, from, to int64) (int64, error) {
	read, start := int64(0), int64(0)
	for _, p := range pieces {
		end := min(start+p.size(), to)
		if at := from + read; at < end {
			n, err := p.fill(r, at-start, end-start)
			read += n
			if err != nil {
				return read, &brokenBody{err}
			}
		}
		start += p.size()
	}
	return read, nil
}

func (p piece) fill(r io.Reader, from, to int64) (int64, error) {
	if p.skip > 0 {
		return io.CopyN(io.Discard, r, to-from)
	}
	n, err := io.ReadFull(r, p.dst[from:to])
	return int64(n), err
}

// brokenBody is the error of an answer that began well.
type brokenBody struct{ err error }

func (e *brokenBody) Error() string {
	if e.err == io.EOF || e.err == io.ErrUnexpectedEOF {
		return "the answer ends before its end"
	}
	return e.err.Error()
}
func (e *brokenBody) Unwrap() error { return e.err }
