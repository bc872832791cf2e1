package collective

import "sync"

// A keeper is a group whose ranks share memory, so that errors need not travel.
type keeper interface {
	keep(err error) (ticket uint64) // not 0
	kept(ticket uint64) error       // nil if it is not there (any more)
}

// shelf keeps the last errors of a group.
type shelf struct {
	mu   sync.Mutex
	errs []error // by ticket modulo length
	last uint64  // ticket
}

// newShelf has room for the errors of two steps: in each, every rank may fail,
// and root keeps all failures once more; and the first rank may be in the next
// step while the last one still looks at its reply.
func newShelf(ranks int) *shelf { return &shelf{errs: make([]error, 4*ranks)} }

func (s *shelf) keep(err error) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.errs[s.last%uint64(len(s.errs))] = err
	return s.last
}

func (s *shelf) kept(ticket uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ticket == 0 || ticket > s.last || s.last-ticket >= uint64(len(s.errs)) {
		return nil
	}
	return s.errs[ticket%uint64(len(s.errs))]
}
