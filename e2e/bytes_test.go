package e2e

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// counted is a store and the bytes that have moved from and to it.
type counted struct {
	fsys  fsbase.FileSystemBase
	bytes func() int64 // since the last call
}

// countedStores are all backends: those on servers behind a connection that
// counts, requests and headers included, the others behind their own methods.
var countedStores = map[string]func(*testing.T) counted{
	"local": func(t *testing.T) counted {
		f, err := local.New(t.TempDir())
		must(t, err)
		return countCalls(f)
	},
	"mem":       func(*testing.T) counted { return countCalls(memfs.New()) },
	"versitygw": func(t *testing.T) counted { return countedS3(t, servers.VersityGW(t)) },
	"minio":     func(t *testing.T) counted { return countedS3(t, servers.MinIO(t)) },
	"gcs": func(t *testing.T) counted {
		g := servers.FakeGCS(t).Fronted(t)
		c := servers.Counted(t, strings.TrimPrefix(g.Endpoint, "http://"))
		g.Endpoint = "http://" + c.Address
		g.Environment(t)
		return counted{byURL(g.URL)(t, "bytes"), c.Bytes}
	},
	"azure": func(t *testing.T) counted {
		a := servers.Azurite(t)
		c := servers.Counted(t, a.Domain)
		a.Domain = c.Address
		a.Environment(t)
		return counted{byURL(a.URL)(t, "bytes"), c.Bytes}
	},
}

func countedS3(t *testing.T, s *servers.S3) counted {
	c := servers.Counted(t, strings.TrimPrefix(s.Endpoint, "http://"))
	s.Endpoint = "http://" + c.Address
	s.Environment(t)
	return counted{byURL(func(folder string) string { return s.URL(folder, "") })(t, "bytes"), c.Bytes}
}

// TestRowsMoveTheirBytes reads 1/64 of the rows of a tensor of 64 MiB: all that
// moves, `.metadata` included, is hardly more.
func TestRowsMoveTheirBytes(t *testing.T) {
	const rows, cols = 4096, 4096
	const needed = rows / 64 * cols * 4
	const limit = needed*11/10 + 64<<10
	data := make([]float32, rows*cols)
	for i := range data {
		data[i] = float32(i)
	}
	w, err := tensor.FromSlice(data, rows, cols)
	must(t, err)
	for name, start := range countedStores {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			_, err := dcp.SaveFS(t.Context(), c.fsys, map[string]any{"w": w}, dcp.SaveOptions{})
			must(t, err)
			if n := c.bytes(); name != "local" && name != "mem" && n < rows*cols*4 {
				t.Errorf("the save moved %d bytes: they are not counted", n)
			}
			for _, first := range []int64{0, 1000, rows - rows/64} {
				mine, err := tensor.New(tensor.Float32, rows/64, cols)
				must(t, err)
				state := map[string]any{"w": &dcp.ShardedTensor{
					DType: tensor.Float32, Size: []int64{rows, cols}, Shards: []dcp.Shard{{Offsets: []int64{first, 0}, Tensor: mine}},
				}}
				_, err = dcp.LoadFS(t.Context(), c.fsys, state, dcp.LoadOptions{})
				must(t, err)
				moved := c.bytes()
				t.Logf("rows from %d on: %d bytes for %d", first, moved, needed)
				if moved > limit || moved < needed {
					t.Errorf("rows from %d on: %d bytes moved for %d, limit %d", first, moved, needed, limit)
				}
				got, err := tensor.Data[float32](mine)
				must(t, err)
				for i, v := range got {
					if v != data[first*cols+int64(i)] {
						t.Fatalf("rows from %d on: element %d is %v", first, i, v)
					}
				}
			}
		})
	}
}

// countCalls counts what is read from a file system.
func countCalls(f fsbase.FileSystemBase) counted {
	c := &callCounter{FileSystemBase: f}
	return counted{c, func() int64 { return c.n.Swap(0) }}
}

// callCounter counts what a file system's methods read. It hands out the
// capabilities that do not read, and RangeReader.
type callCounter struct {
	fsbase.FileSystemBase
	n atomic.Int64
}

func (c *callCounter) AsCapability(target any) bool {
	switch t := target.(type) {
	case *fsbase.RangeReader:
		inner, ok := fsbase.As[fsbase.RangeReader](c.FileSystemBase)
		*t = rangeCounter{inner, &c.n}
		return ok
	case *fsbase.PartLimiter:
		var ok bool
		*t, ok = fsbase.As[fsbase.PartLimiter](c.FileSystemBase)
		return ok
	case *fsbase.ExclusiveCreator:
		var ok bool
		*t, ok = fsbase.As[fsbase.ExclusiveCreator](c.FileSystemBase)
		return ok
	}
	return false
}

func (c *callCounter) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := c.FileSystemBase.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return streamCounter{r, &c.n}, nil
}

type streamCounter struct {
	fsbase.ReadStream
	moved *atomic.Int64
}

func (s streamCounter) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReadStream.ReadAt(p, off)
	s.moved.Add(int64(n))
	return n, err
}

type rangeCounter struct {
	fsbase.RangeReader
	moved *atomic.Int64
}

func (r rangeCounter) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	for _, g := range ranges {
		r.moved.Add(int64(len(g.Dst)))
	}
	return r.RangeReader.ReadRanges(ctx, path, pin, ranges)
}
