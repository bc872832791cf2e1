package fsbase

import (
	"context"
	"iter"
)

// List yields every stream whose name has the raw prefix, in byte order:
// [Lister]. An error ends the sequence, which is for one loop.
func List(ctx context.Context, fsys FileSystemBase, prefix string) iter.Seq2[Info, error] {
	if err := CheckPrefix(ctx, "list", prefix); err != nil {
		return failing[Info](err)
	}
	l, ok := As[Lister](fsys)
	if !ok {
		return failing[Info](unsupported("list", prefix))
	}
	return l.List(ctx, prefix)
}

// RemoveAll removes every stream whose name has the raw prefix and yields the
// removed names: [RemoveAller]. Nothing is removed before the sequence is
// iterated, and nothing more after the loop over it ends; an error ends it. It is
// for one loop.
func RemoveAll(ctx context.Context, fsys FileSystemBase, prefix string) iter.Seq2[string, error] {
	if err := CheckPrefix(ctx, "remove", prefix); err != nil {
		return failing[string](err)
	}
	r, ok := As[RemoveAller](fsys)
	if !ok {
		return failing[string](unsupported("remove all", prefix))
	}
	return r.RemoveAll(ctx, prefix)
}

// failing is a sequence of nothing but an error.
func failing[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	}
}
