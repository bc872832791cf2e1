//go:build unix

package local

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// BenchmarkWrite compares the ways to write a large stream, sync included:
// Upload past the page cache, Upload where that is refused, and a CreateStream
// that is written in blocks.
func BenchmarkWrite(b *testing.B) {
	const size = 512 << 20
	data := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
	run := func(name string, write func(b *testing.B, f *FS) error) {
		b.Run(fmt.Sprintf("%s/MiB=%d", name, size>>20), func(b *testing.B) {
			f, err := New(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(size)
			before := cpu(b)
			for b.Loop() {
				if err := write(b, f); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before)/float64(b.N)/(float64(size)/(1<<30)), "cpu-s/GiB")
		})
	}
	upload := func(b *testing.B, f *FS) error {
		_, err := f.Upload(b.Context(), "x", bytes.NewReader(data), size, fsbase.Condition{})
		return err
	}
	run("direct", upload)
	run("cached", func(b *testing.B, f *FS) error {
		var writes atomic.Int64
		f.around = func(s step, call func() error) error {
			if s == stepWrite && writes.Add(1) == 1 {
				return syscall.EINVAL
			}
			return call()
		}
		return upload(b, f)
	})
	run("stream", func(b *testing.B, f *FS) error {
		w, err := f.CreateStream(b.Context(), "x")
		if err != nil {
			return err
		}
		defer w.Close()
		for off := 0; off < size; off += blockSize {
			if _, err := w.Write(data[off : off+blockSize]); err != nil {
				return err
			}
		}
		_, err = w.Commit()
		return err
	})
}

// cpu returns the seconds of processor time that this process has had.
func cpu(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
