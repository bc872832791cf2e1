package dcp

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
)

// flights are the last saves of each place and rank: at most one is under way.
var flights = struct {
	mu   sync.Mutex
	last map[string]*SaveHandle
}{last: map[string]*SaveHandle{}}

// flight is one rank's part of one call of AsyncSave.
type flight struct {
	ctx context.Context
	url string
	o   AsyncSaveOptions
	h   *SaveHandle
	key string // place and rank
}

// takeOff makes the flight the last of its place, waits for the one before it,
// which it returns, as far as it may, and says why it must not save.
func (f *flight) takeOff() (last *SaveHandle, err error) {
	flights.mu.Lock()
	last = flights.last[f.key]
	flights.last[f.key] = f.h
	flights.mu.Unlock()
	if last == nil {
		return nil, nil
	}
	if f.o.Busy != BusyWait && !last.ended() {
		return last, ErrSaveInFlight
	}
	select {
	case <-last.done:
	case <-f.ctx.Done():
		return last, f.ctx.Err()
	}
	if err := last.unseen(); err != nil {
		return last, fmt.Errorf("the save before this one: %w", err)
	}
	return last, nil
}

// refuse ends a flight that does not save, in its turn. The other ranks may have
// begun, so they are told, in the step in which they wait for this one.
func (f *flight) refuse(last *SaveHandle, err error) {
	f.h.seen = true // the caller of AsyncSave has it
	tell := f.o.Group != nil && f.o.Group.Size() > 1
	if !tell && f.giveBack(last) {
		return
	}
	go func() {
		defer f.land()
		if last != nil {
			<-last.done
			if lost := last.unseen(); lost != nil {
				f.h.err, f.h.seen = lost, false // for the next to say
			}
		}
		if tell {
			o := f.o.SaveOptions
			o.Planner, o.CheckReplicas = &refusal{err: err}, false
			Save(f.ctx, f.url, nil, o) //nolint:errcheck // it is err, on every rank
		}
	}()
}

// giveBack makes the flight before this one the last again, unless there is one
// after this already.
func (f *flight) giveBack(last *SaveHandle) bool {
	flights.mu.Lock()
	defer flights.mu.Unlock()
	if flights.last[f.key] != f.h {
		return false
	}
	if last == nil || last.settled() {
		delete(flights.last, f.key)
	} else {
		flights.last[f.key] = last
	}
	f.h.cancel()
	close(f.h.done)
	return true
}

// refusal is a planner that has an error in place of a plan.
type refusal struct {
	planner.DefaultSavePlanner
	err error
}

func (r *refusal) SetUpPlanner(map[string]any, *metadata.StorageMeta, bool) error { return r.err }

// save saves a snapshot. Where all skip for one that is busy, nothing is wrong.
func (f *flight) save(staged map[string]any) (*metadata.Metadata, error) {
	md, err := Save(f.ctx, f.url, staged, f.o.SaveOptions)
	if f.o.Busy == BusySkip && errors.Is(err, ErrSaveInFlight) {
		return nil, nil
	}
	return md, err
}

// land ends the flight. One that has ended well is forgotten; what failed is
// kept until somebody has seen the error.
func (f *flight) land() {
	f.h.cancel()
	flights.mu.Lock()
	defer flights.mu.Unlock()
	if f.h.err == nil && flights.last[f.key] == f.h {
		delete(flights.last, f.key)
	}
	close(f.h.done)
}
