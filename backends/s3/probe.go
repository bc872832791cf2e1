package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// A probe lets probeRacers write at once, probeRounds times over. A store that
// lets two of them through in one round of three is found with
// 1-(2/3)^8 = 96 %, one that does in every round, surely.
const (
	probeRacers = 8
	probeRounds = 8
)

// probe finds out what a store does with conditions. That it answers 200 to one
// says nothing: only a conflict does.
type probe struct {
	fs   *FS
	name string
	keys map[string]bool // that may be there
}

func newProbe(f *FS) *probe {
	return &probe{fs: f, name: f.prefix + ".godcp-probe-" + strings.ToLower(rand.Text()), keys: map[string]bool{}}
}

// errIgnored: the store let a conflict pass, or knows no conditions.
var errIgnored = errors.New("the store ignores the condition")

// run returns what the store keeps. An error is that it could not be found out.
func (p *probe) run(ctx context.Context) (v verdict, err error) {
	defer p.tidy(ctx)
	if v.absent, err = kept(p.absent(ctx)); err != nil {
		return verdict{}, err
	}
	v.version, err = kept(p.version(ctx))
	return v, err
}

func kept(err error) (bool, error) {
	if errors.Is(err, errIgnored) {
		return false, nil
	}
	return err == nil, err
}

// absent tries If-None-Match: one after the other, then at once.
func (p *probe) absent(ctx context.Context) error {
	key := p.key("absent")
	if _, err := p.put(ctx, key, "first", fsbase.IfAbsent()); err != nil {
		return refusal(err, "")
	}
	if _, err := p.put(ctx, key, "second", fsbase.IfAbsent()); !errors.Is(err, fsbase.ErrPrecondition) {
		return passed(err)
	}
	if err := p.multipart(ctx, key, fsbase.IfAbsent()); !errors.Is(err, fsbase.ErrPrecondition) {
		return passed(err)
	}
	for round := range probeRounds {
		if _, err := p.race(ctx, p.key(fmt.Sprintf("race-%d", round)), fsbase.IfAbsent()); err != nil {
			return err
		}
	}
	return nil
}

// version tries If-Match, in the same way, on a key whose content changes.
func (p *probe) version(ctx context.Context) error {
	key := p.key("version")
	stale, err := p.put(ctx, key, "first", fsbase.Condition{})
	if err != nil {
		return err
	}
	current, err := p.put(ctx, key, "second", fsbase.IfVersion(stale))
	if err != nil {
		return refusal(err, "")
	}
	if _, err := p.put(ctx, key, "third", fsbase.IfVersion(stale)); !errors.Is(err, fsbase.ErrPrecondition) {
		return passed(err)
	}
	if _, err := p.put(ctx, p.key("gone"), "third", fsbase.IfVersion(stale)); !errors.Is(err, fsbase.ErrPrecondition) {
		return passed(err)
	}
	if err := p.multipart(ctx, key, fsbase.IfVersion(stale)); !errors.Is(err, fsbase.ErrPrecondition) {
		return passed(err)
	}
	for range probeRounds {
		if current, err = p.race(ctx, key, fsbase.IfVersion(current)); err != nil {
			return err
		}
	}
	return nil
}

// passed is what it means that a write in conflict was not refused for that.
func passed(err error) error {
	if err == nil {
		return errIgnored
	}
	return refusal(err, "a write that was to fail for its condition: ")
}

// refusal tells a store that knows no conditions from one that failed.
func refusal(err error, what string) error {
	var a *answer
	if errors.As(err, &a) {
		switch status(a.err) {
		case http.StatusBadRequest, http.StatusNotImplemented, http.StatusMethodNotAllowed:
			return fmt.Errorf("%w: %s", errIgnored, a.text)
		}
	}
	if errors.Is(err, fsbase.ErrPrecondition) {
		return fmt.Errorf("%w: it refuses one that holds", errIgnored)
	}
	return fmt.Errorf("%s%w", what, err)
}

func (p *probe) key(what string) string {
	key := p.name + "-" + what
	p.keys[key] = true
	return key
}

// put is one PutObject whose condition is the store's alone to judge.
func (p *probe) put(ctx context.Context, key, content string, cond fsbase.Condition) (fsbase.Version, error) {
	info, err := p.fs.put(ctx, key, strings.NewReader(content), int64(len(content)), cond)
	return info.Version, err
}

// multipart is a CompleteMultipartUpload under a condition.
func (p *probe) multipart(ctx context.Context, key string, cond fsbase.Condition) error {
	m, err := p.fs.begin(ctx, key, cond, sentParts)
	if err != nil {
		return err
	}
	if err = m.upload(ctx, 1, strings.NewReader("parts"), 0, 5); err == nil {
		_, err = m.complete(ctx)
	}
	if err != nil {
		return m.aborted(ctx, err)
	}
	return nil
}

// tidy removes what the probe wrote. What cannot be removed, a few bytes each,
// stays: that does not change what was found.
func (p *probe) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	var removers sync.WaitGroup
	for key := range p.keys {
		removers.Go(func() { _ = p.fs.remove(ctx, key, nil) })
	}
	removers.Wait()
}
