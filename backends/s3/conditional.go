package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// Conditional says whether the store keeps the conditions of a write,
// If-None-Match and If-Match. One that takes them, answers 200 and writes all
// the same would let two savers overwrite each other.
type Conditional int

const (
	// ConditionalDefault is On for the hosts of AWS, and Probe for others.
	ConditionalDefault Conditional = iota
	// ConditionalOn believes the store.
	ConditionalOn
	// ConditionalOff never uses conditions: no ExclusiveCreator, no Swapper.
	ConditionalOff
	// ConditionalProbe finds out when a condition is first needed, once per
	// process for all prefixes that lie beside each other in a bucket: by writes
	// in conflict, under names beginning with ".godcp-probe-" below the prefix,
	// which are removed again. What lets a conflict pass is not offered.
	ConditionalProbe
)

var conditionals = map[string]Conditional{"on": ConditionalOn, "off": ConditionalOff, "probe": ConditionalProbe}

// probeTime bounds a probe that nobody gave a context.
const probeTime = 30 * time.Second

// AsCapability hands out what this store can do. To find that out it may probe,
// for 30 s at most. Without a result it hands out what the probe is about: using
// that probes again, and fails for the same reason rather than going unguarded.
func (f *FS) AsCapability(target any) bool {
	switch t := target.(type) {
	case *fsbase.ExclusiveCreator:
		return f.offers(fsbase.IfAbsent()) && give(t, fsbase.ExclusiveCreator(f))
	case *fsbase.Swapper:
		return f.offers(fsbase.IfVersion("any")) && give(t, fsbase.Swapper(f))
	case *fsbase.Uploader:
		return give(t, fsbase.Uploader(f))
	case *fsbase.RangeReader:
		return give(t, fsbase.RangeReader(f))
	case *fsbase.Stater:
		return give(t, fsbase.Stater(f))
	case *fsbase.Lister:
		return give(t, fsbase.Lister(f))
	case *fsbase.Copier:
		return give(t, fsbase.Copier(f))
	case *fsbase.RemoveAller:
		return give(t, fsbase.RemoveAller(f))
	case *fsbase.PartLimiter:
		return give(t, fsbase.PartLimiter(f))
	}
	return false
}

func give[T any](target *T, capability T) bool {
	*target = capability
	return true
}

func (f *FS) offers(cond fsbase.Condition) bool {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	return !errors.Is(f.allow(ctx, cond), errors.ErrUnsupported)
}

// allow says why the store cannot be trusted with a condition.
func (f *FS) allow(ctx context.Context, cond fsbase.Condition) error {
	if cond.Unconditional() {
		return nil
	}
	v := verdict{absent: f.o.Conditional == ConditionalOn, version: f.o.Conditional == ConditionalOn}
	if f.o.Conditional == ConditionalProbe {
		var err error
		if v, err = f.probed(ctx); err != nil {
			return fmt.Errorf("finding out whether the store keeps conditions: %w", err)
		}
	}
	if cond.Absent() && v.absent || cond.Version() != "" && v.version {
		return nil
	}
	return fmt.Errorf("the store does not keep this condition: %w", errors.ErrUnsupported)
}

// verdict is what a probe found: which conditions are kept, in PutObject and in
// CompleteMultipartUpload, against conflicts in sequence and at once.
type verdict struct{ absent, version bool }
