package dcp_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

// FuzzCheckpoint opens any metadata with any data file and reads everything:
// nothing may panic, and a tensor that is returned has the size that was asked.
func FuzzCheckpoint(f *testing.F) {
	for _, name := range []string{"fixtures/raw_minimal", "fixtures/basic", "fixtures/zstd", "fixtures/strided", "hostile/z02_crc_zero", "hostile/d06_overlapping_items"} {
		dir := filepath.Join("../testdata", name)
		md, err := os.ReadFile(filepath.Join(dir, ".metadata"))
		if err != nil {
			f.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "__0_0.distcp"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(md, data)
	}
	f.Fuzz(func(t *testing.T, md, data []byte) {
		ctx := context.Background()
		fsys := memfs.New()
		store(t, fsys, ".metadata", md)
		store(t, fsys, "__0_0.distcp", data)
		ck, err := dcp.OpenFS(ctx, fsys, dcp.OpenOptions{Limits: dcp.Limits{Item: 1 << 20}})
		if err != nil {
			if ckpterr.ClassOf(err) == "" {
				t.Fatalf("error without a class: %v", err)
			}
			return
		}
		for fqn, e := range ck.Entries() {
			if !e.IsTensor {
				ck.Value(ctx, fqn) //nolint:errcheck // must only not panic
				continue
			}
			if e.Bytes > 1<<20 {
				continue
			}
			x, err := ck.Tensor(ctx, fqn)
			if err == nil && x.NumBytes() != e.Bytes {
				t.Fatalf("%q has %d bytes, want %d", fqn, x.NumBytes(), e.Bytes)
			}
		}
		for _, rec := range ck.Records() {
			ck.CheckItem(ctx, rec) //nolint:errcheck // must only not panic
		}
	})
}

// FuzzDecodeValue decodes any archive to plain values and renders them.
func FuzzDecodeValue(f *testing.F) {
	for _, name := range []string{"nested", "user_class", "planner_none"} {
		ck, err := dcp.Open(context.Background(), "../testdata/fixtures/"+name)
		if err != nil {
			f.Fatal(err)
		}
		for fqn, e := range ck.Entries() {
			if e.IsTensor {
				continue
			}
			b, err := ck.Bytes(context.Background(), fqn)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := dcp.DecodeValue(b)
		if err != nil {
			return
		}
		if _, err := dcp.AppendJSON(nil, v); err != nil {
			t.Fatalf("decoded and cannot be rendered: %v", err)
		}
	})
}
