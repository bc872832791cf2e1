package conformance

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// RunWrapper is [Run] for what wraps a backend: a prefix, retries, metrics,
// encryption. h is the harness of a backend that conforms, wrap puts the
// wrapper around it. Every check of the suite is put to the wrapped backend,
// and those of [WrapperChecks] look at what the wrapper does with the one
// inside: what it asks of it, under which context, and what it makes of its
// errors.
//
// wrap is called more than once, with a backend of its own each time or with
// the same. Capabilities that the wrapper does not hand out on purpose are
// named in Harness.Hides.
func RunWrapper(t *testing.T, h Harness, wrap func(fsbase.FileSystemBase) fsbase.FileSystemBase) *Report {
	t.Helper()
	return h.run(t, append(Checks(), WrapperChecks()...), wrap)
}

// VerifyWrapper is [Verify] as [RunWrapper] is [Run]: inner is a backend that
// conforms. What [WithReopen] and its like are given, and return, is inner.
func VerifyWrapper(ctx context.Context, inner fsbase.FileSystemBase, wrap func(fsbase.FileSystemBase) fsbase.FileSystemBase, options ...Option) (*Report, error) {
	if inner == nil {
		return nil, errors.New("conformance: no file system")
	}
	w := &wrapping{wrap: wrap}
	return verify(ctx, w.around(inner), w, append(Checks(), WrapperChecks()...), options)
}

// WithHidden gives VerifyWrapper what [Harness].Hides gives [RunWrapper].
func WithHidden(hides ...Capability) Option {
	return func(v *verification) {
		v.arrange = append(v.arrange, func(e *environment) { e.hides = append(e.hides, hides...) })
	}
}

// wrapping wraps backends and remembers what is in which.
type wrapping struct {
	wrap func(fsbase.FileSystemBase) fsbase.FileSystemBase
	made []pair
}

type pair struct{ outer, inner fsbase.FileSystemBase }

// around wraps inner. It is nil if wrap returned nil.
func (w *wrapping) around(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
	outer := w.wrap(inner)
	w.made = append(w.made, pair{outer, inner})
	return outer
}

// within returns what is inside of outer. A wrapper that cannot be compared,
// as a struct with a function in it, is taken for the last one.
func (w *wrapping) within(outer fsbase.FileSystemBase) fsbase.FileSystemBase {
	last := len(w.made) - 1
	for i := last; i >= 0 && reflect.ValueOf(outer).Comparable(); i-- {
		if made := w.made[i]; reflect.ValueOf(made.outer).Comparable() && made.outer == outer {
			return made.inner
		}
	}
	return w.made[last].inner
}

// wrapped makes the functions of the harness, which know the backend inside,
// take and return the wrapper.
func (e *environment) wrapped(w *wrapping) {
	e.wrapping = w
	again := func(f func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error)) func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
		if f == nil {
			return nil
		}
		return func(ctx context.Context, outer fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			inner, err := f(ctx, w.within(outer))
			if err != nil {
				return nil, err
			}
			return w.around(inner), nil
		}
	}
	e.reopen, e.crash = again(e.reopen), again(e.crash)
	if residue := e.residue; residue != nil {
		e.residue = func(ctx context.Context, outer fsbase.FileSystemBase) ([]string, error) {
			return residue(ctx, w.within(outer))
		}
	}
	e.faults = e.faults.within(w)
}

// spied returns the same trial on the wrapper around a spy, which stands for
// the backend inside.
func (t *trial) spied() (*spy, *trial) {
	s := &spy{inner: t.env.wrapping.within(t.fs), log: &log{}}
	outer := t.env.wrapping.wrap(s)
	if outer == nil {
		t.fatalf("wrap returns nil")
	}
	return s, t.on(outer)
}
