package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// machine carries out a program of calls on a backend and on a model of it,
// and compares every answer.
type machine struct {
	*trial  // the handle that calls go to
	handles []*trial
	names   []string // those of modelNames that the storage takes
	dir     string
	focus   byte // a few names are taken more often than others
	turn    int  // counts calls, so that every content is another
	trace   []string

	world   map[string]*file // what is there
	past    map[string][]*file
	writers [3]*openWriter
	readers [3]*openReader
}

// file is one content of one name. The name may lose it, it never changes.
type file struct {
	data    []byte
	version fsbase.Version
}

type openWriter struct {
	fsbase.WriteStream
	path string
	cond fsbase.Condition
	data []byte
}

type openReader struct {
	fsbase.ReadStream
	path string
	file *file
}

// modelNames are what programs work on, but for those that the storage refuses:
// few, so that calls meet.
var modelNames = []string{"a", "b", "dir/a", "dir/b", "dir/ab", "d", "dir/sub/a", "é b"}

// modelPrefixes are raw prefixes of them.
var modelPrefixes = []string{"", "", "", "a", "d", "dir/", "dir/a", "dir/sub/", "none"}

var modelSizes = []int{0, 1, 100, 4096, 5000, 70_000}

// newMachine returns a machine whose trial has a record of its own, for one
// program.
func newMachine(handles []*trial, dir string) *machine {
	m := &machine{dir: dir, names: handles[0].takenNames(), world: map[string]*file{}, past: map[string][]*file{}}
	own := &record{check: handles[0].check}
	for _, h := range handles {
		h = h.on(h.fs)
		h.record = own
		m.handles = append(m.handles, h)
	}
	m.trial = m.handles[0]
	return m
}

// takenNames are those of modelNames that the storage does not refuse.
func (t *trial) takenNames() []string {
	t.mu.Lock()
	names := t.taken
	t.mu.Unlock()
	if names != nil {
		return names
	}
	for _, name := range modelNames {
		p := t.path("taken/" + name)
		_, err := t.commit(t.createIf(p, fsbase.Condition{}), nil)
		if !errors.Is(err, fs.ErrInvalid) { // any other error is for the programs
			names = append(names, name)
			_ = t.fs.RmFile(t.ctx, p)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = names
	return names
}

// handles are those that a program goes to: two, if there can be two.
func (t *trial) handles() []*trial {
	if t.env.reopen == nil {
		return []*trial{t}
	}
	return []*trial{t, t.reopened()}
}

func pick[T any](from []T, b byte) T { return from[int(b)%len(from)] }

func (m *machine) name(b byte) string {
	if b >= 64 {
		b = m.focus + b%3
	}
	return m.path(m.dir + "/" + pick(m.names, b))
}

// data is a content that nobody has written before (except the shortest, of
// which there are not enough).
func (m *machine) data(b byte) []byte { return content(uint64(m.turn+1), pick(modelSizes, b)) }

func (m *machine) logf(format string, args ...any) {
	m.trace = append(m.trace, strings.ReplaceAll(fmt.Sprintf(format, args...), m.prefix(m.dir)+"/", ""))
}

// pickCond chooses a condition for a write of path.
func (m *machine) pickCond(path string, b byte) fsbase.Condition {
	switch now := m.world[path]; {
	case b%4 == 1 && has[fsbase.ExclusiveCreator](m.fs):
		return fsbase.IfAbsent()
	case b%4 == 2 && now != nil && has[fsbase.Swapper](m.fs):
		return fsbase.IfVersion(now.version)
	case b%4 == 3 && len(m.past[path]) > 0 && has[fsbase.Swapper](m.fs):
		return fsbase.IfVersion(pick(m.past[path], b/4).version)
	}
	return fsbase.Condition{}
}

func condText(c fsbase.Condition) string {
	switch {
	case c.Absent():
		return ifAbsent
	case c.Version() != "":
		return fmt.Sprintf(" under IfVersion(%q)", c.Version())
	}
	return ""
}

// holds tells whether cond is true of path in the model.
func (m *machine) holds(path string, cond fsbase.Condition) bool {
	now := m.world[path]
	return cond.Unconditional() || cond.Absent() && now == nil || cond.Version() != "" && now != nil && now.version == cond.Version()
}

// clauseOf is the clause about a write under cond.
func clauseOf(cond fsbase.Condition) string {
	switch {
	case cond.Absent():
		return "C2"
	case cond.Version() != "":
		return "C3"
	}
	return "W1"
}

// wantRefused demands that err is that of a write whose condition does not
// hold.
func (m *machine) wantRefused(what, path string, cond fsbase.Condition, err error) {
	if cond.Absent() {
		m.wantLost(err, "%s to %q, which is there", what, path)
	} else {
		m.wantStale(err, "%s to %q%s, which it has not", what, path, condText(cond))
	}
}

// published compares the end of a write with the model, and changes the model.
func (m *machine) published(what, path string, cond fsbase.Condition, data []byte, info fsbase.Info, err error) {
	switch {
	case !m.holds(path, cond):
		m.wantRefused(what, path, cond, err)
	case err != nil:
		m.errorf(clauseOf(cond), "%s of %d bytes to %q%s: %v", what, len(data), path, condText(cond), err)
	default:
		if info.Path != path || info.Size != int64(len(data)) {
			m.errorf("W11", "%s of %d bytes to %q tells path %q, size %d", what, len(data), path, info.Path, info.Size)
		}
		m.replace(path, &file{data, info.Version})
	}
	m.check(path)
}

// replace makes f what path has. No content that the name ever had may have
// its version.
func (m *machine) replace(path string, f *file) {
	for _, old := range m.past[path] {
		if old.version == f.version && difference(old.data, f.data) != "" {
			m.errorf("C4", "%q has the version %q, which it had with another content", path, f.version)
		}
	}
	if f.version == "" {
		m.errorf("C4", "%q has the version %q", path, f.version)
	}
	m.world[path] = f
	m.past[path] = append(m.past[path], f)
}

// check compares what everything that looks says of path with the model.
func (m *machine) check(path string) {
	now := m.world[path]
	if now == nil {
		m.wantAbsent("R6", path)
		return
	}
	m.wantContent("R6", path, now.data)
	m.wantExists("O1", path, true)
	want := fsbase.Info{Path: path, Size: int64(len(now.data)), Version: now.version}
	m.wantInfo("R6", "OpenStream", m.info(path), want)
	if s, ok := fsbase.As[fsbase.Stater](m.fs); ok {
		if info, err := s.Stat(m.ctx, path); err != nil {
			m.errorf("C7", "Stat(%q): %v", path, err)
		} else {
			m.wantInfo("C7", "Stat", info, want)
		}
	}
}

// there returns the sorted names with a raw prefix.
func (m *machine) there(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.world)), func(n string) bool { return !strings.HasPrefix(n, prefix) })
}

// end closes everything, looks at all names and removes them.
func (m *machine) end() {
	for i := range m.writers {
		m.closeWriter(i)
		m.closeReader(i)
	}
	for _, n := range m.names {
		m.check(m.path(m.dir + "/" + n))
	}
	m.list(m.prefix(m.dir) + "/")
	for n := range m.world {
		if err := m.fs.RmFile(m.ctx, n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			m.errorf("O2", "RmFile(%q): %v", n, err)
		}
	}
}
