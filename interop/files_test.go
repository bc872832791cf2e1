package interop

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/godcp/godcp/tensor"
)

// writeFile writes a file and its folder.
func writeFile(t *testing.T, path string, content io.WriterTo) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := content.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// patterned is a tensor whose bytes differ from their neighbours; of a bool
// they are 0 and 1.
func patterned(t *testing.T, d tensor.DType, shape ...int64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.New(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := x.Bytes()
	for i := range b {
		b[i] = byte(i%101 + 1)
		if d == tensor.Bool {
			b[i] &= 1
		}
	}
	return x
}
