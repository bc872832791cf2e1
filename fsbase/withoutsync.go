package fsbase

import (
	"errors"
	"io/fs"
)

// WithoutSync gives the same storage without durability: [Unsyncer].
func WithoutSync(fsys FileSystemBase) (FileSystemBase, error) {
	u, ok := As[Unsyncer](fsys)
	if !ok {
		return nil, &fs.PathError{Op: "without sync", Path: ".", Err: errors.ErrUnsupported}
	}
	return u.WithoutSync(), nil
}
