//go:build !unix

package local

import "os"

// readFlags open for reading.
const readFlags = os.O_RDONLY

// foldersSync: Windows has no sync of folders. Its NTFS writes the names of
// files to a journal, in order, on its own schedule.
const foldersSync = false
