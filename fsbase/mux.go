package fsbase

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Opener opens the file systems of one URL scheme. An Opener that also has
// ValidateCheckpointID(id string) error is asked by [Mux.ValidateCheckpointID].
//
// A bare path comes as scheme "file" with the path, unchanged, in u.Path.
// OpenURL refuses parameters that it does not know with [CheckParams], and
// puts neither userinfo nor query into errors.
type Opener interface {
	OpenURL(ctx context.Context, u *url.URL) (FileSystemBase, error)
}

// OpenerFunc is a function as an [Opener].
type OpenerFunc func(ctx context.Context, u *url.URL) (FileSystemBase, error)

// OpenURL calls f.
func (f OpenerFunc) OpenURL(ctx context.Context, u *url.URL) (FileSystemBase, error) {
	return f(ctx, u)
}

// Mux opens URLs by their scheme. The zero Mux is ready; it is safe for
// concurrent use, and must not be copied.
type Mux struct {
	mu      sync.RWMutex
	openers map[string]Opener
}

// DefaultMux is where the backends register themselves when they are imported.
var DefaultMux Mux

// Register adds a scheme, whose case does not matter. It panics if the scheme
// is there already, is not one, or if o is nil: mistakes in the program.
func (m *Mux) Register(scheme string, o Opener) {
	scheme = strings.ToLower(scheme)
	if !validScheme(scheme) {
		panic(fmt.Sprintf("fsbase: %q is not a URL scheme", scheme))
	}
	if o == nil {
		panic(fmt.Sprintf("fsbase: scheme %q without an opener", scheme))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.openers[scheme]; ok {
		panic(fmt.Sprintf("fsbase: scheme %q is registered twice", scheme))
	}
	if m.openers == nil {
		m.openers = map[string]Opener{}
	}
	m.openers[scheme] = o
}

// Schemes returns the registered schemes in order.
func (m *Mux) Schemes() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Sorted(maps.Keys(m.openers))
}

// Open returns the file system that is rooted at the URL or bare path. An
// error is an *fs.PathError with the [Redact]ed URL, of *[UnknownSchemeError]
// when no backend has the scheme.
func (m *Mux) Open(ctx context.Context, rawURL string) (FileSystemBase, error) {
	u, o, err := m.find(rawURL)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: Redact(rawURL), Err: err}
	}
	fsys, err := o.OpenURL(ctx, u)
	if err != nil {
		return nil, PathError("open", Redact(rawURL), err)
	}
	return fsys, nil
}

// ValidateCheckpointID says why the URL or path cannot be a checkpoint's, or
// nil: the scheme must be registered, and its opener may refuse. Nothing is
// opened.
func (m *Mux) ValidateCheckpointID(rawURL string) error {
	_, o, err := m.find(rawURL)
	if v, ok := o.(interface{ ValidateCheckpointID(id string) error }); ok && err == nil {
		err = v.ValidateCheckpointID(rawURL)
	}
	return PathError("validate", Redact(rawURL), err)
}

func (m *Mux) find(rawURL string) (*url.URL, Opener, error) {
	u, err := parse(rawURL)
	if err != nil {
		return nil, nil, err
	}
	m.mu.RLock()
	o, ok := m.openers[u.Scheme]
	m.mu.RUnlock()
	if !ok {
		return nil, nil, &UnknownSchemeError{Scheme: u.Scheme, Known: m.Schemes()}
	}
	return u, o, nil
}

// Register adds a scheme to [DefaultMux].
func Register(scheme string, o Opener) { DefaultMux.Register(scheme, o) }

// Schemes returns the schemes of [DefaultMux].
func Schemes() []string { return DefaultMux.Schemes() }

// Open opens with [DefaultMux]: import the backends that it shall know, as in
//
//	import _ "github.com/godcp/godcp/backends/s3"
func Open(ctx context.Context, rawURL string) (FileSystemBase, error) {
	return DefaultMux.Open(ctx, rawURL)
}
