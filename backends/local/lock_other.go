//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package local

import (
	"context"
	"os"
)

// lockFolder refuses: swaps are not offered where nothing locks.
func lockFolder(context.Context, *os.Root, string, int) (func(), error) { return nil, errNoLocks }
