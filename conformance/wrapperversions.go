package conformance

import (
	"context"
	"io/fs"
	"strconv"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// checkCountedVersions writes and reads names in turns that have equal versions
// and sizes, as whoever remembers by them would mix up.
func checkCountedVersions(t *trial) {
	outer := t.env.wrapping.wrap(newCounted())
	if outer == nil {
		t.fatalf("wrap returns nil")
	}
	w := t.on(outer)
	const size = 100_000
	names := []string{t.path("dir/a"), t.path("dir/b"), t.path("dir/c")}
	for round := range 3 {
		whole := make([][]byte, len(names))
		for i, p := range names {
			whole[i] = content(uint64(10*round+i), size)
			w.put(p, whole[i])
		}
		for range 2 {
			for i, p := range names {
				r := w.open(p)
				for _, off := range []int64{0, 40_000, size - 1000} {
					w.readAt(r, p, whole[i], off, 1000)
				}
				r.Close()
				if has[fsbase.RangeReader](w.fs) {
					w.readRanges(p, w.info(p).Version, whole[i], [2]int{0, 1000}, [2]int{50_000, 3000})
				}
			}
		}
		if round == 1 {
			w.remove(names[0])
			w.wantAbsent("R6", names[0])
		}
	}
}

// counted is a small file system in which each name counts its versions: two
// names have the same, which C4 allows.
type counted struct {
	fsbase.Flat
	mu    sync.Mutex
	files map[string]countedFile
	last  map[string]int // also of what is removed
}

type countedFile struct {
	info fsbase.Info
	data []byte
}

func newCounted() *counted { return &counted{files: map[string]countedFile{}, last: map[string]int{}} }

func (c *counted) publish(p string, data []byte) fsbase.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[p]++
	f := countedFile{fsbase.Info{Path: p, Size: int64(len(data)), Version: fsbase.Version(strconv.Itoa(c.last[p]))}, data}
	c.files[p] = f
	return f.info
}

func (c *counted) file(ctx context.Context, op, p string) (countedFile, error) {
	if err := fsbase.CheckCall(ctx, op, p); err != nil {
		return countedFile{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.files[p]
	if !ok {
		return f, &fs.PathError{Op: op, Path: p, Err: fs.ErrNotExist}
	}
	return f, nil
}

func (c *counted) CreateStream(ctx context.Context, p string) (fsbase.WriteStream, error) {
	if err := fsbase.CheckWrite(ctx, "create", p); err != nil {
		return nil, err
	}
	return fsbase.NewBufferWriter(ctx, p, func(_ context.Context, data []byte) (fsbase.Info, error) {
		return c.publish(p, data), nil
	}), nil
}

func (c *counted) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	f, err := c.file(ctx, "open", p)
	if err != nil {
		return nil, err
	}
	return fsbase.NewReadStream(ctx, f.info, func(b []byte, off int64) (int, error) { return copy(b, f.data[off:]), nil }), nil
}

func (c *counted) Exists(ctx context.Context, p string) (bool, error) {
	return fsbase.ExistsByStat(ctx, c, p)
}

func (c *counted) Stat(ctx context.Context, p string) (fsbase.Info, error) {
	f, err := c.file(ctx, "stat", p)
	return f.info, err
}

func (c *counted) RmFile(ctx context.Context, p string) error {
	if _, err := c.file(ctx, "remove", p); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.files, p)
	return nil
}

func (c *counted) Rename(ctx context.Context, from, to string) error {
	if err := fsbase.CheckWrite(ctx, "rename", to); err != nil {
		return err
	}
	f, err := c.file(ctx, "rename", from)
	if err != nil || from == to {
		return err
	}
	c.publish(to, f.data)
	return c.RmFile(ctx, from)
}

func (c *counted) ReadRanges(ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	f, err := c.file(ctx, "read", p)
	if err == nil && pin != "" && pin != f.info.Version {
		err = &fs.PathError{Op: "read", Path: p, Err: fsbase.ErrChanged}
	}
	if err != nil {
		return fsbase.Info{}, err
	}
	if err := fsbase.CheckRanges(p, f.info.Size, ranges); err != nil {
		return fsbase.Info{}, err
	}
	for _, g := range ranges {
		copy(g.Dst, f.data[g.Offset:])
	}
	return f.info, nil
}
