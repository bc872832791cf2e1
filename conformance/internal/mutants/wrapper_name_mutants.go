package mutants

import (
	"context"
	"errors"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// nameWrappers are faults of names, and of what a wrapper does with errors of
// single methods.
var nameWrappers = []Wrapper{
	{
		Name: "does not prefix what is prefixed", Kills: []string{"wrapper/prefixed-names"},
		Wrap: with(faulty{full: func(p *prefixed, path string) string {
			if strings.HasPrefix(path, p.prefix) {
				return path
			}
			if path == "." {
				return strings.TrimSuffix(p.prefix, "/")
			}
			return p.prefix + path
		}}),
	},
	{
		Name: "takes the prefix out of names wherever it is", Kills: []string{"wrapper/prefixed-names"},
		Wrap: with(faulty{own: func(p *prefixed, full string) string { return strings.ReplaceAll(full, p.prefix, "") }}),
	},
	{
		Name: "takes the prefix off twice", Kills: []string{"wrapper/prefixed-names"},
		Wrap: with(faulty{own: func(p *prefixed, full string) string {
			return strings.TrimPrefix(strings.TrimPrefix(full, p.prefix), p.prefix)
		}}),
	},
	{
		Name: "takes the characters of the prefix off", Kills: []string{"wrapper/prefixed-names"},
		Wrap: with(faulty{own: func(p *prefixed, full string) string { return strings.TrimLeft(full, p.prefix) }}),
	},
	{
		Name: "errors of streams have the path inside", Kills: []string{"wrapper/error-paths"},
		Wrap: with(faulty{writer: func(w *prefixedWriter) fsbase.WriteStream { return w.WriteStream }}),
	},
	{
		Name: "errors of readers have the path inside", Kills: []string{"wrapper/error-paths"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return &carelessWrapper{prefixed: p, rawReaders: true} }),
	},
	{
		Name: "Mkdir and Rename that are throttled are nil", Kills: []string{"wrapper/errors"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return &carelessWrapper{prefixed: p, deaf: true} }),
	},
	{
		Name: "the stream inside stays open when a Write or Commit fails", Kills: []string{"wrapper/closes"},
		Wrap: with(faulty{writer: func(w *prefixedWriter) fsbase.WriteStream { return &abandoning{prefixedWriter: w} }}),
	},
	{
		Name: "readers inside stay open", Kills: []string{"wrapper/closes"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return &carelessWrapper{prefixed: p, openReaders: true} }),
	},
	{
		Name: "WithoutSync is without conditions", Kills: []string{"capability/without-sync"},
		Wrap: handing(func(p *prefixed, target *fsbase.Unsyncer) bool {
			c, ok := fsbase.As[fsbase.Unsyncer](p.inner)
			if ok {
				*target = unconditional{p, c}
			}
			return ok
		}),
	},
}

// carelessWrapper has faults of single methods.
type carelessWrapper struct {
	*prefixed
	deaf, rawReaders, openReaders bool
}

func (c *carelessWrapper) heard(err error) error {
	if c.deaf && errors.Is(err, fsbase.ErrThrottled) {
		return nil
	}
	return err
}

func (c *carelessWrapper) Mkdir(ctx context.Context, p string) error {
	return c.heard(c.prefixed.Mkdir(ctx, p))
}

func (c *carelessWrapper) Rename(ctx context.Context, p, q string) error {
	return c.heard(c.prefixed.Rename(ctx, p, q))
}

func (c *carelessWrapper) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	r, err := c.prefixed.OpenStream(ctx, p)
	if err != nil {
		return nil, err
	}
	return carelessReader{r.(*prefixedReader), c}, nil
}

type carelessReader struct {
	*prefixedReader
	of *carelessWrapper
}

func (r carelessReader) ReadAt(p []byte, off int64) (int, error) {
	if r.of.rawReaders {
		return r.ReadStream.ReadAt(p, off)
	}
	return r.prefixedReader.ReadAt(p, off)
}

func (r carelessReader) Close() error {
	if r.of.openReaders {
		return nil
	}
	return r.prefixedReader.Close()
}

// abandoning does not close what has failed.
type abandoning struct {
	*prefixedWriter
	failed bool
}

func (w *abandoning) Write(p []byte) (int, error) {
	n, err := w.prefixedWriter.Write(p)
	w.failed = w.failed || err != nil
	return n, err
}

func (w *abandoning) Commit() (fsbase.Info, error) {
	info, err := w.prefixedWriter.Commit()
	w.failed = w.failed || err != nil
	return info, err
}

func (w *abandoning) Close() error {
	if w.failed {
		return nil
	}
	return w.prefixedWriter.Close()
}

// unconditional has exclusive streams that are like all others.
type unconditional struct {
	p     *prefixed
	inner fsbase.Unsyncer
}

func (u unconditional) WithoutSync() fsbase.FileSystemBase {
	fast := newPrefixed(u.inner.WithoutSync(), faulty{})
	fast.capability = func(p *prefixed, target any) (handled, ok bool) {
		t, handled := target.(*fsbase.ExclusiveCreator)
		if handled {
			*t = plainExclusive{p}
		}
		return handled, handled
	}
	return fast
}

type plainExclusive struct{ p *prefixed }

func (e plainExclusive) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return e.p.CreateStream(ctx, path)
}
