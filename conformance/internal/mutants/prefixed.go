package mutants

import (
	"context"
	"io/fs"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// prefixed is a correct wrapper, and with faults an incorrect one: every name
// gets a prefix inside, in every method and capability.
type prefixed struct {
	inner  fsbase.FileSystemBase
	prefix string // ends in a slash
	faulty
}

// faulty replaces steps of a prefixed. nil keeps the step.
type faulty struct {
	context    func(context.Context) context.Context
	full       func(p *prefixed, path string) string
	own        func(p *prefixed, full string) string // of Infos and listings
	errorPath  func(p *prefixed, full string) string
	fail       func(error) error // applied to every error of the backend inside
	invalid    func(path string) bool
	prefixOf   func(p *prefixed, prefix string) string // of List and RemoveAll
	copyTo     func(p *prefixed, path string) string
	exists     func(ok bool, err error) (bool, error)
	remove     func(p *prefixed, path string) (done bool)
	writer     func(w *prefixedWriter) fsbase.WriteStream
	capability func(p *prefixed, target any) (handled, ok bool)
}

// Prefixed returns inner with every name below the folder wrapped/up.
func Prefixed(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return newPrefixed(inner, faulty{}) }

func newPrefixed(inner fsbase.FileSystemBase, f faulty) *prefixed {
	return &prefixed{inner: inner, prefix: "wrapped/up/", faulty: f}
}

// begin is the beginning of every method: the path is checked, and both are
// made those of the backend inside.
func (p *prefixed) begin(ctx context.Context, op, path string) (context.Context, string, error) {
	if bad := p.invalid; bad != nil && bad(path) || bad == nil && !fs.ValidPath(path) {
		return nil, "", failed(op, path, fs.ErrInvalid)
	}
	return p.under(ctx), p.name(path), nil
}

func (p *prefixed) under(ctx context.Context) context.Context {
	if p.context != nil {
		return p.context(ctx)
	}
	return ctx
}

func (p *prefixed) name(path string) string {
	if p.full != nil {
		return p.full(p, path)
	}
	if path == "." {
		return strings.TrimSuffix(p.prefix, "/")
	}
	return p.prefix + path
}

// target is begin for a name that is to become a stream.
func (p *prefixed) target(ctx context.Context, op, path string) (context.Context, string, error) {
	if path == "." {
		return nil, "", failed(op, path, fs.ErrInvalid)
	}
	return p.begin(ctx, op, path)
}

func (p *prefixed) info(i fsbase.Info) fsbase.Info {
	i.Path = p.outside(i.Path)
	return i
}

func (p *prefixed) outside(full string) string {
	if p.own != nil {
		return p.own(p, full)
	}
	return strings.TrimPrefix(full, p.prefix)
}

// failing translates an error of the backend inside.
func (p *prefixed) failing(err error) error {
	if p.fail != nil && err != nil {
		err = p.fail(err)
	}
	pe, ok := err.(*fs.PathError)
	if !ok {
		return err
	}
	path := strings.TrimPrefix(pe.Path, p.prefix)
	if p.errorPath != nil {
		path = p.errorPath(p, pe.Path)
	}
	return &fs.PathError{Op: pe.Op, Path: path, Err: pe.Err}
}

func (p *prefixed) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	ctx, full, err := p.target(ctx, "create", path)
	if err != nil {
		return nil, err
	}
	return p.writing(p.inner.CreateStream(ctx, full))
}

func (p *prefixed) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	ctx, full, err := p.begin(ctx, "open", path)
	if err != nil {
		return nil, err
	}
	r, err := p.inner.OpenStream(ctx, full)
	if err != nil {
		return nil, p.failing(err)
	}
	return &prefixedReader{r, p}, nil
}

func (p *prefixed) ConcatPath(path, suffix string) string { return p.inner.ConcatPath(path, suffix) }

func (p *prefixed) Rename(ctx context.Context, path, newPath string) error {
	_, to, err := p.target(ctx, "rename", newPath)
	if err != nil {
		return err
	}
	ctx, from, err := p.begin(ctx, "rename", path)
	if err != nil {
		return err
	}
	return p.failing(p.inner.Rename(ctx, from, to))
}

func (p *prefixed) Mkdir(ctx context.Context, path string) error {
	ctx, full, err := p.begin(ctx, "mkdir", path)
	if err != nil {
		return err
	}
	return p.failing(p.inner.Mkdir(ctx, full))
}

func (p *prefixed) Exists(ctx context.Context, path string) (bool, error) {
	ctx, full, err := p.begin(ctx, "exists", path)
	if err != nil {
		return false, err
	}
	ok, err := p.inner.Exists(ctx, full)
	if p.exists != nil {
		return p.exists(ok, err)
	}
	return ok, p.failing(err)
}

func (p *prefixed) RmFile(ctx context.Context, path string) error {
	ctx, full, err := p.begin(ctx, "remove", path)
	if err != nil || p.faulty.remove != nil && p.faulty.remove(p, path) {
		return err
	}
	return p.failing(p.inner.RmFile(ctx, full))
}

func (p *prefixed) ValidateCheckpointID(id string) error { return p.inner.ValidateCheckpointID(id) }
