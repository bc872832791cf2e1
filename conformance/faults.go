package conformance

import (
	"context"
	"errors"

	"github.com/godcp/godcp/fsbase"
)

// Request is a kind of request that a backend makes of its storage.
type Request string

// The kinds of requests.
const (
	ToWrite  Request = "write"  // brings bytes that are not published yet
	ToCommit Request = "commit" // publishes: what a transaction reads before is ToRead
	ToRead   Request = "read"   // asks for bytes of a stream, or about it
	ToList   Request = "list"
	ToRemove Request = "remove"
)

// Fault says which requests fail.
type Fault struct {
	On    Request
	Skip  int // so many are answered first
	Times int // so many fail then; 0 for all
}

// Arm makes requests for the storage of fsys fail, until disarm is called,
// which returns how many did. Arms of requests that the harness cannot reach
// are errors.ErrUnsupported. One fault is armed at a time.
type Arm func(ctx context.Context, fsys fsbase.FileSystemBase, f Fault) (disarm func() (struck int), err error)

// Faults are what a harness can make go wrong between a backend and its
// storage: in a transport, in calls of the system. nil is not offered.
type Faults struct {
	// Lose lets the storage do what it is asked to, and loses its answer.
	Lose Arm

	// Refuse answers that the storage is too busy, as 503 does, and does nothing.
	Refuse Arm

	// Forbid answers that the caller may not, as 403 does, and does nothing.
	Forbid Arm

	// Truncate ends the body of an answer in the midst.
	Truncate Arm

	// Library tells whether errors.As finds in err what the storage's own library
	// returns for a request that is forbidden.
	Library func(err error) bool
}

// within are the faults of the backend inside of a wrapper.
func (f Faults) within(w *wrapping) Faults {
	inside := func(arm Arm) Arm {
		if arm == nil {
			return nil
		}
		return func(ctx context.Context, outer fsbase.FileSystemBase, f Fault) (func() int, error) {
			return arm(ctx, w.within(outer), f)
		}
	}
	return Faults{Lose: inside(f.Lose), Refuse: inside(f.Refuse), Forbid: inside(f.Forbid), Truncate: inside(f.Truncate), Library: f.Library}
}

// under calls do while a fault is armed, and returns how many requests it
// struck. It returns false, and does nothing, when the harness cannot have it.
func (t *trial) under(arm Arm, f Fault, do func()) (struck int, ok bool) {
	disarm, err := arm(t.ctx, t.fs, f)
	if errors.Is(err, errors.ErrUnsupported) {
		return 0, false
	} else if err != nil {
		t.fatalf("the harness cannot arm %+v: %v", f, err)
	}
	defer func() { struck = disarm() }()
	do()
	return 0, true
}

// mustStrike is under for a fault that do cannot help meeting. A check whose
// faults the harness has none of is absent: see fruitless.
func (t *trial) mustStrike(arm Arm, f Fault, do func()) bool {
	struck, ok := t.under(arm, f, do)
	if ok && struck == 0 && !t.failed() {
		t.fatalf("the harness armed %+v, and no request met it", f)
	}
	return ok
}

// fruitless ends a check of which no part could be carried out.
func (t *trial) fruitless(parts int) {
	if parts == 0 {
		t.absent("the harness has none of the faults that this needs")
	}
}
