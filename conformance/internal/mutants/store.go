// Package mutants is what the conformance suite is tested with: one correct
// backend in memory, and variants of it that each break the contract in one
// way.
package mutants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// Store is a correct backend with every capability.
type Store struct {
	disk   *disk
	synced bool
}

// disk is the storage that handles share.
type disk struct {
	mu      sync.Mutex
	files   map[string]object
	durable map[string]object
	commits int
	fault   *armed
}

// object is one version of one name. It never changes.
type object struct {
	data []byte
	info fsbase.Info
}

// New returns an empty Store.
func New() *Store {
	return &Store{disk: &disk{files: map[string]object{}, durable: map[string]object{}}, synced: true}
}

// Reopen returns another handle on the storage of s.
func (s *Store) Reopen() fsbase.FileSystemBase { return &Store{disk: s.disk, synced: s.synced} }

// Crash returns what a power loss at this moment would leave.
func (s *Store) Crash() fsbase.FileSystemBase { return s.crashed() }

func (s *Store) crashed() *Store {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	after := New()
	after.disk.commits = s.disk.commits
	maps.Copy(after.disk.files, s.disk.durable)
	maps.Copy(after.disk.durable, s.disk.durable)
	return after
}

// Residue returns nothing: writes are in memory until they are committed.
func (s *Store) Residue() []string { return nil }

// ready is the beginning of every method: the path, then the context.
func ready(ctx context.Context, op, path string) error {
	if err := fsbase.CheckPath(op, path); err != nil {
		return err
	}
	return fsbase.PathError(op, path, ctx.Err())
}

func failed(op, path string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }

// get returns the current version of path.
func (s *Store) get(path string) (object, bool) {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	o, ok := s.disk.files[path]
	return o, ok
}

// put publishes data, which it keeps, if cond holds.
func (s *Store) put(op, path string, data []byte, cond fsbase.Condition) (fsbase.Info, error) {
	if path == "." {
		return fsbase.Info{}, failed(op, path, fs.ErrInvalid)
	}
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	how := s.disk.strike("commit")
	if err := denied(op, path, how); err != nil {
		return fsbase.Info{}, err
	}
	old, there := s.disk.files[path]
	switch {
	case how == Lose && cond.Absent() && there, how == Lose && cond.Version() != "" && old.info.Version != cond.Version():
		return fsbase.Info{}, failed(op, path, errLost)
	case cond.Absent() && there:
		return fsbase.Info{}, failed(op, path, fsbase.ErrExist())
	case cond.Version() != "" && old.info.Version != cond.Version():
		return fsbase.Info{}, failed(op, path, fsbase.ErrPrecondition)
	}
	info := s.disk.store(path, data, s.synced)
	if how == Lose {
		return fsbase.Info{}, failed(op, path, errLost)
	}
	return info, nil
}

// errReset is what a client says whose request got no answer, and errLost what
// it says if that was to publish.
var (
	errReset = errors.New("connection reset")
	errLost  = fmt.Errorf("%w: %w", errReset, fsbase.ErrCommitUnknown)
)

// store puts data under path unconditionally. The caller holds the lock.
func (d *disk) store(path string, data []byte, synced bool) fsbase.Info {
	d.commits++
	o := object{data: data, info: fsbase.Info{
		Path: path, Size: int64(len(data)), ModTime: time.Now(),
		Version: fsbase.Version(fmt.Sprintf("v%d", d.commits)),
	}}
	d.files[path] = o
	if synced {
		d.durable[path] = o
	}
	return o.info
}

// number is which commit of the storage made the version.
func number(v fsbase.Version) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(v), "v"))
	return n
}

// remove removes path.
func (s *Store) unlink(path string) {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	delete(s.disk.files, path)
	delete(s.disk.durable, path)
}

// infos returns the streams with the raw prefix in byte order.
func (s *Store) infos(prefix string) []fsbase.Info {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	var infos []fsbase.Info
	for _, name := range slices.Sorted(maps.Keys(s.disk.files)) {
		if strings.HasPrefix(name, prefix) {
			infos = append(infos, s.disk.files[name].info)
		}
	}
	return infos
}
