package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// vectorState is one tensor of n equal elements.
func vectorState(t testing.TB, n int, v float32) (map[string]any, []float32) {
	t.Helper()
	data := make([]float32, n)
	for i := range data {
		data[i] = v
	}
	x, err := tensor.FromSlice(data, int64(n))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"x": x, "list": []any{"a", []any{1}}}, data
}

func loadVector(t testing.TB, url string) []float32 {
	t.Helper()
	ck, err := dcp.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	x, err := ck.Tensor(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	data, err := tensor.Data[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAsyncSaveIsASnapshot changes everything as soon as AsyncSave returns.
func TestAsyncSaveIsASnapshot(t *testing.T) {
	const url = "mem://snapshot"
	state, data := vectorState(t, 1000, 1)
	release := make(chan struct{})
	memfs.Named("snapshot").SetHook(func(ctx context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpCreate && op.Phase == memfs.Before {
			<-release
		}
		return nil
	})
	defer memfs.Named("snapshot").SetHook(nil)
	h, err := dcp.AsyncSave(t.Context(), url, state, dcp.AsyncSaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = 2
	}
	state["list"].([]any)[0] = "changed"
	close(release)
	if _, err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, v := range loadVector(t, url) {
		if v != 1 {
			t.Fatalf("element %d is %v", i, v)
		}
	}
	ck, err := dcp.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ck.Value(t.Context(), "list"); err != nil || v.([]any)[0] != "a" {
		t.Errorf("list is %v, %v", v, err)
	}
}

// TestAsyncSaveBusy starts a save while another to the same place is held.
func TestAsyncSaveBusy(t *testing.T) {
	const url = "mem://busy"
	release := make(chan struct{})
	memfs.Named("busy").SetHook(func(context.Context, memfs.Op) error { <-release; return nil })
	defer memfs.Named("busy").SetHook(nil)
	state, _ := vectorState(t, 10, 1)
	o := dcp.AsyncSaveOptions{SaveOptions: dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: true}}}
	first, err := dcp.AsyncSave(t.Context(), url, state, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Busy = dcp.BusySkip
	if h, err := dcp.AsyncSave(t.Context(), url, state, o); h != nil || err != nil {
		t.Errorf("skip: %v, %v", h, err)
	}
	o.Busy = dcp.BusyFail
	if _, err := dcp.AsyncSave(t.Context(), url, state, o); !errors.Is(err, dcp.ErrSaveInFlight) {
		t.Errorf("fail: %v", err)
	}
	o.Busy = dcp.BusyWait
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dcp.AsyncSave(short, url, state, o); !errors.Is(err, context.Canceled) {
		t.Errorf("wait with a context that is done: %v", err)
	}
	close(release)
	second, err := dcp.AsyncSave(t.Context(), url, state, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []*dcp.SaveHandle{first, second} {
		if _, err := h.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestAsyncSaveErrorsAreNotLost saves without ever waiting.
func TestAsyncSaveErrorsAreNotLost(t *testing.T) {
	const url = "mem://lost"
	boom := errors.New("boom")
	memfs.Named("lost").SetHook(func(context.Context, memfs.Op) error { return boom })
	state, _ := vectorState(t, 10, 1)
	h, err := dcp.AsyncSave(t.Context(), url, state, dcp.AsyncSaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	<-h.Done()
	memfs.Named("lost").SetHook(nil)
	if _, err := dcp.AsyncSave(t.Context(), url, state, dcp.AsyncSaveOptions{}); !errors.Is(err, boom) {
		t.Errorf("the next save says %v", err)
	}
	h, err = dcp.AsyncSave(t.Context(), url, state, dcp.AsyncSaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Wait(); err != nil {
		t.Error(err)
	}
}

// collect leaves what is in use: a pool gives up its buffers with the second
// collection only.
func collect() {
	runtime.GC()
	runtime.GC()
}

// TestAsyncSaveThousandTimes looks for growth; goleak watches the package.
func TestAsyncSaveThousandTimes(t *testing.T) {
	const url = "mem://thousand"
	stager := &dcp.BlockingAsyncStager{CacheStagedStateDict: true}
	o := dcp.AsyncSaveOptions{Stager: stager, SaveOptions: dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: true}}}
	var before runtime.MemStats
	var goroutines int
	for i := range 1000 {
		state, data := vectorState(t, 1000, float32(i))
		h, err := dcp.AsyncSave(t.Context(), url, state, o)
		if err != nil {
			t.Fatal(err)
		}
		data[0] = -1
		if i%100 == 0 {
			if _, err := h.Wait(); err != nil {
				t.Fatal(err)
			}
			if got := loadVector(t, url); got[0] != float32(i) || got[999] != float32(i) {
				t.Fatalf("save %d holds %v … %v", i, got[0], got[999])
			}
		}
		if i == 100 {
			collect()
			runtime.ReadMemStats(&before)
			goroutines = runtime.NumGoroutine()
		}
		if i == 999 {
			h.Wait() //nolint:errcheck // told below
		}
	}
	var after runtime.MemStats
	collect()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes in 900 saves", grown)
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	ck, err := dcp.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := ck.Entry("x"); !ok || fmt.Sprint(e.Shape) != "[1000]" {
		t.Errorf("x is %v", e)
	}
}
