package fsbase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// How often Publish asks, and how long it waits before it asks again, doubled
// each time: about 6 s in all.
const (
	publishAttempts = 7
	publishBackoff  = 100 * time.Millisecond
)

// Publish makes body the content of path in one conditional step, and finds
// out what happened when the storage does not say.
//
// While the outcome is [ErrCommitUnknown] the same bytes are sent again under
// the same condition. A failed condition is resolved by reading: if body is
// there it was this call that put it there, so bodies of different writers must
// differ, as by a random id. Else the write is lost: [ErrPrecondition], and
// fs.ErrExist too under [IfAbsent]. What stays unclear is ErrCommitUnknown: the
// caller must not clean up, because body may be there or arrive later.
//
// A storage without the capability for cond answers errors.ErrUnsupported. The
// zero Condition does without; then body is read back after the commit, and
// another writer's content is ErrPrecondition. That is no protection against
// one who comes later still.
func Publish(ctx context.Context, fsys FileSystemBase, path string, body []byte, cond Condition) (Info, error) {
	p := publication{fsys: fsys, path: path, body: body, cond: cond}
	wait := publishBackoff
	for attempt := 1; ; attempt++ {
		info, err := p.attempt(ctx)
		if !errors.Is(err, errAgain) {
			return info, err
		}
		if attempt == publishAttempts {
			return Info{}, p.outcome(err)
		}
		if ended := sleep(ctx, wait); ended != nil {
			return Info{}, p.outcome(fmt.Errorf("%w: %w", ended, err))
		}
		wait *= 2
	}
}

// publication is one call of Publish.
type publication struct {
	fsys FileSystemBase
	path string
	body []byte
	cond Condition

	unknown bool // an attempt may have published
}

// errAgain marks what another attempt may clear up.
var errAgain = errors.New("no answer yet")

func (p *publication) attempt(ctx context.Context) (Info, error) {
	info, err := writeBody(ctx, p.fsys, p.path, p.body, p.cond)
	switch {
	case err == nil && p.cond.Unconditional():
		return p.confirm(ctx, info)
	case err == nil:
		return info, nil
	case errors.Is(err, ErrCommitUnknown):
		p.unknown = true
		return Info{}, fmt.Errorf("%w: %w", errAgain, err)
	case errors.Is(err, ErrPrecondition):
		return p.resolve(ctx, err)
	case ctx.Err() != nil:
		return Info{}, p.outcome(err)
	case errors.Is(err, ErrThrottled), p.unknown:
		return Info{}, fmt.Errorf("%w: %w", errAgain, err)
	}
	return Info{}, err
}

// outcome is err, which ends the attempts, with what is known of them.
func (p *publication) outcome(err error) error {
	if p.unknown && !errors.Is(err, ErrCommitUnknown) {
		err = fmt.Errorf("%w: %w", ErrCommitUnknown, err)
	}
	return &fs.PathError{Op: "publish", Path: p.path, Err: err}
}

// resolve finds out whether a failed condition is our own work: of an earlier
// attempt, or of one that the storage's client made by itself.
func (p *publication) resolve(ctx context.Context, failed error) (Info, error) {
	info, ours, err := p.readBack(ctx)
	switch {
	case ours:
		return info, nil
	case err == nil, errors.Is(err, fs.ErrNotExist) && !p.cond.Absent():
		return Info{}, p.lost(failed)
	case errors.Is(err, fs.ErrNotExist):
		// Somebody had the name and has it no more. It may have been us.
		p.unknown = true
		return Info{}, p.outcome(failedReading(failed, err))
	}
	p.unknown = true
	return Info{}, fmt.Errorf("%w: %w", errAgain, failedReading(failed, err))
}

// confirm looks whether an unconditional commit was overtaken. It can only
// find evidence against a commit that has said that it succeeded.
func (p *publication) confirm(ctx context.Context, info Info) (Info, error) {
	_, ours, err := p.readBack(ctx)
	if !ours && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		return Info{}, p.lost(fmt.Errorf("another writer came between: %w", ErrPrecondition))
	}
	return info, nil
}

// lost is the error when another writer's content is there.
func (p *publication) lost(failed error) error {
	if p.cond.Absent() && !errors.Is(failed, fs.ErrExist) {
		failed = fmt.Errorf("%w: %w", failed, ErrExist())
	}
	return &fs.PathError{Op: "publish", Path: p.path, Err: failed}
}

// failedReading does not wrap failed: that a condition did not hold is not
// what is known.
func failedReading(failed, err error) error {
	return fmt.Errorf("%v; reading what is there: %w", failed, err)
}

// readBack tells whether the content is body.
func (p *publication) readBack(ctx context.Context) (info Info, ours bool, err error) {
	r, err := p.fsys.OpenStream(ctx, p.path)
	if err != nil {
		return Info{}, false, err
	}
	defer r.Close()
	info = r.Info()
	if info.Size != int64(len(p.body)) {
		return info, false, nil
	}
	there, err := readAll(r, info.Size)
	return info, err == nil && bytes.Equal(there, p.body), err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
