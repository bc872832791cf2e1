package memfs

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// change is what one step did to names, all of it at once: nil is a name that
// was removed. Syncing, and being overtaken, takes names out again.
type change struct {
	names map[string]*file
}

// maxPending is how many changes stay unsynced. A real system writes back some
// time too; without it the memory of removed files would never be free.
const maxPending = 1000

// versions are unique in the process: a clone never repeats its original's.
var versions atomic.Uint64

func newFile(content []byte, synced bool) *file {
	v := fsbase.Version("m" + strconv.FormatUint(versions.Add(1), 36))
	return &file{
		content: content,
		synced:  synced,
		info:    fsbase.Info{Size: int64(len(content)), ModTime: time.Now(), Version: v},
	}
}

// change runs a step that changes names and then, unless this handle does not
// sync, the step that makes the change durable. decide is called under the
// lock with what is visible, and says what becomes of it.
func (f *FS) change(ctx context.Context, op Op, decide func(names map[string]*file) (map[string]*file, error)) error {
	c := &change{}
	err := f.do(ctx, op, func() (err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if c.names, err = decide(f.names); err != nil {
			return err
		}
		apply(f.names, c.names)
		f.pending = append(f.pending, c)
		if len(f.pending) > maxPending {
			f.writeBack()
		}
		return nil
	})
	if err != nil || f.unsynced {
		return err
	}
	sync := op
	sync.Kind = OpSync
	err = f.do(ctx, sync, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.sync(c)
		return nil
	})
	if err != nil {
		return &fs.PathError{Op: string(OpSync), Path: op.Path, Err: op.lost(err)}
	}
	return nil
}

func apply(to, names map[string]*file) {
	for name, fl := range names {
		if fl == nil {
			delete(to, name)
		} else {
			to[name] = fl
		}
	}
}

// sync makes durable what of c no later synced change has overtaken, and
// forgets what earlier changes did to the same names.
func (d *disk) sync(c *change) {
	apply(d.durable, c.names)
	done := slices.Collect(maps.Keys(c.names))
	for _, p := range d.pending {
		for _, name := range done {
			delete(p.names, name)
		}
		if p == c {
			break
		}
	}
	d.pending = slices.DeleteFunc(d.pending, func(p *change) bool { return len(p.names) == 0 })
}

// writeBack syncs the oldest pending change with its content.
func (d *disk) writeBack() {
	oldest := d.pending[0]
	for _, fl := range oldest.names {
		if fl != nil && !fl.synced { // clones share what is synced
			fl.synced = true
		}
	}
	d.sync(oldest)
}

// holds tells whether cond is true of what has the name now.
func holds(cond fsbase.Condition, now *file) error {
	switch {
	case cond.Absent() && now != nil:
		return fsbase.ErrExist()
	case cond.Version() != "" && (now == nil || now.info.Version != cond.Version()):
		return fmt.Errorf("version %q is not there: %w", cond.Version(), fsbase.ErrPrecondition)
	}
	return nil
}
