package local

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Magic numbers of statfs, whose mounts may keep locks to themselves.
const (
	nfsMagic    = 0x6969
	lustreMagic = 0x0bd00bd0
)

// locksStayHere tells whether locks in the open folder d are seen by this
// machine alone although others have the files, too: NFS mounted with
// local_lock or nolock, Lustre with localflock.
func locksStayHere(d *os.File) bool {
	var vfs unix.Statfs_t
	if err := unix.Fstatfs(int(d.Fd()), &vfs); err != nil || vfs.Type != nfsMagic && vfs.Type != lustreMagic {
		return false
	}
	fi, err := d.Stat()
	if err != nil {
		return true // not known: refuse
	}
	st := fi.Sys().(*syscall.Stat_t)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	dev := uint64(st.Dev) // of 32 bits on some machines
	device := fmt.Sprintf("%d:%d", unix.Major(dev), unix.Minor(dev))
	return err != nil || mountedWithLocalLocks(string(mounts), device)
}

// mountedWithLocalLocks looks for device, "major:minor", in the text of
// /proc/self/mountinfo. A device that is not in it is not known.
func mountedWithLocalLocks(mountinfo, device string) bool {
	found := false
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[2] != device {
			continue
		}
		found = true
		for _, option := range strings.Split(fields[len(fields)-1], ",") {
			if slices.Contains([]string{"nolock", "local_lock=all", "local_lock=flock", "localflock"}, option) {
				return true
			}
		}
	}
	return !found
}
