package memfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// block is the unit in which unsynced content survives.
const block = 4096

// CrashOptions say what of the unsynced state happens to survive.
type CrashOptions struct {
	Percent int    // the chance of each change and of each 4 KiB of content
	Seed    uint64 // the same seed and history give the same state
}

// Crash returns what a power loss at this moment leaves, and no more: what
// synced operations have published. It is a file system of its own; f goes on.
func (f *FS) Crash() *FS { return f.CrashClone(CrashOptions{}) }

// CrashClone is Crash with luck. Each change to names that was not synced
// survives or does not, whatever became of the others: a rename of what is
// lost, a new file whose name is lost. Of content that was not synced each
// block survives or reads as zeros; what was lost at the end is cut off.
//
// The hook is not taken along.
func (f *FS) CrashClone(o CrashOptions) *FS {
	rng := rand.New(rand.NewPCG(o.Seed, 0))
	survives := func() bool { return rng.IntN(100) < o.Percent }
	f.mu.Lock()
	defer f.mu.Unlock()
	clone := New()
	clone.durable = maps.Clone(f.durable)
	for _, c := range f.pending {
		if survives() {
			apply(clone.durable, c.names)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(clone.durable)) {
		if fl := clone.durable[name]; !fl.synced {
			clone.durable[name] = tear(fl, survives)
		}
	}
	clone.names = maps.Clone(clone.durable)
	return clone
}

// tear returns what of unsynced content survives.
func tear(fl *file, survives func() bool) *file {
	content := make([]byte, len(fl.content))
	end, whole := 0, true
	for off := 0; off < len(content); off += block {
		if !survives() {
			whole = false
			continue
		}
		end = min(off+block, len(content))
		copy(content[off:end], fl.content[off:])
	}
	if whole {
		content = fl.content
		end = len(content)
	}
	torn := newFile(content[:end:end], true)
	if whole {
		torn.info = fl.info
	}
	return torn
}
