package fsbase_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// TestExampleBackend: the backend of example_backend_test.go, its whole code,
// keeps the contract.
func TestExampleBackend(t *testing.T) {
	src, err := os.ReadFile("example_backend_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(src), "// KVFS is")
	lines := 0
	for line := range strings.Lines(code) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines > 80 {
		t.Errorf("a simple backend takes %d lines", lines)
	}
	conformance.Run(t, conformance.Harness{
		New: func(testing.TB) fsbase.FileSystemBase { return &KVFS{KV: &mapKV{}} },
		Reopen: func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return &KVFS{KV: fsys.(*KVFS).KV}
		},
	})
}

// mapKV is a KV in memory.
type mapKV struct {
	mu     sync.Mutex
	last   int64
	values map[string]value
}

type value struct {
	b   []byte
	rev int64
}

func (kv *mapKV) Get(_ context.Context, key string) ([]byte, int64, bool, error) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	v, ok := kv.values[key]
	return v.b, v.rev, ok, nil
}

func (kv *mapKV) Put(_ context.Context, key string, b []byte, onlyIfAbsent bool) (int64, bool, error) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	if _, ok := kv.values[key]; ok && onlyIfAbsent {
		return 0, false, nil
	}
	kv.last++
	if kv.values == nil {
		kv.values = map[string]value{}
	}
	kv.values[key] = value{b, kv.last}
	return kv.last, true, nil
}

func (kv *mapKV) Delete(_ context.Context, key string) error {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	maps.DeleteFunc(kv.values, func(k string, _ value) bool { return k == key })
	return nil
}

func ExampleMux() {
	ctx := context.Background()
	var mux fsbase.Mux
	RegisterKV(&mux, func(string) (KV, error) { return &mapKV{}, nil })

	fsys, err := mux.Open(ctx, "kv://host")
	if err != nil {
		panic(err)
	}
	fsbase.WriteFile(ctx, fsys, "step-1/.metadata", []byte("…"))
	_, err = fsbase.Stat(ctx, fsys, "step-1/.metadata")
	fmt.Println(err)

	_, err = mux.Open(ctx, "kv://user:secret@host/?colour=red")
	fmt.Println(err)
	_, err = mux.Open(ctx, "s3://bucket/run")
	fmt.Println(err)
	// Output:
	// <nil>
	// open kv://host/: scheme "kv" has no parameter "colour": it has none
	// open s3://bucket/run: no backend for scheme "s3": there are kv; an import may be missing: import _ "github.com/godcp/godcp/backends/s3"
}

func ExampleAs() {
	fsys := &KVFS{KV: &mapKV{}}
	_, canCreate := fsbase.As[fsbase.ExclusiveCreator](fsys)
	_, canSwap := fsbase.As[fsbase.Swapper](fsys)
	fmt.Println(canCreate, canSwap)

	_, err := fsbase.CreateSwap(context.Background(), fsys, "latest", "7")
	fmt.Println(err, errors.Is(err, errors.ErrUnsupported))
	// Output:
	// true false
	// create swap latest: unsupported operation true
}
