package dcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// remoteStore is a storage that speaks of itself as one at the end of a wire,
// and logs each request.
type remoteStore struct {
	fsbase.FileSystemBase
	ranged fsbase.RangeReader
	part   int64

	mu  sync.Mutex
	log []string
}

func newRemote(fsys interface {
	fsbase.FileSystemBase
	fsbase.RangeReader
}, part int64,
) *remoteStore {
	return &remoteStore{FileSystemBase: fsys, ranged: fsys, part: part}
}

func (r *remoteStore) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

// requests are those since the last call.
func (r *remoteStore) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log
	r.log = nil
	return log
}

func (r *remoteStore) PartLimits() fsbase.PartLimits {
	return fsbase.PartLimits{Read: r.part, ReadsInFlight: 4, Remote: true}
}

// OpenStream is one request; what is small comes along with it.
func (r *remoteStore) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r.note("open %s", path)
	return r.FileSystemBase.OpenStream(ctx, path)
}

func (r *remoteStore) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	n, end := 0, int64(-1)
	for _, g := range ranges {
		if n += len(g.Dst); end >= 0 && g.Offset != end {
			r.note("read %s", path) // not adjacent: a request of its own
		}
		end = g.Offset + int64(len(g.Dst))
	}
	r.note("read %s", path)
	return r.ranged.ReadRanges(ctx, path, pin, ranges)
}

func (r *remoteStore) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	r.note("stat %s", path)
	return fsbase.Stat(ctx, r.FileSystemBase, path)
}

func (r *remoteStore) Exists(ctx context.Context, path string) (bool, error) {
	r.note("stat %s", path)
	return r.FileSystemBase.Exists(ctx, path)
}

func (r *remoteStore) RmFile(ctx context.Context, path string) error {
	r.note("delete %s", path)
	return r.FileSystemBase.RmFile(ctx, path)
}

func (r *remoteStore) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	r.note("list %q", prefix)
	return fsbase.List(ctx, r.FileSystemBase, prefix)
}

func (r *remoteStore) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, c fsbase.Condition) (fsbase.Info, error) {
	r.note("put %s", path)
	return fsbase.Upload(ctx, r.FileSystemBase, path, src, size, c)
}

func (r *remoteStore) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	r.note("put %s", path)
	return r.FileSystemBase.CreateStream(ctx, path)
}

func (r *remoteStore) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	r.note("put %s", path)
	return fsbase.CreateExclusive(ctx, r.FileSystemBase, path)
}

func (r *remoteStore) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	r.note("put %s", path)
	return fsbase.CreateSwap(ctx, r.FileSystemBase, path, old)
}

// matrix is a tensor of noise.
func matrix(t testing.TB, rows, cols int64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromBytes(tensor.Float32, []int64{rows, cols}, noise(int(rows*cols*4)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestRemoteRequests counts what a save and loads cost where every request is a
// round trip.
func TestRemoteRequests(t *testing.T) {
	r := newRemote(memfs.New(), 1<<20)
	small, large := matrix(t, 128, 512), matrix(t, 1024, 1280) // 256 KiB, 5 MiB
	state := map[string]any{"small": small, "large": large, "step": 7}
	save := func(o dcp.WriterOptions) {
		t.Helper()
		if _, err := dcp.SaveFS(t.Context(), r, state, dcp.SaveOptions{WriterOptions: o}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, r.requests()); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	save(dcp.WriterOptions{})
	want("fresh save", "open .metadata", "put __0_0.distcp", "put .metadata")

	ck, err := dcp.OpenFS(t.Context(), r, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want("open", "open .metadata")
	x, err := ck.Tensor(t.Context(), "small")
	if err != nil || !bytes.Equal(logical(t, x), logical(t, small)) {
		t.Fatalf("other elements, %v", err)
	}
	want("a tensor", "read __0_0.distcp")
	if v, err := ck.Value(t.Context(), "step"); err != nil || v != int64(7) {
		t.Fatal(v, err)
	}
	want("an object", "read __0_0.distcp")
	x, err = ck.Tensor(t.Context(), "large")
	if err != nil || !bytes.Equal(logical(t, x), logical(t, large)) {
		t.Fatalf("other elements, %v", err)
	}
	want("a large tensor", slices.Repeat([]string{"read __0_0.distcp"}, 6)...) // of 204 rows

	box := tensor.Box{Offsets: []int64{100, 0}, Sizes: []int64{16, 1280}}
	before := ck.BytesRead()
	x, err = ck.Slice(t.Context(), "large", box)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := large.Sub(box)
	if err != nil || !bytes.Equal(logical(t, x), logical(t, rows)) {
		t.Fatalf("other elements, %v", err)
	}
	want("rows", "read __0_0.distcp")
	if n := ck.BytesRead() - before; n > 16*1280*4 {
		t.Errorf("%d bytes for rows of %d", n, 16*1280*4)
	}
	dst := map[string]any{"small": matrix(t, 128, 512), "large": matrix(t, 1024, 1280), "step": nil}
	if _, err := dcp.LoadFS(t.Context(), r, dst, dcp.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := len(r.requests()); n > 1+1+6+1 { // metadata, step, large, small
		t.Errorf("%d requests for a load", n)
	}
}

// TestRemotePins: a file that is replaced between two reads is told, whole or in
// parts, and one that is gone is missing, or has changed with its checkpoint.
func TestRemotePins(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, fsys *memfs.FS)
		want  error
	}{
		{"replaced", func(t *testing.T, fsys *memfs.FS) {
			b, _, err := fsbase.ReadFile(t.Context(), fsys, "__0_0.distcp", 1<<30)
			if err == nil {
				_, err = fsbase.WriteFile(t.Context(), fsys, "__0_0.distcp", b)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, fsbase.ErrChanged},
		{"removed", func(t *testing.T, fsys *memfs.FS) {
			if err := fsys.RmFile(t.Context(), "__0_0.distcp"); err != nil {
				t.Fatal(err)
			}
		}, ckpterr.MissingFile},
		{"overwritten", func(t *testing.T, fsys *memfs.FS) {
			overwrite(t, fsys, 2, dcp.WriterOptions{KeepPrevious: -1})
		}, fsbase.ErrChanged},
		{"truncated", func(t *testing.T, fsys *memfs.FS) {
			if _, err := fsbase.WriteFile(t.Context(), fsys, "__0_0.distcp", make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}, fsbase.ErrChanged},
	} {
		for _, seen := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, seen before %v", c.name, seen), func(t *testing.T) {
				fsys := memfs.New()
				if _, err := dcp.SaveFS(t.Context(), fsys, map[string]any{"w": matrix(t, 1024, 1024), "step": 1}, dcp.SaveOptions{}); err != nil {
					t.Fatal(err)
				}
				ck, err := dcp.OpenFS(t.Context(), newRemote(fsys, 1<<20), dcp.OpenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if seen {
					if _, err := ck.Value(t.Context(), "step"); err != nil {
						t.Fatal(err)
					}
				}
				c.spoil(t, fsys)
				want := c.want
				switch {
				case !seen && c.name == "replaced":
					want = nil // by the same bytes
				case !seen && c.name == "truncated":
					want = ckpterr.OutOfRange
				}
				if _, err := ck.Tensor(t.Context(), "w"); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		}
	}
}

// TestRemoteClaims: memory is not taken on the word of the metadata beyond a
// small amount.
func TestRemoteClaims(t *testing.T) {
	fsys := memfs.New()
	state := map[string]any{}
	for i := range 100 {
		state[fmt.Sprint("t", i)] = matrix(t, 16, 16)
	}
	md, err := dcp.SaveFS(t.Context(), fsys, state, dcp.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range md.StateDictMetadata {
		x := md.StateDictMetadata[i].Tensor
		x.Size = []int64{1 << 20}
		x.Chunks = []tensor.Box{tensor.FullBox(x.Size)}
		md.StorageData[i].Index.Offset = []int64{0}
	}
	r := newRemote(fsys, 1<<20)
	rd := dcp.NewFileSystemReader(r, dcp.ReaderOptions{})
	if err := rd.SetUpStorageReader(md, true); err != nil {
		t.Fatal(err)
	}
	_, err = dcp.Load(t.Context(), "", map[string]any{}, dcp.LoadOptions{StorageReader: prepared{rd}, Planner: &planner.EmptyStateDictLoadPlanner{}})
	if !errors.Is(err, ckpterr.SizeMismatch) {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff([]string{"stat __0_0.distcp"}, r.requests()); d != "" {
		t.Error(d)
	}
}

// TestHintIsNotBelieved: sealed metadata may speak of another place inside an
// item than its archive. A read of all of it takes the archive's word; one of a
// part does so if the checkpoint is opened as untrusted.
func TestHintIsNotBelieved(t *testing.T) {
	fsys := memfs.New()
	w := matrix(t, 1024, 512)
	md, err := dcp.SaveFS(t.Context(), fsys, map[string]any{"w": w}, dcp.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	md.StorageData[0].Info.PayloadOffset += 4
	for _, untrusted := range []bool{false, true} {
		r := dcp.NewFileSystemReader(newRemote(fsys, 1<<20), dcp.ReaderOptions{Untrusted: untrusted})
		if err := r.SetUpStorageReader(md, true); err != nil {
			t.Fatal(err)
		}
		for _, box := range []tensor.Box{tensor.FullBox([]int64{1024, 512}), {Offsets: []int64{9, 0}, Sizes: []int64{3, 512}}} {
			got, err := read(t, r, md, box)
			if err != nil {
				t.Fatal(err)
			}
			want, err := w.Sub(box)
			if err != nil {
				t.Fatal(err)
			}
			part := box.Sizes[0] == 3
			if same := bytes.Equal(logical(t, got), logical(t, want)); same != (untrusted || !part) {
				t.Errorf("untrusted %v, part %v: the right elements %v", untrusted, part, same)
			}
		}
	}
}
