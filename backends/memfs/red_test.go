package memfs_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

type red struct {
	*memfs.FS
	m *mut
}
type mut struct {
	create   func(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error)
	wrapW    func(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream) fsbase.WriteStream
	wrapR    func(f *memfs.FS, p string, r fsbase.ReadStream) fsbase.ReadStream
	open     func(f *memfs.FS, ctx context.Context, p string) (fsbase.ReadStream, error)
	upload   func(f *memfs.FS, ctx context.Context, p string, src io.ReaderAt, n int64, c fsbase.Condition) (fsbase.Info, error)
	copy     func(f *memfs.FS, ctx context.Context, a, b string, c fsbase.Condition) (fsbase.Info, error)
	rename   func(f *memfs.FS, ctx context.Context, a, b string) error
	stat     func(f *memfs.FS, ctx context.Context, p string) (fsbase.Info, error)
	rm       func(f *memfs.FS, ctx context.Context, p string) error
	exists   func(f *memfs.FS, ctx context.Context, p string) (bool, error)
	list     func(f *memfs.FS, ctx context.Context, p string) iter.Seq2[fsbase.Info, error]
	ranges   func(f *memfs.FS, ctx context.Context, p string, pin fsbase.Version, r []fsbase.Range) (fsbase.Info, error)
	crash    func(f *memfs.FS) *memfs.FS
}

func (r red) begin(ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
	if r.m.create != nil {
		return r.m.create(r.FS, ctx, p, c)
	}
	w, err := plain(r.FS, ctx, p, c)
	if err == nil && r.m.wrapW != nil {
		w = r.m.wrapW(r.FS, p, c, w)
	}
	return w, err
}
func plain(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
	switch {
	case c.Absent():
		return f.CreateExclusive(ctx, p)
	case c != fsbase.Condition{}:
		return f.CreateSwap(ctx, p, c.Version())
	}
	return f.CreateStream(ctx, p)
}
func (r red) CreateStream(ctx context.Context, p string) (fsbase.WriteStream, error) { return r.begin(ctx, p, fsbase.Condition{}) }
func (r red) CreateExclusive(ctx context.Context, p string) (fsbase.WriteStream, error) { return r.begin(ctx, p, fsbase.IfAbsent()) }
func (r red) CreateSwap(ctx context.Context, p string, v fsbase.Version) (fsbase.WriteStream, error) { return r.begin(ctx, p, fsbase.IfVersion(v)) }
func (r red) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	if r.m.open != nil { return r.m.open(r.FS, ctx, p) }
	s, err := r.FS.OpenStream(ctx, p)
	if err == nil && r.m.wrapR != nil { s = r.m.wrapR(r.FS, p, s) }
	return s, err
}
func (r red) Upload(ctx context.Context, p string, src io.ReaderAt, n int64, c fsbase.Condition) (fsbase.Info, error) {
	if r.m.upload != nil { return r.m.upload(r.FS, ctx, p, src, n, c) }
	return r.FS.Upload(ctx, p, src, n, c)
}
func (r red) Copy(ctx context.Context, a, b string, c fsbase.Condition) (fsbase.Info, error) {
	if r.m.copy != nil { return r.m.copy(r.FS, ctx, a, b, c) }
	return r.FS.Copy(ctx, a, b, c)
}
func (r red) Rename(ctx context.Context, a, b string) error {
	if r.m.rename != nil { return r.m.rename(r.FS, ctx, a, b) }
	return r.FS.Rename(ctx, a, b)
}
func (r red) Stat(ctx context.Context, p string) (fsbase.Info, error) {
	if r.m.stat != nil { return r.m.stat(r.FS, ctx, p) }
	return r.FS.Stat(ctx, p)
}
func (r red) RmFile(ctx context.Context, p string) error {
	if r.m.rm != nil { return r.m.rm(r.FS, ctx, p) }
	return r.FS.RmFile(ctx, p)
}
func (r red) Exists(ctx context.Context, p string) (bool, error) {
	if r.m.exists != nil { return r.m.exists(r.FS, ctx, p) }
	return r.FS.Exists(ctx, p)
}
func (r red) List(ctx context.Context, p string) iter.Seq2[fsbase.Info, error] {
	if r.m.list != nil { return r.m.list(r.FS, ctx, p) }
	return r.FS.List(ctx, p)
}
func (r red) ReadRanges(ctx context.Context, p string, pin fsbase.Version, g []fsbase.Range) (fsbase.Info, error) {
	if r.m.ranges != nil { return r.m.ranges(r.FS, ctx, p, pin, g) }
	return r.FS.ReadRanges(ctx, p, pin, g)
}
func (r red) WithoutSync() fsbase.FileSystemBase { return red{r.FS.WithoutSync().(*memfs.FS), r.m} }

type ws struct {
	fsbase.WriteStream
	write  func(p []byte) (int, error)
	commit func() (fsbase.Info, error)
	close  func() error
}
func (w *ws) Write(p []byte) (int, error) { if w.write != nil { return w.write(p) }; return w.WriteStream.Write(p) }
func (w *ws) Commit() (fsbase.Info, error) { if w.commit != nil { return w.commit() }; return w.WriteStream.Commit() }
func (w *ws) Close() error { if w.close != nil { return w.close() }; return w.WriteStream.Close() }
type rs struct {
	fsbase.ReadStream
	at   func(p []byte, off int64) (int, error)
	info func() fsbase.Info
}
func (r *rs) ReadAt(p []byte, off int64) (int, error) { if r.at != nil { return r.at(p, off) }; return r.ReadStream.ReadAt(p, off) }
func (r *rs) Info() fsbase.Info { if r.info != nil { return r.info() }; return r.ReadStream.Info() }

func perr(p string, err error) error { return &fs.PathError{Op: "x", Path: p, Err: err} }

// checkThenAct: Exists/Stat, then an unconditional commit, nothing between.
func checkThenAct(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
	if err := c.Check("create", p); err != nil { return nil, err }
	w, err := f.CreateStream(ctx, p)
	if err != nil { return nil, err }
	lost := false
	return &ws{WriteStream: w, commit: func() (fsbase.Info, error) {
		if ctx.Err() == nil && !lost {
			lost = true
			i, err := f.Stat(ctx, p)
			if c.Absent() && err == nil { w.Close(); lost = true; return fsbase.Info{}, perr(p, fsbase.ErrExist()) }
			if c.Version() != "" && i.Version != c.Version() { w.Close(); lost = true; return fsbase.Info{}, perr(p, fsbase.ErrPrecondition) }
		}
		return w.Commit()
	}}, nil
}

func bufw(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream, edit func([]byte) []byte) fsbase.WriteStream {
	var buf []byte
	over := false
	return &ws{WriteStream: w, write: func(b []byte) (int, error) {
		if over { return w.Write(b) }
		if _, err := w.Write(nil); err != nil { return 0, err }
		buf = append(buf, b...); return len(b), nil
	}, commit: func() (fsbase.Info, error) {
		if !over { if _, err := w.Write(edit(buf)); err != nil { _ = err } }
		over = true
		return w.Commit()
	}, close: func() error { over = true; return w.Close() }}
}
func editing(edit func([]byte) []byte) mut {
	return mut{wrapW: func(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream) fsbase.WriteStream { return bufw(f, p, c, w, edit) }}
}
func reading(at func(r fsbase.ReadStream, p []byte, off int64) (int, error)) mut {
	return mut{wrapR: func(_ *memfs.FS, _ string, r fsbase.ReadStream) fsbase.ReadStream {
		return &rs{ReadStream: r, at: func(p []byte, off int64) (int, error) { return at(r, p, off) }}
	}}
}

func reds() map[string]mut {
	all := map[string]mut{
		"control": {},
		"check-then-act stream": {create: checkThenAct},
		"check-then-act upload": {upload: func(f *memfs.FS, ctx context.Context, p string, src io.ReaderAt, n int64, c fsbase.Condition) (fsbase.Info, error) {
			if c != (fsbase.Condition{}) && c.Check("", "") == nil && ctx.Err() == nil && fs.ValidPath(p) {
				data := make([]byte, max(n, 0))
				if n > 0 { if err := fsbase.ReadSource(src, data, 0); err != nil { return fsbase.Info{}, perr(p, err) } }
				if err := ctx.Err(); err != nil { return fsbase.Info{}, perr(p, err) }
				i, err := f.Stat(ctx, p)
				if c.Absent() && err == nil { return fsbase.Info{}, perr(p, fsbase.ErrExist()) }
				if c.Version() != "" && i.Version != c.Version() { return fsbase.Info{}, perr(p, fsbase.ErrPrecondition) }
				return f.Upload(ctx, p, strings.NewReader(string(data)), n, fsbase.Condition{})
			}
			return f.Upload(ctx, p, src, n, c)
		}},
		"odd >1MiB drops": editing(func(b []byte) []byte { if len(b) > 1<<20 && len(b)%2 == 1 { return b[:len(b)-1] }; return b }),
		"swap bytes at 64K": editing(func(b []byte) []byte { if len(b) > 65536 { b[65535], b[65536] = b[65536], b[65535] }; return b }),
		"truncate at 100MiB": editing(func(b []byte) []byte { return b[:min(len(b), 100<<20)] }),
		"empty over 100MiB": editing(func(b []byte) []byte { if len(b) > 100<<20 { return nil }; return b }),
		"flip past 8MiB": editing(func(b []byte) []byte { if len(b) > 8<<20+100 { b[8<<20+100] ^= 1 }; return b }),
		"readat at most 4MiB": reading(func(r fsbase.ReadStream, p []byte, off int64) (int, error) {
			if len(p) > 4<<20 { n, err := r.ReadAt(p[:4<<20], off); return n, err }
			return r.ReadAt(p, off)
		}),
		"short 1 in 4": func() mut { var mu sync.Mutex; n := 0; return reading(func(r fsbase.ReadStream, p []byte, off int64) (int, error) {
			mu.Lock(); n++; k := n; mu.Unlock()
			if k%4 == 0 && len(p) > 1 { n, _ := r.ReadAt(p[:len(p)/2], off); return n, io.EOF }
			return r.ReadAt(p, off) }) }(),
		"short only within last 100 bytes, nil": reading(func(r fsbase.ReadStream, p []byte, off int64) (int, error) {
			n, err := r.ReadAt(p, off)
			if off > r.Info().Size-100 && n < len(p) && n > 0 { err = nil }
			return n, err }),
		"off by one past 1MiB": reading(func(r fsbase.ReadStream, p []byte, off int64) (int, error) {
			if off > 1<<20 && off < r.Info().Size { off-- }; return r.ReadAt(p, off) }),
		"stat size wrong for large": {stat: func(f *memfs.FS, ctx context.Context, p string) (fsbase.Info, error) {
			i, err := f.Stat(ctx, p); if i.Size > 8<<20 { i.Size = 8 << 20 }; return i, err }},
		"list size wrong for large": {list: func(f *memfs.FS, ctx context.Context, p string) iter.Seq2[fsbase.Info, error] {
			return func(y func(fsbase.Info, error) bool) { for i, err := range f.List(ctx, p) { if i.Size > 8<<20 { i.Size = 8 << 20 }; if !y(i, err) { return } } } }},
		"ranges beyond 64 shifted": {ranges: func(f *memfs.FS, ctx context.Context, p string, pin fsbase.Version, g []fsbase.Range) (fsbase.Info, error) {
			h := append([]fsbase.Range(nil), g...)
			for i := 64; i < len(h); i++ { if h[i].Offset > 0 { h[i].Offset-- } }
			return f.ReadRanges(ctx, p, pin, h) }},
		"ranges swap equal lengths": {ranges: func(f *memfs.FS, ctx context.Context, p string, pin fsbase.Version, g []fsbase.Range) (fsbase.Info, error) {
			i, err := f.ReadRanges(ctx, p, pin, g)
			if err == nil && len(g) == 3 && len(g[0].Dst) == len(g[2].Dst) { t := string(g[0].Dst); copy(g[0].Dst, g[2].Dst); copy(g[2].Dst, t) }
			return i, err }},
		"list 1000": {list: func(f *memfs.FS, ctx context.Context, p string) iter.Seq2[fsbase.Info, error] {
			return func(y func(fsbase.Info, error) bool) { n := 0; for i, err := range f.List(ctx, p) { if n++; n > 1000 { return }; if !y(i, err) { return } } } }},
		"copy deletes source": {copy: func(f *memfs.FS, ctx context.Context, a, b string, c fsbase.Condition) (fsbase.Info, error) {
			i, err := f.Copy(ctx, a, b, c); if err == nil && a != b { f.RmFile(ctx, a) }; return i, err }},
		"rename copies and fails to remove": {rename: func(f *memfs.FS, ctx context.Context, a, b string) error {
			if _, err := f.Copy(ctx, a, b, fsbase.Condition{}); err != nil { return err }; return nil }},
		"rm prefix": {rm: func(f *memfs.FS, ctx context.Context, p string) error {
			err := f.RmFile(ctx, p); if ctx.Err() == nil && fs.ValidPath(p) && p != "." { for i := range f.List(ctx, p) { f.RmFile(ctx, i.Path) } }; return err }},
		"rm absent permission": {rm: func(f *memfs.FS, ctx context.Context, p string) error {
			err := f.RmFile(ctx, p); if errors.Is(err, fs.ErrNotExist) { return perr(p, fs.ErrPermission) }; return err }},
		"deadline plain in copy": {copy: func(f *memfs.FS, ctx context.Context, a, b string, c fsbase.Condition) (fsbase.Info, error) {
			i, err := f.Copy(ctx, a, b, c); if errors.Is(err, context.DeadlineExceeded) { err = perr(a, errors.New("timeout")) }; return i, err }},
		"deadline plain in open": {open: func(f *memfs.FS, ctx context.Context, p string) (fsbase.ReadStream, error) {
			r, err := f.OpenStream(ctx, p); if errors.Is(err, context.DeadlineExceeded) { err = perr(p, errors.New("timeout")) }; return r, err }},
		"permission as absent": {open: func(f *memfs.FS, ctx context.Context, p string) (fsbase.ReadStream, error) {
			r, err := f.OpenStream(ctx, p); if errors.Is(err, fs.ErrPermission) { err = perr(p, fs.ErrNotExist) }; return r, err }},
		"exists swallows": {exists: func(f *memfs.FS, ctx context.Context, p string) (bool, error) {
			ok, err := f.Exists(ctx, p); if errors.Is(err, fs.ErrPermission) || errors.Is(err, fsbase.ErrThrottled) { err = nil }; return ok, err }},
		"lost swap is ErrExist too": {wrapW: func(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream) fsbase.WriteStream {
			return &ws{WriteStream: w, commit: func() (fsbase.Info, error) { i, err := w.Commit(); if c.Version() != "" && errors.Is(err, fsbase.ErrPrecondition) { err = perr(p, fsbase.ErrExist()) }; return i, err }} }},
		"swap commits unsynced": {create: func(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
			if c.Version() != "" { return f.WithoutSync().(*memfs.FS).CreateSwap(ctx, p, c.Version()) }; return plain(f, ctx, p, c) }},
		"crash mixes": {crash: func(f *memfs.FS) *memfs.FS { return f.WithoutSync().(*memfs.FS).CrashClone(memfs.CrashOptions{Percent: 0}) }},
		"stale first block by path": func() mut { var mu sync.Mutex; cache := map[string][]byte{}; return mut{wrapR: func(_ *memfs.FS, p string, r fsbase.ReadStream) fsbase.ReadStream {
			return &rs{ReadStream: r, at: func(b []byte, off int64) (int, error) {
				n, err := r.ReadAt(b, off)
				if off == 0 && n >= 512 { mu.Lock(); if c, ok := cache[p]; ok { copy(b, c) } else { cache[p] = append([]byte(nil), b[:512]...) }; mu.Unlock() }
				return n, err }} }} }(),
		"buffer reused after commit": func() mut { var mu sync.Mutex; var shared []byte; return mut{create: func(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
			w, err := plain(f, ctx, p, c)
			if err != nil { return nil, err }
			return &ws{WriteStream: w, write: func(b []byte) (int, error) {
				mu.Lock(); defer mu.Unlock(); shared = append(shared[:0], b...); return w.Write(shared) }}, nil }} }(),
		"cancelled still commits": {create: func(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
			if ctx.Err() != nil { return plain(f, ctx, p, c) }
			return plain(f, context.WithoutCancel(ctx), p, c) }},
		"close publishes": {wrapW: func(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream) fsbase.WriteStream {
			done := false
			return &ws{WriteStream: w, commit: func() (fsbase.Info, error) { done = true; return w.Commit() }, close: func() error { if !done { done = true; _, err := w.Commit(); return err }; return w.Close() }} }},
		"exclusive over empty": {create: func(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
			if i, err := f.Stat(ctx, p); c.Absent() && err == nil && i.Size == 0 { return f.CreateStream(ctx, p) }
			return plain(f, ctx, p, c) }},
		"conditions ignored above 5MiB": {create: func(f *memfs.FS, ctx context.Context, p string, c fsbase.Condition) (fsbase.WriteStream, error) {
			if c == (fsbase.Condition{}) || c.Check("", "") != nil { return plain(f, ctx, p, c) }
			w, err := plain(f, ctx, p, c); if err != nil { return nil, err }
			var buf []byte
			return &ws{WriteStream: w, write: func(b []byte) (int, error) { buf = append(buf, b...); return w.Write(b) }, commit: func() (fsbase.Info, error) {
				if len(buf) > 5<<20 && ctx.Err() == nil { w.Close(); return fsbase.WriteFile(ctx, f, p, buf) }
				return w.Commit() }}, nil }},
		"absent during overwrite": {wrapW: func(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream) fsbase.WriteStream {
			done := false
			return &ws{WriteStream: w, commit: func() (fsbase.Info, error) { if !done && c == (fsbase.Condition{}) { done = true; f.RmFile(context.Background(), p) }; return w.Commit() }} }},
		"upload in background": {upload: func(f *memfs.FS, ctx context.Context, p string, src io.ReaderAt, n int64, c fsbase.Condition) (fsbase.Info, error) {
			if n > 1<<20 && c == (fsbase.Condition{}) && ctx.Err() == nil && fs.ValidPath(p) && p != "." {
				go f.Upload(context.WithoutCancel(ctx), p, src, n, c)
				return fsbase.Info{Path: p, Size: n, Version: "pending"}, nil }
			return f.Upload(ctx, p, src, n, c) }},
		"version by second": {wrapR: func(_ *memfs.FS, _ string, r fsbase.ReadStream) fsbase.ReadStream { return r }},
		"modtime zero after rename": {stat: func(f *memfs.FS, ctx context.Context, p string) (fsbase.Info, error) { i, err := f.Stat(ctx, p); i.ModTime = i.ModTime.Truncate(time.Hour); return i, err }},
		"list eventually": func() mut { var mu sync.Mutex; last := map[string][]fsbase.Info{}; return mut{list: func(f *memfs.FS, ctx context.Context, p string) iter.Seq2[fsbase.Info, error] {
			return func(y func(fsbase.Info, error) bool) {
				var now []fsbase.Info
				for i, err := range f.List(ctx, p) { if err != nil { y(i, err); return }; now = append(now, i) }
				mu.Lock(); old, ok := last[p]; last[p] = now; mu.Unlock()
				if ok { now = old }
				for _, i := range now { if !y(i, nil) { return } } } }} }(),
		"1000th key lost": func() mut { var mu sync.Mutex; n := 0; return mut{wrapW: func(f *memfs.FS, p string, c fsbase.Condition, w fsbase.WriteStream) fsbase.WriteStream {
			return &ws{WriteStream: w, commit: func() (fsbase.Info, error) { i, err := w.Commit(); mu.Lock(); n++; k := n; mu.Unlock(); if err == nil && k%1000 == 0 { f.RmFile(context.Background(), p) }; return i, err }} }} }(),
	}
	return all
}

func TestRed(t *testing.T) {
	runs, _ := strconv.Atoi(os.Getenv("RED"))
	only := os.Getenv("REDONLY")
	for name, m := range reds() {
		if only != "" && !strings.Contains(name, only) { continue }
		miss := 0
		by := map[string]int{}
		for range max(1, runs) {
			rep, err := conformance.Verify(t.Context(), red{memfs.New(), &m},
				conformance.WithLimits(conformance.Limits{Timeout: 20 * time.Second}),
				conformance.WithFaults(faults(func(f fsbase.FileSystemBase) *memfs.FS { return f.(red).FS })),
				conformance.WithReopen(func(_ context.Context, f fsbase.FileSystemBase) (fsbase.FileSystemBase, error) { return f, nil }),
				conformance.WithCrash(func(_ context.Context, f fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
					if m.crash != nil { return red{m.crash(f.(red).FS), &m}, nil }
					return red{f.(red).FS.Crash(), &m}, nil }),
			)
			if err != nil { t.Fatal(err) }
			if rep.Conforms() { miss++ }
			for _, c := range rep.Checks { if c.Broken() { by[c.ID]++ } }
		}
		var s []string
		for id, n := range by { s = append(s, id+":"+strconv.Itoa(n)) }
		if len(s) > 5 && os.Getenv("REDALL") == "" { s = s[:5] }
		t.Logf("%-40s missed %d of %d   %v", name, miss, max(1, runs), s)
	}
}
