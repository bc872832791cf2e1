package conformance

import "sync"

// spare keeps large buffers for what is read to be compared: on storage in
// memory most of the time would go into memory that the system gives anew.
type spare struct {
	mu   sync.Mutex
	free [][]byte
}

const (
	spareLeast = 64 << 10 // smaller ones are cheap
	spareMost  = 40 << 20
	spares     = 2
)

// take returns n bytes of zeros, so that what nobody has read stands out.
func (s *spare) take(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, b := range s.free {
		if n >= spareLeast && n <= cap(b) {
			s.free = append(s.free[:i], s.free[i+1:]...)
			b = b[:n]
			clear(b)
			return b
		}
	}
	return make([]byte, n)
}

// give takes a buffer back.
func (s *spare) give(b []byte) {
	if cap(b) < spareLeast || cap(b) > spareMost {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < spares {
		s.free = append(s.free, b)
		return
	}
	for i, other := range s.free {
		if cap(other) < cap(b) {
			s.free[i] = b
			return
		}
	}
}
