package local

import (
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// plainVersion is what every system can tell: the size, and the time of the
// commit in nanoseconds (Windows: in units of 100 ns), see stamp.
func plainVersion(fi fs.FileInfo) fsbase.Version {
	return fsbase.Version(fmt.Sprintf("%x-%x", fi.Size(), fi.ModTime().UnixNano()))
}

// infoOf describes the open file that fi came from.
func infoOf(p string, fi fs.FileInfo) fsbase.Info {
	return fsbase.Info{Path: p, Size: fi.Size(), ModTime: fi.ModTime(), Version: version(fi)}
}

// changedInPlace tells whether an open file has been written since before. Its
// ctime is no evidence: it moves when the file loses its name to a newer one.
func changedInPlace(before, after fs.FileInfo) bool {
	return before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime())
}
