package conformance

import "github.com/godcp/godcp/fsbase"

var faultLibraryChecks = []Check{
	{
		ID: "faults/library", Clauses: []string{"E2"}, Level: Must, Profile: Core, Needs: []Capability{CanForbid, CanTellLibrary},
		Doc: "errors.As finds the error of the storage's own library in what calls return whose requests the storage forbids.",
		run: checkLibraryErrors,
	},
}

// storageCall is a call, and the request of which it cannot do without.
type storageCall struct {
	what string
	on   Request
	run  func(t *trial) error
}

// storageCalls are calls on a stream that is there when the first of them
// begins.
func (t *trial) storageCalls() []storageCall {
	p, to := t.path("dir/a"), t.path("dir/b")
	t.put(p, content(1, 3000))
	calls := []storageCall{
		{"OpenStream and ReadAt", ToRead, func(t *trial) error { _, err := t.read(p); return err }},
		{"Exists", ToRead, func(t *trial) error { _, err := t.fs.Exists(t.ctx, p); return err }},
		{"RmFile", ToRemove, func(t *trial) error { return t.fs.RmFile(t.ctx, p) }},
		{"Rename", ToCommit, func(t *trial) error { return t.fs.Rename(t.ctx, p, to) }},
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		calls = append(calls, storageCall{"List", ToList, func(t *trial) (last error) {
			for _, last = range l.List(t.ctx, t.prefix("dir/")) {
			}
			return last
		}})
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		calls = append(calls, storageCall{"RemoveAll", ToRemove, func(t *trial) (last error) {
			for _, last = range r.RemoveAll(t.ctx, t.prefix("dir/")) {
			}
			return last
		}})
	}
	for _, w := range t.ways() {
		if w.cond == "" {
			publish := w.begin(t, to, content(2, 3000))
			calls = append(calls, storageCall{w.what, ToCommit, func(t *trial) error { _, err := publish(t, fsbase.Condition{}); return err }})
		}
	}
	return calls
}

func checkLibraryErrors(t *trial) {
	parts := 0
	for _, c := range t.storageCalls() {
		var err error
		struck, ok := t.under(t.env.faults.Forbid, Fault{On: c.on}, func() { err = c.run(t) })
		if !ok || struck == 0 {
			continue
		}
		if parts++; err != nil && !t.env.faults.Library(err) {
			t.errorf("E2", "%s, which the storage forbids: %T: %v, in which errors.As finds no error of the storage's library", c.what, err, err)
		}
	}
	t.fruitless(parts)
}
