package dcp

import (
	"runtime"

	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/internal/ranges"
)

// batchBytes is how much is read at once of neighbouring small items.
const batchBytes = 4 << 20

// readShape is what reads look like that suit a storage: parts large enough to
// be worth a request, gaps small enough to be cheaper to read than to skip.
type readShape struct {
	ranges.Limits

	// small is the size in bytes up to which an item is read whole and taken
	// from memory: to find the payload of a larger one costs two small reads.
	small int64
}

// On local disks a request costs little. Where it is a round trip, reading a
// megabyte costs no more than two requests.
func shapeFor(l fsbase.PartLimits) readShape {
	if !l.Remote {
		return readShape{ranges.Limits{Part: 4 << 20, Gap: 16 << 10}, 64 << 10}
	}
	part := l.Read
	if part <= 0 {
		part = 8 << 20
	}
	part = min(max(part, 1<<20), 64<<20)
	return readShape{ranges.Limits{Part: part, Gap: 64 << 10}, 1 << 20}
}

// workersFor is how many reads run at once.
func workersFor(l fsbase.PartLimits) int {
	if l.Remote && l.ReadsInFlight > 0 {
		return min(l.ReadsInFlight, 64)
	}
	return min(16, 2*runtime.GOMAXPROCS(0))
}
