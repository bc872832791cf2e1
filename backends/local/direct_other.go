//go:build !linux

package local

import (
	"errors"
	"os"
)

// setDirect: there are no writes past the page cache.
func setDirect(*os.File, bool) error { return errors.ErrUnsupported }

// preallocate does nothing.
func preallocate(*os.File, int64) error { return nil }
