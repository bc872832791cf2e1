package mutants

import (
	"context"
	"io"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// Backend is what the suite needs of a backend and its harness.
type Backend interface {
	fsbase.FileSystemBase
	Reopen() fsbase.FileSystemBase
	Crash() fsbase.FileSystemBase
	Residue() []string
	Arm(how, on string, skip, times int) (disarm func() (struck int), err error)
}

var (
	_ Backend = (*Store)(nil)
	_ Backend = (*variant)(nil)
)

// variant is a Store with faults.
type variant struct {
	*Store
	faults

	born    int // how many commits there were before this handle was opened, 0 for the first
	crashes int // how often the storage lost power

	last  map[string]object        // what this handle saw, for the faults of caches
	lists map[string][]fsbase.Info // the same of prefixes
}

// faults replace methods of Store. nil keeps the method.
type faults struct {
	concat      func(path, suffix string) string
	path        func(string) string // applied to every path before it is checked
	create      func(v *variant, ctx context.Context, path string, cond fsbase.Condition) (fsbase.WriteStream, error)
	writer      func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream
	open        func(v *variant, ctx context.Context, path string) (fsbase.ReadStream, error)
	reader      func(v *variant, r *reader) fsbase.ReadStream
	rename      func(v *variant, ctx context.Context, path, newPath string) error
	mkdir       func(v *variant, ctx context.Context, path string) error
	exists      func(v *variant, ctx context.Context, path string) (bool, error)
	remove      func(v *variant, ctx context.Context, path string) error
	upload      func(v *variant, ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error)
	ranges      func(v *variant, ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error)
	stat        func(v *variant, ctx context.Context, path string) (fsbase.Info, error)
	list        func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error]
	copy        func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error)
	removeAll   func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error]
	limits      func() fsbase.PartLimits
	withoutSync func(v *variant) fsbase.FileSystemBase
	crash       func(v *variant) *Store
	residue     func(v *variant) []string
	validate    func(v *variant, id string) error
}

func newVariant(s *Store, f faults) *variant {
	return &variant{Store: s, faults: f, last: map[string]object{}, lists: map[string][]fsbase.Info{}}
}

func (v *variant) name(path string) string {
	if v.path != nil {
		return v.path(path)
	}
	return path
}

func (v *variant) ConcatPath(path, suffix string) string {
	if v.concat != nil {
		return v.concat(path, suffix)
	}
	return v.Store.ConcatPath(path, suffix)
}

func (v *variant) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return v.begin(ctx, path, fsbase.Condition{})
}

func (v *variant) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return v.begin(ctx, path, fsbase.IfAbsent())
}

func (v *variant) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	return v.begin(ctx, path, fsbase.IfVersion(old))
}

func (v *variant) begin(ctx context.Context, path string, cond fsbase.Condition) (fsbase.WriteStream, error) {
	path = v.name(path)
	if v.faults.create != nil {
		return v.faults.create(v, ctx, path, cond)
	}
	w, err := v.Store.create(ctx, path, cond)
	if err != nil {
		return nil, err
	}
	if v.writer != nil {
		return v.writer(v, w, cond), nil
	}
	return w, nil
}

func (v *variant) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	path = v.name(path)
	if v.faults.open != nil {
		return v.faults.open(v, ctx, path)
	}
	r, err := v.Store.open(ctx, path)
	if err != nil {
		return nil, err
	}
	if v.reader != nil {
		return v.reader(v, r), nil
	}
	return r, nil
}

func (v *variant) Rename(ctx context.Context, path, newPath string) error {
	if v.rename != nil {
		return v.rename(v, ctx, path, newPath)
	}
	return v.Store.Rename(ctx, v.name(path), v.name(newPath))
}

func (v *variant) Mkdir(ctx context.Context, path string) error {
	if v.mkdir != nil {
		return v.mkdir(v, ctx, path)
	}
	return v.Store.Mkdir(ctx, v.name(path))
}

func (v *variant) Exists(ctx context.Context, path string) (bool, error) {
	if v.exists != nil {
		return v.exists(v, ctx, path)
	}
	return v.Store.Exists(ctx, v.name(path))
}

func (v *variant) RmFile(ctx context.Context, path string) error {
	if v.faults.remove != nil {
		return v.faults.remove(v, ctx, path)
	}
	return v.Store.RmFile(ctx, v.name(path))
}

func (v *variant) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	if v.upload != nil {
		return v.upload(v, ctx, path, src, size, cond)
	}
	return v.Store.Upload(ctx, v.name(path), src, size, cond)
}

func (v *variant) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	if v.ranges != nil {
		return v.ranges(v, ctx, path, pin, ranges)
	}
	return v.Store.ReadRanges(ctx, v.name(path), pin, ranges)
}

func (v *variant) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	if v.stat != nil {
		return v.stat(v, ctx, path)
	}
	return v.Store.Stat(ctx, v.name(path))
}

func (v *variant) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	if v.list != nil {
		return v.list(v, ctx, prefix)
	}
	return v.Store.List(ctx, prefix)
}

func (v *variant) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	if v.copy != nil {
		return v.copy(v, ctx, src, dst, cond)
	}
	return v.Store.Copy(ctx, v.name(src), v.name(dst), cond)
}

func (v *variant) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if v.removeAll != nil {
		return v.removeAll(v, ctx, prefix)
	}
	return v.Store.RemoveAll(ctx, prefix)
}

func (v *variant) PartLimits() fsbase.PartLimits {
	if v.limits != nil {
		return v.limits()
	}
	return v.Store.PartLimits()
}

func (v *variant) WithoutSync() fsbase.FileSystemBase {
	if v.withoutSync != nil {
		return v.withoutSync(v)
	}
	return newVariant(&Store{disk: v.disk}, v.faults)
}

func (v *variant) ValidateCheckpointID(id string) error {
	if v.validate != nil {
		return v.validate(v, id)
	}
	return v.Store.ValidateCheckpointID(id)
}

func (v *variant) Reopen() fsbase.FileSystemBase {
	again := newVariant(&Store{disk: v.disk, synced: v.synced}, v.faults)
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	again.born, again.crashes = v.disk.commits, v.crashes
	return again
}

func (v *variant) Crash() fsbase.FileSystemBase {
	crash := func(v *variant) *Store { return v.Store.crashed() }
	if v.crash != nil {
		crash = v.crash
	}
	after := newVariant(crash(v), v.faults)
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	after.born, after.crashes = v.disk.commits, v.crashes+1
	return after
}

func (v *variant) Residue() []string {
	if v.residue != nil {
		return v.residue(v)
	}
	return nil
}

// NewUnsettled returns an empty correct backend of which a power loss takes
// back what RmFile and Rename did: no clause says that they are durable.
func NewUnsettled() Backend {
	return newVariant(New(), faults{
		remove: func(v *variant, ctx context.Context, p string) error {
			return v.unsettled(func() error { return v.Store.RmFile(ctx, p) }, p)
		},
		rename: func(v *variant, ctx context.Context, p, q string) error {
			return v.unsettled(func() error { return v.Store.Rename(ctx, p, q) }, p, q)
		},
	})
}

// unsettled calls, and leaves what of the names is durable.
func (v *variant) unsettled(call func() error, names ...string) error {
	v.disk.mu.Lock()
	before := map[string]object{}
	for _, name := range names {
		if o, ok := v.disk.durable[name]; ok {
			before[name] = o
		}
	}
	v.disk.mu.Unlock()
	err := call()
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	for _, name := range names {
		if o, ok := before[name]; ok {
			v.disk.durable[name] = o
		} else {
			delete(v.disk.durable, name)
		}
	}
	return err
}
