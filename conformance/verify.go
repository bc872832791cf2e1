package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// Option changes what [Verify] does.
type Option func(*verification)

type verification struct {
	limits  Limits
	except  []Exception
	only    []string
	folder  string
	told    func(done, total int)
	arrange []func(*environment)
}

// WithLimits bounds the work.
func WithLimits(l Limits) Option { return func(v *verification) { v.limits = l } }

// WithExceptions excepts checks, each for a reason.
func WithExceptions(x ...Exception) Option {
	return func(v *verification) { v.except = append(v.except, x...) }
}

// Only leaves out every check that none of the names means: a name is the ID
// of a check, or a section with its slash, such as "write/".
func Only(names ...string) Option {
	return func(v *verification) { v.only = append(v.only, names...) }
}

// WithReopen gives Verify what [Harness].Reopen gives [Run].
func WithReopen(f func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error)) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.reopen = f }) }
}

// WithCrash gives Verify what [Harness].Crash gives [Run].
func WithCrash(f func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error)) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.crash = f }) }
}

// WithResidue gives Verify what [Harness].Residue gives [Run].
func WithResidue(f func(context.Context, fsbase.FileSystemBase) ([]string, error)) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.residue = f }) }
}

// WithSecrets gives Verify what [Harness].Secrets gives [Run].
func WithSecrets(secrets ...string) Option {
	return func(v *verification) {
		v.arrange = append(v.arrange, func(e *environment) { e.secrets = append(e.secrets, secrets...) })
	}
}

// WithCheckpointID gives Verify what [Harness].CheckpointID gives [Run].
func WithCheckpointID(id string) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.ownID = id }) }
}

// WithFaults gives Verify what [Harness].Faults gives [Run].
func WithFaults(f Faults) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.faults = f }) }
}

// WithSeed makes Verify do what it did when it reported that seed. 0 means a
// new one.
func WithSeed(seed uint64) Option {
	return func(v *verification) {
		if seed != 0 {
			v.arrange = append(v.arrange, func(e *environment) { e.seed = seed })
		}
	}
}

// WithImplementation says whose report it is.
func WithImplementation(i Implementation) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.about = i }) }
}

// InFolder gives the folder below which Verify works a name, so that the
// caller knows where to look for what is left: a valid path where nothing is.
func InFolder(name string) Option { return func(v *verification) { v.folder = name } }

// WithProgress has f called before the first check and after each: how many
// are done, and how many there are to do. f is called by one goroutine.
func WithProgress(f func(done, total int)) Option { return func(v *verification) { v.told = f } }

// Verify puts every check to fsys and reports. It needs no *testing.T: it is
// what a command runs against a real bucket.
//
// fsys is storage to play with. Every check writes into a folder of its own
// below a new one named conformance-…, and removes its streams afterwards, but
// a backend that breaks the contract may do harm anywhere it can reach, and
// folders stay where they are real.
//
// A check that fails is in the report and is no error. Verify returns an error
// when it could not begin, and when ctx was done before the end, then together
// with the report so far.
func Verify(ctx context.Context, fsys fsbase.FileSystemBase, options ...Option) (*Report, error) {
	return verify(ctx, fsys, nil, Checks(), options)
}

func verify(ctx context.Context, fsys fsbase.FileSystemBase, w *wrapping, all []Check, options []Option) (*Report, error) {
	v := verification{folder: "conformance-" + strings.ToLower(rand.Text()[:12]), told: func(int, int) {}}
	for _, o := range options {
		o(&v)
	}
	if fsys == nil {
		return nil, errors.New("conformance: no file system")
	}
	if err := fsbase.CheckWrite(ctx, "verify", v.folder); err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	checks, err := selectChecks(all, v.only)
	if err != nil {
		return nil, err
	}
	env, err := newEnvironment(all, v.limits, v.except)
	if err != nil {
		return nil, err
	}
	for _, f := range v.arrange {
		f(env)
	}
	if w != nil {
		env.wrapped(w)
	}
	rep := env.report(fsys)
	checks = sow(ctx, checks, func(c Check) (*environment, fsbase.FileSystemBase, string) {
		return env, fsys, v.folder + "/" + c.ID
	})
	for i, c := range checks {
		v.told(i, len(checks))
		if ctx.Err() != nil {
			break
		}
		res := env.run(ctx, c, fsys, v.folder+"/"+c.ID)
		if ctx.Err() != nil {
			break // what the check saw is what became of ctx
		}
		rep.Checks = append(rep.Checks, res)
	}
	rep.finish()
	if rep.Complete() {
		rep.Notes = append(rep.Notes, env.undeclared(ctx, fsys, v.folder+"/undeclared")...)
	}
	if env.costly && ctx.Err() == nil {
		env.measure(ctx, rep, fsys, v.folder+"/costs")
	}
	if err := ctx.Err(); err != nil {
		return rep, fmt.Errorf("conformance: after %d of %d checks: %w", len(rep.Checks), len(checks), err)
	}
	v.told(len(checks), len(checks))
	return rep, nil
}

// selectChecks returns those of all that names mean, all for none.
func selectChecks(all []Check, names []string) ([]Check, error) {
	if len(names) == 0 {
		return all, nil
	}
	means := func(name string, c Check) bool {
		return c.ID == name || strings.HasSuffix(name, "/") && strings.HasPrefix(c.ID, name)
	}
	for _, n := range names {
		if !slices.ContainsFunc(all, func(c Check) bool { return means(n, c) }) {
			return nil, fmt.Errorf("conformance: %q names no check", n)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Check) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return means(n, c) })
	}), nil
}
