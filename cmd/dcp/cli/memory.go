package cli

import (
	"math"
	"runtime"
	"runtime/debug"
)

// verifyMemory is what a verification should do with beside the metadata, in
// bytes.
const verifyMemory = 128 << 20

// collectEarly makes the garbage collector hold memory near what is in use now
// and working bytes, unless $GOMEMLIMIT says something else. Bad input can make
// much garbage in little time; more than this is still possible where it is
// needed.
func collectEarly(working int64) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(int64(m.HeapAlloc) + working)
}
