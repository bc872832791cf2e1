package fsbase

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
)

// Flat is embedded by backends whose storage has no folders: it is the three
// methods of [FileSystemBase] that are the same for all of them.
type Flat struct{}

// ConcatPath joins without cleaning. N2.
func (Flat) ConcatPath(path, suffix string) string {
	if path == "" || path == "." {
		return suffix
	}
	return path + "/" + suffix
}

// Mkdir checks its arguments and does nothing: there are no folders. O4.
func (Flat) Mkdir(ctx context.Context, path string) error {
	return CheckCall(ctx, "mkdir", path)
}

// ValidateCheckpointID refuses what no backend can serve. A backend that is
// particular about its URLs has a method of its own.
func (Flat) ValidateCheckpointID(id string) error {
	if strings.ContainsRune(id, 0) {
		return PathError("validate", Redact(id), fmt.Errorf("a NUL byte in it: %w", fs.ErrInvalid))
	}
	_, err := parse(id)
	return PathError("validate", Redact(id), err)
}
