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
// way in this process. Ranks need not be busy at the same time: if one of them
// does not save, none does.
type Busy uint8

const (
	// BusyWait waits for the other to end.
	BusyWait Busy = iota
	// BusySkip does not save: the handle is nil, and so is the error. On a rank
	// that was not busy itself, Wait returns neither metadata nor an error.
	BusySkip
	// BusyFail is ErrSaveInFlight, also from Wait on the other ranks.
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

func (h *SaveHandle) ended() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// settled: it has ended, and no error is left to tell.
func (h *SaveHandle) settled() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended() && (h.seen || h.err == nil)
}

// unseen is the error that nobody has had yet. It counts as told then.
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

// AsyncSave takes a snapshot of state and saves it in the background: torch's
// async_save. When it returns, state can be changed. The context bounds the
// whole save. All ranks of a group call AsyncSave equally often, and make no
// other use of the group before the save has ended.
//
// The error of a save that nobody has waited for is returned by the next
// AsyncSave to the same place, which then saves nothing, on no rank.
func AsyncSave(ctx context.Context, url string, state map[string]any, o AsyncSaveOptions) (*SaveHandle, error) {
	ctx, cancel := context.WithCancel(ctx)
	h := &SaveHandle{done: make(chan struct{}), cancel: cancel}
	f := flight{ctx: ctx, url: url, o: o, h: h, key: fmt.Sprint(fsbase.Redact(url), " ", rankOf(&o.SaveOptions))}
	last, err := f.takeOff()
	var staged map[string]any
	release := func() {}
	if err == nil {
		staged, release, err = stage(ctx, state, o.Stager)
	}
	if err != nil {
		f.refuse(last, err)
		if o.Busy == BusySkip && errors.Is(err, ErrSaveInFlight) {
			return nil, nil
		}
		return nil, err
	}
	go func() {
		defer f.land()
		defer release()
		h.md, h.err = f.save(staged)
	}()
	return h, nil
}

func stage(ctx context.Context, state map[string]any, s AsyncStager) (map[string]any, func(), error) {
	if s == nil {
		s = &BlockingAsyncStager{}
	}
	plain, err := statesOf(state)
	if err != nil {
		return nil, nil, err
	}
	return s.Stage(ctx, plain)
}
