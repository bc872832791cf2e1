//go:build !darwin && !linux

package local

import (
	"errors"
	"os"
)

// renameExclusive: there is no portable call.
func renameExclusive(*os.Root, string, string) error { return errors.ErrUnsupported }
