package fsbase_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// liar claims a size.
type liar struct {
	fsbase.FileSystemBase
	size int64
}

func (l liar) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := l.FileSystemBase.OpenStream(ctx, path)
	return lyingStream{r, l.size}, err
}

type lyingStream struct {
	fsbase.ReadStream
	size int64
}

func (l lyingStream) Info() fsbase.Info {
	info := l.ReadStream.Info()
	info.Size = l.size
	return info
}

func TestExistsByStat(t *testing.T) {
	fsys := memfs.New()
	put(t, fsys, "a", "x")
	for path, want := range map[string]bool{"a": true, "b": false, "a/b": false} {
		for _, f := range []fsbase.FileSystemBase{fsys, bare{fsys}} {
			if got, err := fsbase.ExistsByStat(t.Context(), f, path); got != want || err != nil {
				t.Errorf("%q: %v, %v", path, got, err)
			}
		}
	}
	ok, err := fsbase.ExistsByStat(t.Context(), forbidden{fsys}, "a")
	wantIs(t, err, fs.ErrPermission)
	if ok {
		t.Error("what may not be looked at is there")
	}
}

func TestReadFile(t *testing.T) {
	fsys := memfs.New()
	for _, size := range []int{0, 1, 1 << 20, 1<<20 + 1, 5<<20 - 3} {
		want := strings.Repeat("x", max(0, size-1)) + strings.Repeat("y", min(size, 1))
		info := put(t, fsys, "a", want)
		b, got, err := fsbase.ReadFile(t.Context(), fsys, "a", int64(size))
		if err != nil || string(b) != want || got != info {
			t.Errorf("%d bytes: %d bytes, %+v, %v", size, len(b), got, err)
		}
		if size == 0 {
			continue
		}
		b, _, err = fsbase.ReadFile(t.Context(), fsys, "a", int64(size-1))
		wantIs(t, err)
		if b != nil || !strings.Contains(err.Error(), "more than the limit") {
			t.Errorf("above the limit: %d bytes, %v", len(b), err)
		}
	}
	_, _, err := fsbase.ReadFile(t.Context(), fsys, "absent", 1)
	wantIs(t, err, fs.ErrNotExist)
}

// What a stream claims is not allocated before it is there.
func TestReadFileOfLiar(t *testing.T) {
	fsys := memfs.New()
	put(t, fsys, "a", "four")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := fsbase.ReadFile(t.Context(), liar{fsys, 1 << 50}, "a", math.MaxInt64)
	runtime.ReadMemStats(&after)
	wantIs(t, err, io.ErrUnexpectedEOF)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes were allocated for a stream of 4", got)
	}
	_, _, err = fsbase.ReadFile(t.Context(), liar{fsys, -1}, "a", 10)
	wantIs(t, err, fs.ErrInvalid)
}

func TestReadRanges(t *testing.T) {
	whole := memfs.New()
	old := put(t, whole, "a", "before").Version
	info := put(t, whole, "a", "0123456789")
	for name, fsys := range map[string]fsbase.FileSystemBase{"stream": bare{whole}, "RangeReader": whole} {
		for _, pin := range []fsbase.Version{"", info.Version} {
			ranges := []fsbase.Range{
				{Offset: 7, Dst: make([]byte, 3)},
				{Offset: 0, Dst: make([]byte, 10)},
				{Offset: 10, Dst: nil},
				{Offset: 2, Dst: make([]byte, 1)},
			}
			got, err := fsbase.ReadRanges(t.Context(), fsys, "a", pin, ranges)
			if err != nil || got != info {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			var parts []string
			for _, g := range ranges {
				parts = append(parts, string(g.Dst))
			}
			if d := cmp.Diff([]string{"789", "0123456789", "", "2"}, parts); d != "" {
				t.Errorf("%s: (-want +got)\n%s", name, d)
			}
		}
		for _, c := range []struct {
			path string
			pin  fsbase.Version
			off  int64
			n    int
			want error
		}{
			{"a", old, 0, 1, fsbase.ErrChanged},
			{"a", "", 9, 2, io.ErrUnexpectedEOF},
			{"a", "", 10, 1, io.ErrUnexpectedEOF},
			{"a", "", 11, 0, io.ErrUnexpectedEOF},
			{"a", "", 0, 11, io.ErrUnexpectedEOF},
			{"a", "", math.MaxInt64, 1, io.ErrUnexpectedEOF},
			{"a", "", -1, 1, fs.ErrInvalid},
			{"a", "", math.MinInt64, 1, fs.ErrInvalid},
			{"absent", "", 0, 1, fs.ErrNotExist},
			{"absent", old, 0, 1, fs.ErrNotExist},
		} {
			_, err := fsbase.ReadRanges(t.Context(), fsys, c.path, c.pin, []fsbase.Range{{Offset: c.off, Dst: make([]byte, c.n)}})
			wantIs(t, err, c.want)
		}
	}
	// A stream that ends before its Size is no success.
	_, err := fsbase.ReadRanges(t.Context(), liar{bare{whole}, 20}, "a", "", []fsbase.Range{{Offset: 5, Dst: make([]byte, 10)}})
	wantIs(t, err, io.ErrUnexpectedEOF)
}

func TestBytesReader(t *testing.T) {
	content := []byte("0123456789")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	info := fsbase.Info{Path: "a", Size: 99, Version: "v"}
	r := fsbase.NewBytesReader(ctx, info, content)
	if r.Info().Size != 10 {
		t.Errorf("Info: %+v", r.Info())
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, math.MaxInt64))
	if err != nil || string(got) != string(content) {
		t.Errorf("read %q, %v", got, err)
	}
	for _, c := range []struct {
		off  int64
		n    int
		want int
		err  error
	}{
		{0, 10, 10, nil},
		{0, 11, 10, io.EOF},
		{10, 1, 0, io.EOF},
		{10, 0, 0, nil},
		{math.MaxInt64, 1, 0, io.EOF},
		{9, 1, 1, nil},
	} {
		if n, err := r.ReadAt(make([]byte, c.n), c.off); n != c.want || err != c.err {
			t.Errorf("ReadAt of %d at %d: %d, %v", c.n, c.off, n, err)
		}
	}
	_, err = r.ReadAt(make([]byte, 1), -1)
	wantIs(t, err, fs.ErrInvalid)
	cancel()
	_, err = r.ReadAt(make([]byte, 1), 0)
	wantIs(t, err, context.Canceled)
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		_, err = r.ReadAt(make([]byte, 1), 0)
		wantIs(t, err, fs.ErrClosed)
		if errors.Is(err, context.Canceled) {
			t.Error("closed and cancelled at once")
		}
	}
}
