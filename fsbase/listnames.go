package fsbase

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"
)

// ListNames is a [Lister]'s List for storage that tells names in any order,
// more than once, or without regard to the prefix: clause C8. names returns
// all that may have the prefix. What [Stat] does not find any more is left out.
// The prefix and the context are checked before names is called, and errors made
// *fs.PathError.
func ListNames(ctx context.Context, fsys FileSystemBase, prefix string, names func() ([]string, error)) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := CheckPrefix(ctx, "list", prefix)
		var found []string
		if err == nil {
			found, err = names()
		}
		if err != nil {
			yield(Info{}, PathError("list", prefix, err))
			return
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(found))) {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			info, err := Stat(ctx, fsys, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since
			}
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}
