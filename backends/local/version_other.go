//go:build !linux && !darwin && !freebsd && !netbsd

package local

import (
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// version is plainVersion: package os tells nothing more here from an open
// file.
func version(fi fs.FileInfo) fsbase.Version { return plainVersion(fi) }
