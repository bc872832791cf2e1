package conformance

import (
	"errors"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

var faultLibraryChecks = []Check{
	{
		ID: "faults/library", Clauses: []string{"E2"}, Level: Must, Profile: Core, Needs: []Capability{CanForbid, CanTellLibrary},
		Doc: "errors.As finds the error of the storage's own library in what calls return whose requests the storage forbids.",
		run: checkLibraryErrors,
	},
}

// storageCall is a call, and the request of which it cannot do without.
type storageCall struct {
	what  string
	on    Request
	begin func(t *trial) (call func() error)
}

// storageCalls are calls that succeed one after the other.
func (t *trial) storageCalls() []storageCall {
	const size = 300_000 // of which most is not read ahead
	p, to := t.path("dir/a"), t.path("dir/b")
	t.put(p, content(1, size))
	var calls []storageCall
	add := func(what string, on Request, call func(t *trial) error) {
		calls = append(calls, storageCall{what, on, func(t *trial) func() error { return func() error { return call(t) } }})
	}
	calls = append(calls, storageCall{"ReadAt", ToRead, func(t *trial) func() error {
		r := t.open(p)
		return func() error {
			defer r.Close()
			_, err := r.ReadAt(make([]byte, 1000), size-2000)
			return err
		}
	}})
	add("OpenStream and ReadAt", ToRead, func(t *trial) error { _, err := t.read(p); return err })
	add("Exists", ToRead, func(t *trial) error { _, err := t.fs.Exists(t.ctx, p); return err })
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		add("List", ToList, func(t *trial) (last error) {
			for _, last = range l.List(t.ctx, t.prefix("dir/")) {
			}
			return last
		})
	}
	add("Rename", ToCommit, func(t *trial) error { return t.fs.Rename(t.ctx, p, to) })
	add("RmFile", ToRemove, func(t *trial) error {
		if err := t.fs.RmFile(t.ctx, to); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	for _, w := range t.ways() {
		if w.cond == "" {
			publish := w.begin(t, to, content(2, 3000))
			add(w.what, ToCommit, func(t *trial) error { _, err := publish(t, fsbase.Condition{}); return err })
		}
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		add("RemoveAll", ToRemove, func(t *trial) (last error) {
			for _, last = range r.RemoveAll(t.ctx, t.prefix("dir/")) {
			}
			return last
		})
	}
	return calls
}

func checkLibraryErrors(t *trial) {
	parts := 0
	for _, c := range t.storageCalls() {
		call := c.begin(t)
		var err error
		struck, ok := t.under(t.env.faults.Forbid, Fault{On: c.on}, func() { err = call() })
		if !ok || struck == 0 {
			continue
		}
		if parts++; err != nil && !t.env.faults.Library(err) {
			t.errorf("E2", "%s, which the storage forbids: %T: %v, in which errors.As finds no error of the storage's library", c.what, err, err)
		}
		_ = c.begin(t)() // what the next call needs
	}
	t.fruitless(parts)
}
