package fsbase

import (
	"context"
	"io"
	"iter"
)

// The capabilities. Each is one method, found by [As] and called through the
// package function of the same subject.

// ExclusiveCreator begins a write that commits only if the name is absent. C2.
type ExclusiveCreator interface {
	CreateExclusive(ctx context.Context, path string) (WriteStream, error)
}

// Swapper begins a write that commits only if the name has the version. C3.
type Swapper interface {
	CreateSwap(ctx context.Context, path string, old Version) (WriteStream, error)
}

// Uploader publishes content that can be read again. C5.
type Uploader interface {
	Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond Condition) (Info, error)
}

// RangeReader reads parts without an open stream, straight into the caller's
// memory. pin "" means whatever version is current. C6.
type RangeReader interface {
	ReadRanges(ctx context.Context, path string, pin Version, ranges []Range) (Info, error)
}

// Stater describes without opening. C7.
type Stater interface {
	Stat(ctx context.Context, path string) (Info, error)
}

// Lister lists by raw prefix. C8.
type Lister interface {
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Copier copies inside the storage. C9.
type Copier interface {
	Copy(ctx context.Context, src, dst string, cond Condition) (Info, error)
}

// RemoveAller removes by raw prefix. C10.
type RemoveAller interface {
	RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// PartLimiter states the sizes that suit the storage.
type PartLimiter interface {
	PartLimits() PartLimits
}

// PartLimits are sizes in bytes; 0 means no limit.
type PartLimits struct {
	Read          int64 // a good size for one ranged read
	Write         int64 // a good size for one part of a write
	MaxObject     int64 // largest stream
	ReadsInFlight int   // how many ranged reads at once suit it

	// Remote: every call is a round trip. ReadRanges then costs less than to
	// open a stream and read from it.
	Remote bool
}

// Unsyncer gives the same storage without durability. C11.
type Unsyncer interface {
	WithoutSync() FileSystemBase
}

// Capable is implemented by wrappers, and by backends whose instance cannot do
// what its type can. AsCapability sets *target, a pointer to a capability
// interface, and returns true if this value has that capability. [As] then
// asks nothing else: what AsCapability does not hand out cannot be reached.
type Capable interface {
	AsCapability(target any) bool
}

// As finds the capability T of fsys: by its AsCapability if it has one, else by
// type assertion.
func As[T any](fsys FileSystemBase) (T, bool) {
	if c, ok := fsys.(Capable); ok {
		var t T
		ok = c.AsCapability(&t)
		return t, ok
	}
	t, ok := fsys.(T)
	return t, ok
}
