package s3

import "io"

// size is how many bytes fill dst.
func size(dst [][]byte) int64 {
	n := int64(0)
	for _, b := range dst {
		n += int64(len(b))
	}
	return n
}

// fill reads the bytes [from, to) of what fills dst, one slice after the other,
// and returns how many it read.
func fill(r io.Reader, dst [][]byte, from, to int64) (int64, error) {
	read, start := int64(0), int64(0)
	for _, b := range dst {
		end := min(start+int64(len(b)), to)
		if at := from + read; at < end {
			n, err := io.ReadFull(r, b[at-start:end-start])
			read += int64(n)
			if err != nil {
				return read, &brokenBody{err}
			}
		}
		start += int64(len(b))
	}
	return read, nil
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
