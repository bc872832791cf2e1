package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// computed is a tensor that is made when it is asked for: element i is i times
// its factor.
type computed struct {
	shape  []int64
	factor float32
	make   func(ctx context.Context, c *computed) (*tensor.Tensor, error)
	calls  atomic.Int64
}

func (c *computed) DType() tensor.DType { return tensor.Float32 }
func (c *computed) Shape() []int64      { return c.shape }

func (c *computed) Resolve(ctx context.Context) (*tensor.Tensor, error) {
	c.calls.Add(1)
	if c.make != nil {
		return c.make(ctx, c)
	}
	n := int64(1)
	for _, d := range c.shape {
		n *= d
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(i) * c.factor
	}
	return tensor.FromSlice(data, c.shape...)
}

// TestResolvers saves tensors that are not there yet, from two ranks, plain and
// in shards, and in the background.
func TestResolvers(t *testing.T) {
	save := map[string]func(context.Context, string, map[string]any, dcp.SaveOptions) error{
		"save": func(ctx context.Context, url string, state map[string]any, o dcp.SaveOptions) error {
			_, err := dcp.Save(ctx, url, state, o)
			return err
		},
		"async": func(ctx context.Context, url string, state map[string]any, o dcp.SaveOptions) error {
			h, err := dcp.AsyncSave(ctx, url, state, dcp.AsyncSaveOptions{SaveOptions: o})
			if err == nil {
				_, err = h.Wait()
			}
			return err
		},
	}
	for name, save := range save {
		t.Run(name, func(t *testing.T) {
			url := "mem://resolvers-" + name
			var eg errgroup.Group
			for rank, g := range collective.InProcess(2) {
				half := &computed{shape: []int64{2, 3}, factor: float32(rank + 1)}
				state := map[string]any{
					"plain": &computed{shape: []int64{4}, factor: 2},
					"list":  []any{&computed{shape: []int64{}, factor: 1}},
					"w": &dcp.ShardedTensor{
						DType: tensor.Float32, Size: []int64{4, 3},
						Shards: []dcp.Shard{{Offsets: []int64{int64(2 * rank), 0}, Resolver: half}},
					},
				}
				eg.Go(func() error {
					return save(t.Context(), url, state, dcp.SaveOptions{Group: g})
				})
			}
			if err := eg.Wait(); err != nil {
				t.Fatal(err)
			}
			ck, err := dcp.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			for fqn, want := range map[string]string{
				"plain": "[0 2 4 6]", "list.0": "[0]", "w": "[0 1 2 3 4 5 0 2 4 6 8 10]",
			} {
				x, err := ck.Tensor(t.Context(), fqn)
				if err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(mustData(t, x)); got != want {
					t.Errorf("%s is %s, want %s", fqn, got, want)
				}
			}
		})
	}
}

// TestResolverFaults: whatever a Resolver does, nothing is published and the
// error names the tensor.
func TestResolverFaults(t *testing.T) {
	boom := errors.New("device lost")
	for name, c := range map[string]struct {
		made func(context.Context, *computed) (*tensor.Tensor, error)
		want error
	}{
		"error":       {func(context.Context, *computed) (*tensor.Tensor, error) { return nil, boom }, boom},
		"nothing":     {func(context.Context, *computed) (*tensor.Tensor, error) { return nil, nil }, nil},
		"other shape": {func(context.Context, *computed) (*tensor.Tensor, error) { return tensor.New(tensor.Float32, 5) }, nil},
		"other dtype": {func(context.Context, *computed) (*tensor.Tensor, error) { return tensor.New(tensor.Int32, 4) }, nil},
		"hangs": {func(ctx context.Context, c *computed) (*tensor.Tensor, error) {
			if c.calls.Load() > 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, boom
		}, boom},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			state := map[string]any{"a": &computed{shape: []int64{4}, factor: 1}, "odd": &computed{shape: []int64{4}, make: c.made}}
			_, err := dcp.SaveFS(t.Context(), fsys, state, dcp.SaveOptions{})
			if err == nil || !strings.Contains(err.Error(), `"odd"`) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
			if _, err := wholeStep(t.Context(), fsys); !isAbsent(err) {
				t.Errorf("something is there: %v", err)
			}
		})
	}
}

// TestSlowResolverIsCancelled: a save whose context ends does not wait for the
// Resolver's own time.
func TestSlowResolverIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	state := map[string]any{"slow": &computed{shape: []int64{4}, make: func(ctx context.Context, _ *computed) (*tensor.Tensor, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	if _, err := dcp.SaveFS(ctx, memfs.New(), state, dcp.SaveOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestResolverBound: Resolvers are asked ahead of the writing only as far as the
// bound allows.
func TestResolverBound(t *testing.T) {
	const each, ahead, count = 1 << 20, 4, 64 // bytes, tensors
	fsys := &countingFS{FS: memfs.New()}
	var asked, most atomic.Int64
	state := map[string]any{}
	for i := range count {
		state[fmt.Sprintf("t%02d", i)] = &computed{shape: []int64{each / 4}, make: func(_ context.Context, c *computed) (*tensor.Tensor, error) {
			most.Store(max(most.Load(), asked.Add(each)-fsys.written.Load())) // one at a time
			return tensor.New(tensor.Float32, c.shape...)
		}}
	}
	o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{PerThreadCopyAhead: ahead * each}}
	if _, err := dcp.SaveFS(t.Context(), fsys, state, o); err != nil {
		t.Fatal(err)
	}
	if n := most.Load(); n > ahead*each || n < 2*each {
		t.Errorf("%d bytes were resolved ahead, the bound is %d", n, ahead*each)
	}
}

// countingFS counts the bytes that go to streams.
type countingFS struct {
	*memfs.FS
	written atomic.Int64
}

func (f *countingFS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	s, err := f.FS.CreateExclusive(ctx, path)
	return countingStream{s, f}, err
}

type countingStream struct {
	fsbase.WriteStream
	f *countingFS
}

func (s countingStream) Write(p []byte) (int, error) {
	n, err := s.WriteStream.Write(p)
	s.f.written.Add(int64(n))
	return n, err
}

// TestResolverIsNoTemplate: there is no memory to load into.
func TestResolverIsNoTemplate(t *testing.T) {
	fsys := memfs.New()
	if _, err := dcp.SaveFS(t.Context(), fsys, map[string]any{"x": &computed{shape: []int64{4}}}, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := dcp.LoadFS(t.Context(), fsys, map[string]any{"x": &computed{shape: []int64{4}}}, dcp.LoadOptions{})
	if !errors.Is(err, planner.ErrBadTemplate) {
		t.Errorf("got %v", err)
	}
}
