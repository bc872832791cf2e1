package dcp

import (
	"io"
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

// undo opens the plain bytes under a list of transforms. torch stores the list
// so that a reader undoes it from the first to the last.
func undo(r io.Reader, exts []StreamTransformExtension) (io.ReadCloser, error) {
	plain := &transformed{Reader: r}
	for _, e := range exts {
		next, err := e.TransformFrom(plain.Reader)
		if err != nil {
			plain.Close()
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

func asTransformError(err error, e StreamTransformExtension) error {
	if ckpterr.ClassOf(err) != "" {
		return err
	}
	return ckpterr.New(ckpterr.BadTransform, "%s: %w", e.Descriptor(), err)
}
