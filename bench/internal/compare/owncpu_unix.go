//go:build unix

package compare

import (
	"syscall"
	"time"
)

// OwnCPU is the processor time of this process, which a busy machine distorts
// less than the clock.
func OwnCPU() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}
