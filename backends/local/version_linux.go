package local

import (
	"fmt"
	"io/fs"
	"syscall"

	"github.com/godcp/godcp/fsbase"
)

// version is the identity of the file, its size and its times. Inodes are
// reused at once, and the kernel's clock for times is coarse: that two commits
// differ is the work of stamp.
func version(fi fs.FileInfo) fsbase.Version {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return plainVersion(fi)
	}
	return fsbase.Version(fmt.Sprintf("%x-%x-%x-%x-%x", st.Dev, st.Ino, fi.Size(),
		fi.ModTime().UnixNano(), syscall.TimespecToNsec(st.Ctim)))
}
