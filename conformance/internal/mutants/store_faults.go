package mutants

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// How a request of a Store can fail.
const (
	Lose     = "lose" // it is carried out, and the answer is lost
	Refuse   = "refuse"
	Forbid   = "forbid"
	Truncate = "truncate"
)

// armed is a fault that waits for requests.
type armed struct {
	how, on     string
	skip, times int
	struck      int
}

// Arm makes requests of one kind fail: as many as times says, 0 for all, after
// skip others. disarm returns how many have failed.
func (s *Store) Arm(how, on string, skip, times int) (disarm func() (struck int), err error) {
	if how == Truncate && on != "read" && on != "list" || how == Lose && on == "write" {
		return nil, errors.ErrUnsupported
	}
	a := &armed{how: how, on: on, skip: skip, times: times}
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	s.disk.fault = a
	return func() int {
		s.disk.mu.Lock()
		defer s.disk.mu.Unlock()
		s.disk.fault = nil
		return a.struck
	}, nil
}

// request says how a request of a kind fails, "" if it does not.
func (s *Store) request(on string) string {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	return s.disk.strike(on)
}

// strike is request for those who hold the lock.
func (d *disk) strike(on string) string {
	a := d.fault
	if a == nil || a.on != on {
		return ""
	}
	if a.skip > 0 {
		a.skip--
		return ""
	}
	if a.times > 0 && a.struck == a.times {
		return ""
	}
	a.struck++
	return a.how
}

// StorageError is an error of the library that a Store would be made with.
type StorageError struct {
	status int
	class  error
}

func (e *StorageError) Error() string { return fmt.Sprintf("%d: %v", e.status, e.class) }
func (e *StorageError) Unwrap() error { return e.class }

// denied is the error of a request that failed without effect.
func denied(op, path, how string) error {
	switch how {
	case Refuse:
		return failed(op, path, &StorageError{503, fsbase.ErrThrottled})
	case Forbid:
		return failed(op, path, &StorageError{403, fs.ErrPermission})
	}
	return nil
}

// look is the request of what looks.
func (s *Store) look(op, path string) error {
	how := s.request("read")
	if how == Lose {
		return failed(op, path, errReset)
	}
	return denied(op, path, how)
}
