package dcp

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// Busy says what AsyncSave does while another save to the same place is under
// way in this process.
type Busy uint8

const (
	// BusyWait waits for the other to end.
	BusyWait Busy = iota
	// BusySkip does not save: the handle is nil, and so is the error.
	BusySkip
	// BusyFail is ErrSaveInFlight.
	BusyFail
)

// ErrSaveInFlight: another save to the same place has not ended.
var ErrSaveInFlight = errors.New("a save to this place is under way")

// AsyncSaveOptions say how to save in the background.
type AsyncSaveOptions struct {
	SaveOptions

	// Stager takes the snapshot; nil means a BlockingAsyncStager.
	Stager AsyncStager

	Busy Busy
}

// SaveHandle is a save in the background.
type SaveHandle struct {
	done   chan struct{}
	cancel context.CancelFunc
	md     *metadata.Metadata
	err    error

	mu   sync.Mutex
	seen bool // somebody has had err
}

// Wait waits for the save to end and returns what Save would.
func (h *SaveHandle) Wait() (*metadata.Metadata, error) {
	<-h.done
	h.mu.Lock()
	h.seen = true
	h.mu.Unlock()
	return h.md, h.err
}

// Done is closed when the save has ended.
func (h *SaveHandle) Done() <-chan struct{} { return h.done }

// Cancel ends the save early; Wait then tells how it ended.
func (h *SaveHandle) Cancel() { h.cancel() }

// flights are the last saves of each place: at most one is under way.
var flights = struct {
	mu   sync.Mutex
	last map[string]*SaveHandle
}{last: map[string]*SaveHandle{}}

// AsyncSave takes a snapshot of state and saves it in the background: torch's
// async_save. When it returns, state can be changed. The context bounds the
// whole save.
//
// The error of a save that nobody has waited for is returned by the next
// AsyncSave to the same place, which then saves nothing.
func AsyncSave(ctx context.Context, url string, state map[string]any, o AsyncSaveOptions) (*SaveHandle, error) {
	ctx, cancel := context.WithCancel(ctx)
	h := &SaveHandle{done: make(chan struct{}), cancel: cancel}
	key := fmt.Sprint(fsbase.Redact(url), " ", rankOf(o.Group))
	if err := takeOff(ctx, key, h, o.Busy); err != nil {
		cancel()
		if errors.Is(err, errSkipped) {
			return nil, nil
		}
		return nil, err
	}
	staged, release, err := stage(state, o.Stager)
	if err != nil {
		cancel()
		land(key, h)
		close(h.done)
		return nil, err
	}
	go func() {
		defer close(h.done)
		defer land(key, h)
		defer cancel()
		defer release()
		h.md, h.err = Save(ctx, url, staged, o.SaveOptions)
	}()
	return h, nil
}

func stage(state map[string]any, s AsyncStager) (map[string]any, func(), error) {
	if s == nil {
		s = &BlockingAsyncStager{}
	}
	plain, err := statesOf(state)
	if err != nil {
		return nil, nil, err
	}
	return s.Stage(plain)
}

var errSkipped = errors.New("skipped")

// takeOff makes h the save of its place.
func takeOff(ctx context.Context, key string, h *SaveHandle, busy Busy) error {
	for {
		flights.mu.Lock()
		last := flights.last[key]
		if last == nil || last.ended() {
			if err := last.unseen(); err != nil {
				delete(flights.last, key)
				flights.mu.Unlock()
				return fmt.Errorf("the save before this one: %w", err)
			}
			flights.last[key] = h
			flights.mu.Unlock()
			return nil
		}
		flights.mu.Unlock()
		switch busy {
		case BusySkip:
			return errSkipped
		case BusyFail:
			return ErrSaveInFlight
		}
		select {
		case <-last.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// land forgets a save that has ended well: what failed is kept until somebody
// has seen the error.
func land(key string, h *SaveHandle) {
	flights.mu.Lock()
	defer flights.mu.Unlock()
	if h.err == nil && flights.last[key] == h {
		delete(flights.last, key)
	}
}

func (h *SaveHandle) ended() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// unseen is the error that nobody has had yet.
func (h *SaveHandle) unseen() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen {
		return nil
	}
	h.seen = true
	return h.err
}
