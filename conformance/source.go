package conformance

import (
	"errors"
	"io"
	"sync"
	"time"
)

// faultySource is a source whose ReadAt fails when it reaches failAt, says
// io.EOF where its data ends, and calls onRead before each read.
type faultySource struct {
	data   []byte
	failAt int // -1 for never
	onRead func(off int64)
}

var errSource = errors.New("the source failed on purpose")

func (s *faultySource) ReadAt(p []byte, off int64) (int, error) {
	if s.onRead != nil {
		s.onRead(off)
	}
	if off >= int64(len(s.data)) {
		return 0, io.EOF
	}
	n := copy(p, s.data[off:])
	switch end := int(off) + n; {
	case s.failAt >= 0 && end > s.failAt:
		return max(0, s.failAt-int(off)), errSource
	case end == len(s.data):
		return n, io.EOF // allowed with all of p, and needed with less
	}
	return n, nil
}

// readerAt is a ReadAt.
type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

// watchedSource notes how it is read.
type watchedSource struct {
	io.ReaderAt
	size int64

	mu      sync.Mutex
	reads   int
	running int
	outside [][2]int64 // {offset, length} of reads that are not within size
	over    bool       // nobody has a right to read any more
	late    int        // reads that ran when over was set, or began later
}

func (s *watchedSource) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	s.reads++
	s.running++
	if n := int64(len(p)); off < 0 || off > s.size-n {
		s.outside = append(s.outside, [2]int64{off, n})
	}
	if s.over {
		s.late++
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	return s.ReaderAt.ReadAt(p, off)
}

// close ends the right to read, waits a while, and returns how many reads did
// not respect that.
func (s *watchedSource) close() int {
	s.mu.Lock()
	s.over = true
	s.late = s.running
	s.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}
