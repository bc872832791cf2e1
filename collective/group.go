// Package collective lets the ranks of a job talk: torch's object collectives.
//
// A [Group] is one rank's view of a fixed set of ranks. [Single] is a world of
// one, [InProcess] makes goroutines the ranks, and the package natsgroup
// processes. All keep the same contract, which collective/internal/grouptest
// tests:
//
//  1. Every rank calls the same methods with the same root in the same order,
//     one at a time. Calls that do not match fail on every rank with
//     [ErrMismatch]; they do not hang.
//  2. Payloads are bytes of any length. What is given to a call and what comes
//     out of it is not changed afterwards by anyone, so that ranks of one
//     process can share it. A nil payload may arrive as an empty one.
//  3. A call returns when its result is known and may, but need not, wait for
//     every rank. Barrier and AllGather return on no rank before all have
//     called, Gather not on root, Scatter and Broadcast not before root has.
//  4. A call waits as long as its context allows, and a group may have a limit
//     of its own. A rank whose context is done while it waits, or before it
//     calls, gives up for good, as one that calls Close does. A rank that has
//     not called when the group's limit is reached, or that gives no sign of
//     life, is taken for one that gave up.
//  5. When a rank has given up, calls that need it fail on every other rank, as
//     soon as that gets there, with a [*RankError] that names it; and so do all
//     later calls, since the ranks no longer agree on what was said. A call
//     whose result was complete before stays good. All get the same RankError,
//     as long as the rank lives that the others hear it from.
//  6. Wrong arguments (root out of range, not one payload per rank for Scatter)
//     make a rank give up: the others cannot go on without it.
//  7. Nothing of a group outlives Close, which may be called twice, and may wait
//     a bounded time for others to have what they are owed. Between calls a
//     group of goroutines runs nothing; one of processes runs goroutines that
//     tell the others that this rank lives, and listen to them. They call
//     nobody back.
//
// [ReduceScatter], [AllReduce] and [Broadcast] build on any Group the steps of
// a save or load in which each rank may fail: every rank learns of it.
package collective

import (
	"context"
	"errors"
	"fmt"
)

// Group is one rank's view of a set of ranks. See the package for its contract.
type Group interface {
	// Rank is from 0 up to, not including, Size.
	Rank() int
	Size() int

	// Gather brings every rank's data to root, where the index is the rank. It
	// is nil elsewhere.
	Gather(ctx context.Context, root int, data []byte) ([][]byte, error)

	// Scatter hands data[i] of root to rank i. The data of other ranks does not
	// count.
	Scatter(ctx context.Context, root int, data [][]byte) ([]byte, error)

	// Broadcast hands root's data to every rank, root included. The data of
	// other ranks does not count.
	Broadcast(ctx context.Context, root int, data []byte) ([]byte, error)

	// AllGather is Gather with a result on every rank.
	AllGather(ctx context.Context, data []byte) ([][]byte, error)

	// Barrier waits until every rank has called it.
	Barrier(ctx context.Context) error

	// Close leaves the group. A rank that has more to do with the others gives
	// up by it.
	Close() error
}

var (
	// ErrMismatch: two ranks did not make the same call.
	ErrMismatch = errors.New("ranks made different collective calls")

	// ErrClosed: a rank has left the group.
	ErrClosed = errors.New("rank has left the group")
)

// RankError tells which rank gave up, or was taken to have, and why. Every rank
// gets the same.
type RankError struct {
	Rank int
	Err  error
}

func (e *RankError) Error() string { return fmt.Sprintf("rank %d gave up: %v", e.Rank, e.Err) }

// Unwrap gives errors.Is the reason.
func (e *RankError) Unwrap() error { return e.Err }
