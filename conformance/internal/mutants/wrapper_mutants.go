package mutants

import (
	"context"
	"errors"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// Wrapper is a wrapper that breaks what a wrapper must keep in one way.
type Wrapper struct {
	Name  string                                            // what is broken
	Kills []string                                          // the checks that must see it, by ID
	Hides []string                                          // the capabilities that it says it hides
	Wrap  func(fsbase.FileSystemBase) fsbase.FileSystemBase // puts it around a backend
}

// with returns the wrapper Prefixed with a fault.
func with(f faulty) func(fsbase.FileSystemBase) fsbase.FileSystemBase {
	return func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return newPrefixed(inner, f) }
}

// around is a wrapper around one that has no fault.
func around(wrap func(p *prefixed) fsbase.FileSystemBase) func(fsbase.FileSystemBase) fsbase.FileSystemBase {
	return func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return wrap(newPrefixed(inner, faulty{})) }
}

// handing is the fault of one capability.
func handing[T any](f func(p *prefixed, target *T) bool) func(fsbase.FileSystemBase) fsbase.FileSystemBase {
	return with(faulty{capability: func(p *prefixed, target any) (handled, ok bool) {
		t, handled := target.(*T)
		return handled, handled && f(p, t)
	}})
}

// embedding forwards by embedding alone and hands out nothing.
type embedding struct{ fsbase.FileSystemBase }

// Wrappers returns every wrapper that is a mutant.
func Wrappers() []Wrapper {
	return slices.Concat(capabilityWrappers, callWrappers, nameWrappers, againWrappers, formatWrappers, outlivedWrappers)
}

var capabilityWrappers = []Wrapper{
	{
		Name: "forgets a capability", Kills: []string{"wrapper/hands-out"},
		Wrap: handing(func(*prefixed, *fsbase.Copier) bool { return false }),
	},
	{
		Name: "forwards by embedding alone", Kills: []string{"wrapper/hands-out"},
		Wrap: func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return embedding{inner} },
	},
	{
		Name: "hides what it says and more", Kills: []string{"wrapper/hands-out"}, Hides: []string{"Copier"},
		Wrap: func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return embedding{inner} },
	},
	{
		Name: "says that it hides what it hands out", Kills: []string{"wrapper/hands-out"}, Hides: []string{"Stater"},
		Wrap: Prefixed,
	},
	{
		Name: "As walks through it, as through an Unwrap", Kills: []string{"wrapper/bypass"},
		Wrap: handing(func(p *prefixed, target *fsbase.ExclusiveCreator) (ok bool) {
			*target, ok = fsbase.As[fsbase.ExclusiveCreator](p.inner)
			return ok
		}),
	},
	{
		Name: "is not there", Kills: []string{"wrapper/bypass"},
		Wrap: func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return inner },
	},
	{
		Name: "WithoutSync is without the wrapper", Kills: []string{"wrapper/bypass", "durable/without-sync"},
		Wrap: handing(func(p *prefixed, target *fsbase.Unsyncer) bool {
			c, ok := fsbase.As[fsbase.Unsyncer](p.inner)
			if ok {
				*target = innerUnsyncer{c}
			}
			return ok
		}),
	},
	{
		Name: "Copy forgets the prefix of its target", Kills: []string{"wrapper/bypass"},
		Wrap: with(faulty{copyTo: func(_ *prefixed, path string) string { return path }}),
	},
	{
		Name: "Upload forgets to change the bytes", Kills: []string{"wrapper/bypass"}, Hides: scrambledHides,
		Wrap: func(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
			return scrambled{FileSystemBase: inner, plainUploads: true}
		},
	},
	{
		Name: "invents a capability", Kills: []string{"wrapper/bare"},
		Wrap: handing(func(p *prefixed, target *fsbase.Stater) bool {
			*target = inventedStater{p}
			return true
		}),
	},
	{
		Name: "emulates create-if-absent by looking first", Kills: []string{"wrapper/bare"},
		Wrap: handing(func(p *prefixed, target *fsbase.ExclusiveCreator) bool {
			*target = emulatedExclusive{p}
			return true
		}),
	},
}

// ScrambledHides are the capabilities that Scrambled does not hand out.
func ScrambledHides() []string { return scrambledHides }

var scrambledHides = []string{"ExclusiveCreator", "Swapper", "Stater", "Lister", "Copier", "RemoveAller", "PartLimiter", "Unsyncer"}

// innerUnsyncer is no type of the suite's, so only what it returns tells.
type innerUnsyncer struct{ fsbase.Unsyncer }

type inventedStater struct{ p *prefixed }

func (s inventedStater) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	if c, ok := fsbase.As[fsbase.Stater](s.p.inner); ok {
		return prefixedStater{s.p, c}.Stat(ctx, path)
	}
	return fsbase.Info{}, failed("stat", path, errors.ErrUnsupported)
}

type emulatedExclusive struct{ p *prefixed }

func (e emulatedExclusive) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	switch ok, err := e.p.Exists(ctx, path); {
	case err != nil:
		return nil, err
	case ok:
		return nil, failed("create", path, fsbase.ErrExist())
	}
	return e.p.CreateStream(ctx, path)
}
