package conformance

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// way is one of the ways to publish a content: a stream, an Upload or a Copy,
// under one kind of condition.
type way struct {
	what   string // for failures
	clause string // what holds for it
	cond   string // "", ifAbsent or ifVersion

	// begin prepares to publish data under path. What it returns publishes.
	begin func(t *trial, path string, data []byte) publication
}

// publication publishes what was prepared, with the handle and the context of
// t, under a condition.
type publication func(t *trial, cond fsbase.Condition) (fsbase.Info, error)

const (
	ifAbsent  = " under IfAbsent"
	ifVersion = " under IfVersion"
)

// ways are those that the backend has. A condition is among them when the
// backend has the capability for streams under it.
func (t *trial) ways() []way {
	conds := []string{""}
	if has[fsbase.ExclusiveCreator](t.fs) {
		conds = append(conds, ifAbsent)
	}
	if has[fsbase.Swapper](t.fs) {
		conds = append(conds, ifVersion)
	}
	clause := map[string]string{"": "W1", ifAbsent: "C2", ifVersion: "C3"}
	var ways []way
	for _, cond := range conds {
		ways = append(ways, way{"Commit" + cond, clause[cond], cond, beginStream})
		if has[fsbase.Uploader](t.fs) {
			ways = append(ways, way{"Upload" + cond, "C5", cond, beginUpload})
		}
		if has[fsbase.Copier](t.fs) {
			ways = append(ways, way{"Copy" + cond, "C9", cond, beginCopy})
		}
	}
	return ways
}

// isStream tells a WriteStream from what is one call.
func (w way) isStream() bool { return w.clause != "C5" && w.clause != "C9" }

// condition is the clause of the way's condition, "" if it has none.
func (w way) condition() string { return map[string]string{ifAbsent: "C2", ifVersion: "C3"}[w.cond] }

// waysOf keeps the ways whose failures break one of the clauses.
func (t *trial) waysOf(clauses ...string) []way {
	return slices.DeleteFunc(t.ways(), func(w way) bool { return !slices.Contains(clauses, w.clause) })
}

func beginStream(_ *trial, path string, data []byte) publication {
	return func(t *trial, cond fsbase.Condition) (fsbase.Info, error) {
		return t.commit(t.createIf(path, cond), data)
	}
}

// createIf is fsbase.CreateIf for commit, without its own checks.
func (t *trial) createIf(path string, cond fsbase.Condition) func() (fsbase.WriteStream, error) {
	switch {
	case cond.Absent():
		return t.createExclusive(path)
	case cond.Version() != "":
		return t.createSwap(path, cond.Version())
	}
	return func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, path) }
}

func beginUpload(_ *trial, path string, data []byte) publication {
	return func(t *trial, cond fsbase.Condition) (fsbase.Info, error) {
		return as[fsbase.Uploader](t).Upload(t.ctx, path, bytes.NewReader(data), int64(len(data)), cond)
	}
}

func beginCopy(t *trial, path string, data []byte) publication {
	from := t.path("copied")
	t.put(from, data)
	return copyOf(from)(t, path, data)
}

// copyOf is beginCopy of what is there under from.
func copyOf(from string) func(t *trial, path string, data []byte) publication {
	return func(_ *trial, path string, _ []byte) publication {
		return func(t *trial, cond fsbase.Condition) (fsbase.Info, error) {
			return as[fsbase.Copier](t).Copy(t.ctx, from, path, cond)
		}
	}
}

// clear makes path such that the way's condition can hold: before is there,
// or, for nil and for IfAbsent, nothing. It returns the condition and what is
// there.
func (t *trial) clear(w way, path string, before []byte) (fsbase.Condition, []byte) {
	if w.cond == ifVersion || w.cond == "" && before != nil {
		if before == nil {
			before = []byte("before")
		}
		info := t.put(path, before)
		if w.cond == "" {
			return fsbase.Condition{}, before
		}
		return fsbase.IfVersion(info.Version), before
	}
	t.remove(path)
	if w.cond == ifAbsent {
		return fsbase.IfAbsent(), nil
	}
	return fsbase.Condition{}, nil
}

// stale returns a condition of the way's kind that does not hold of path, if
// it has one. Something is there afterwards.
func (w way) stale(t *trial, path string) fsbase.Condition {
	info := t.put(path, content(97, 70))
	t.put(path, content(96, 70))
	switch w.cond {
	case ifAbsent:
		return fsbase.IfAbsent()
	case ifVersion:
		return fsbase.IfVersion(info.Version)
	}
	return fsbase.Condition{}
}

// remove removes path, whether it is there or not, and ends the check if it
// cannot.
func (t *trial) remove(path string) {
	if err := t.fs.RmFile(t.ctx, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.fatalf("RmFile(%q): %v", path, err)
	}
}
