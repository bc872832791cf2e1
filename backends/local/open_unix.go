//go:build unix

package local

import (
	"os"
	"syscall"
)

// readFlags open for reading without waiting: a FIFO without a writer would
// hang the caller for ever.
const readFlags = os.O_RDONLY | syscall.O_NONBLOCK

// foldersSync: a folder can be opened and synced.
const foldersSync = true
