package dcp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// resolver resolves an item to its name, in its own time, and counts what is
// resolved and not yet given back.
type resolver struct {
	planner.DefaultSavePlanner
	delay time.Duration
	fail  string // the item that cannot be resolved
	ahead atomic.Int64
	most  atomic.Int64
	calls atomic.Int64
}

var errResolve = errors.New("cannot resolve")

func (r *resolver) ResolveData(_ context.Context, it planner.WriteItem) (any, error) {
	r.calls.Add(1)
	time.Sleep(r.delay)
	if it.Index.FQN == r.fail {
		return nil, errResolve
	}
	now := r.ahead.Add(planner.ChunkBytes(it))
	for most := r.most.Load(); now > most && !r.most.CompareAndSwap(most, now); most = r.most.Load() {
	}
	return it.Index.FQN, nil
}

// sized are items of that many bytes.
func sized(sizes ...int64) []planner.WriteItem {
	items := make([]planner.WriteItem, len(sizes))
	for i, n := range sizes {
		items[i] = planner.WriteItem{
			Index: metadata.MetadataIndex{FQN: fmt.Sprint("item", i), Offset: []int64{0}},
			TensorData: &planner.TensorWriteData{
				Chunk:      metadata.ChunkStorageMetadata{Offsets: []int64{0}, Sizes: []int64{n}},
				Properties: metadata.TensorProperties{DType: tensor.Uint8}, Size: []int64{n},
			},
		}
	}
	return items
}

func filledLoader(t testing.TB, ctx context.Context, r *resolver, ahead int64, items []planner.WriteItem) *loader {
	t.Helper()
	l := newLoader(ctx, r, ahead)
	for _, it := range items {
		if err := l.add(it); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// TestLoaderOrderAndBound: items come in the order of adding, and what is
// resolved at one time is within the bound, or one item.
func TestLoaderOrderAndBound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.Int64Range(0, 40), 0, 30).Draw(rt, "sizes")
		bound := rapid.Int64Range(0, 60).Draw(rt, "bound")
		r := &resolver{}
		l := filledLoader(t, context.Background(), r, bound, sized(sizes...))
		defer l.close()
		i := 0
		for it, data := range l.values() {
			if want := fmt.Sprint("item", i); data != want || it.Index.FQN != want {
				rt.Fatalf("%v with %v, want %s", it.Index.FQN, data, want)
			}
			r.ahead.Add(-sizes[i])
			i++
		}
		if l.err != nil || i != len(sizes) {
			rt.Fatalf("%d of %d items, %v", i, len(sizes), l.err)
		}
		largest := int64(0)
		for _, n := range sizes {
			largest = max(largest, n)
		}
		if most := r.most.Load(); most > max(bound, largest) {
			rt.Fatalf("%d bytes were resolved at once, the bound is %d and the largest item %d", most, bound, largest)
		}
	})
}

// TestLoaderLooksAhead: while the writer is at one item the next ones are
// resolved, as far as the bound goes.
func TestLoaderLooksAhead(t *testing.T) {
	for _, c := range []struct{ bound, want int64 }{{1, 1}, {10, 1}, {20, 2}, {35, 3}, {1000, 6}} {
		synctest.Test(t, func(t *testing.T) {
			r := &resolver{delay: time.Hour} // slow; the clock is the bubble's
			l := filledLoader(t, t.Context(), r, c.bound, sized(10, 10, 10, 10, 10, 10))
			defer l.close()
			for range l.values() {
				time.Sleep(1000 * time.Hour)
				if got := r.calls.Load(); got != c.want {
					t.Errorf("bound %d: %d items resolved while the first is written, want %d", c.bound, got, c.want)
				}
				break
			}
		})
	}
}

func TestLoaderError(t *testing.T) {
	r := &resolver{fail: "item2"}
	l := filledLoader(t, t.Context(), r, 100, sized(1, 1, 1, 1))
	defer l.close()
	n := 0
	for range l.values() {
		n++
	}
	if n != 2 || !errors.Is(l.err, errResolve) {
		t.Errorf("%d items, %v", n, l.err)
	}
	if r.calls.Load() != 3 {
		t.Errorf("%d calls: what comes after the failure was resolved", r.calls.Load())
	}
}

// TestLoaderCancelled: the context ends loading, and an early end is never
// taken for the end of the items.
func TestLoaderCancelled(t *testing.T) {
	for after := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		l := filledLoader(t, ctx, &resolver{}, 1, sized(1, 1, 1, 1, 1))
		n := 0
		if after == 0 {
			cancel()
		}
		for range l.values() {
			if n++; n == after {
				cancel()
			}
		}
		cancel()
		l.close()
		if n < 5 && !errors.Is(l.err, context.Canceled) {
			t.Errorf("%d items and %v", n, l.err)
		}
	}
}

// TestLoaderClose ends loading at every point; goroutines that stay are a
// deadlock of the bubble.
func TestLoaderClose(t *testing.T) {
	for stop := range 6 {
		synctest.Test(t, func(t *testing.T) {
			r := &resolver{delay: time.Second}
			l := filledLoader(t, t.Context(), r, 2, sized(1, 1, 1, 1, 1))
			if stop > 0 {
				n := 0
				for range l.values() {
					if n++; n == stop {
						break
					}
				}
			}
			l.close()
			calls := r.calls.Load()
			time.Sleep(time.Hour)
			if r.calls.Load() != calls || stop == 0 && calls != 0 {
				t.Errorf("stopped after %d: %d calls before close returned, %d in the end", stop, calls, r.calls.Load())
			}
		})
	}
}

func TestLoaderAddAfterStart(t *testing.T) {
	l := filledLoader(t, t.Context(), &resolver{}, 1, sized(1))
	defer l.close()
	next := l.values()
	if err := l.add(sized(1)[0]); err == nil || err.Error() != "cannot add items after loading started" {
		t.Errorf("got %v", err)
	}
	for range next {
		continue
	}
	if err := l.add(sized(1)[0]); !errors.Is(err, errLoaderStarted) {
		t.Errorf("after the end: %v", err)
	}
}
