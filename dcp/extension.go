package dcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/ckpterr"
)

// StreamTransformExtension changes the bytes of items on their way to storage
// and back: torch's class of that name.
type StreamTransformExtension interface {
	// Descriptor names the extension in the metadata, with its version:
	// "stream.zstd/1".
	Descriptor() string

	// TransformTo wraps w; Close finishes the transform and leaves w open.
	TransformTo(w io.Writer) (io.WriteCloser, error)

	// TransformFrom undoes the transform. The reader fails when its input is
	// damaged, and keeps its own memory within a fixed bound.
	TransformFrom(r io.Reader) (io.ReadCloser, error)
}

// ExtensionRegistry finds extensions by descriptor: torch's class of that
// name. The zero value knows only what is registered; [DefaultExtensions] has
// what torch ships.
type ExtensionRegistry struct {
	factories map[string]func(version string) (StreamTransformExtension, error)
}

// Register adds an extension under its name without version, such as
// "stream.zstd" or "stream.xor@example.org". It panics on a duplicate. It is
// not safe for use beside From.
func (r *ExtensionRegistry) Register(name string, factory func(version string) (StreamTransformExtension, error)) {
	if _, twice := r.factories[name]; twice {
		panic("dcp: extension registered twice: " + name)
	}
	if r.factories == nil {
		r.factories = map[string]func(string) (StreamTransformExtension, error){}
	}
	r.factories[name] = factory
}

// Clone returns a copy to register more in.
func (r *ExtensionRegistry) Clone() *ExtensionRegistry {
	c := &ExtensionRegistry{}
	for name, f := range r.factories {
		c.Register(name, f)
	}
	return c
}

// From returns the extensions of an item's descriptors. Class UnknownTransform.
func (r *ExtensionRegistry) From(descriptors []string) ([]StreamTransformExtension, error) {
	var exts []StreamTransformExtension
	for _, d := range descriptors {
		name, version, _ := strings.Cut(d, "/")
		factory, ok := r.factories[name]
		if !ok {
			return nil, ckpterr.New(ckpterr.UnknownTransform, "unknown extension %q", d).
				WithHint("register it with OpenOptions.Extensions; ls and inspect work without it")
		}
		e, err := factory(version)
		if err != nil {
			return nil, err
		}
		exts = append(exts, e)
	}
	return exts, nil
}

// DefaultExtensions has the extensions that torch ships: stream.zstd/1.
var DefaultExtensions = func() *ExtensionRegistry {
	r := &ExtensionRegistry{}
	r.Register(zstdName, newZStandard)
	return r
}()

// zipMagic is how every item begins.
var zipMagic = []byte("PK\x03\x04")

// undo opens the plain bytes of an item under a list of transforms, in the order
// in which torch's reader undoes them: as stored. With several extensions
// torch's writer stores them the other way round and cannot read its own
// items; then the order that gives an archive is taken.
func undo(item io.ReaderAt, size int64, wrap func(io.Reader) io.Reader, exts []StreamTransformExtension) (io.ReadCloser, error) {
	open := func(exts []StreamTransformExtension) (io.ReadCloser, error) {
		return chain(wrap(io.NewSectionReader(item, 0, size)), exts)
	}
	if len(exts) < 2 {
		return open(exts)
	}
	reversed := slices.Clone(exts)
	slices.Reverse(reversed)
	var first error
	for _, order := range [][]StreamTransformExtension{exts, reversed} {
		plain, err := open(order)
		if err == nil {
			start := make([]byte, len(zipMagic))
			if _, err = io.ReadFull(plain, start); err == nil && bytes.Equal(start, zipMagic) {
				return &transformed{io.MultiReader(bytes.NewReader(start), plain), []io.Closer{plain}}, nil
			}
			plain.Close() // another order or an error follows
		}
		if first == nil {
			first = err
		}
	}
	if first == nil || first == io.EOF || first == io.ErrUnexpectedEOF {
		first = ckpterr.New(ckpterr.BadTransform, "no order of %d extensions gives an archive", len(exts))
	}
	return nil, first
}

// chain undoes exts from the first to the last.
func chain(r io.Reader, exts []StreamTransformExtension) (io.ReadCloser, error) {
	plain := &transformed{Reader: r}
	for _, e := range exts {
		next, err := e.TransformFrom(plain.Reader)
		if err != nil {
			plain.Close() // the error of the transform is the one to tell
			return nil, asTransformError(err, e)
		}
		plain.Reader = &transformReader{next, e}
		plain.closers = append(plain.closers, next)
	}
	return plain, nil
}

// transformed closes every layer, the innermost of the plain side first.
type transformed struct {
	io.Reader
	closers []io.Closer
}

func (t *transformed) Close() error {
	var first error
	for _, c := range slices.Backward(t.closers) {
		if err := c.Close(); first == nil {
			first = err
		}
	}
	return first
}

// transformReader gives errors of a transform their class.
type transformReader struct {
	r   io.Reader
	ext StreamTransformExtension
}

func (t *transformReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && err != io.EOF {
		err = asTransformError(err, t.ext)
	}
	return n, err
}

// asTransformError gives an error its class, unless it has one or is of the
// storage under the transform.
func asTransformError(err error, e StreamTransformExtension) error {
	var storage *fs.PathError
	if ckpterr.ClassOf(err) != "" || errors.As(err, &storage) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return ckpterr.New(ckpterr.BadTransform, "%s: %w", e.Descriptor(), err)
}
