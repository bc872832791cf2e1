package metadata

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkDecode decodes the `.metadata` of 8000 tensors in 64 chunks each,
// and compares with Python's pickle.load of the same file, turn by turn:
//
//	GODCP_PYTHON=/path/to/python-with-torch go test -run '^$' -bench Decode -benchtime 5x ./dcp/metadata
//
// It reports the medians of five: the decode in ms, how many times faster it
// is than Python with its garbage collector on and off, and the peak memory of
// a process that reads the file and decodes it, in sizes of the file.
func BenchmarkDecode(b *testing.B) {
	data := generate(8000, 64)
	file := filepath.Join(b.TempDir(), Name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if runtime.GOOS == "linux" {
		b.ReportMetric(float64(decodeInChild(b, file))/float64(len(data)), "peak/file")
	}
	if python := os.Getenv("GODCP_PYTHON"); python != "" {
		comparePython(b, python, file, data)
	}
}

func comparePython(b *testing.B, python, file string, data []byte) {
	load := startPython(b, python, file)
	var ours, on, off []float64
	for range 5 {
		on = append(on, load("on"))
		ours = append(ours, timeDecode(b, data))
		off = append(off, load("off"))
		ours = append(ours, timeDecode(b, data))
	}
	median := func(s []float64) float64 { slices.Sort(s); return (s[(len(s)-1)/2] + s[len(s)/2]) / 2 }
	b.ReportMetric(1000*median(ours), "decode-ms")
	b.ReportMetric(median(on)/median(ours), "×python")
	b.ReportMetric(median(off)/median(ours), "×python-nogc")
}

func timeDecode(b *testing.B, data []byte) float64 {
	runtime.GC()
	start := time.Now()
	if _, err := Decode(data); err != nil {
		b.Fatal(err)
	}
	return time.Since(start).Seconds()
}

const pythonLoader = `
import gc, pickle, sys, time
import torch.distributed.checkpoint.metadata, torch.distributed.checkpoint.filesystem
for line in sys.stdin:
    gc.collect()
    (gc.enable if line.strip() == "on" else gc.disable)()
    with open(sys.argv[1], "rb") as f:
        start = time.perf_counter()
        m = pickle.load(f)
        took = time.perf_counter() - start
    assert type(m) is torch.distributed.checkpoint.metadata.Metadata and len(m.storage_data) == 512000
    del m
    print(took, flush=True)
`

// startPython returns a function that lets a Python process load the file with
// its garbage collector on or off, and returns the seconds it took.
func startPython(b *testing.B, python, file string) func(gc string) float64 {
	cmd := exec.Command(python, "-c", pythonLoader, file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	lines := bufio.NewReader(out)
	return func(gc string) float64 {
		if _, err := io.WriteString(in, gc+"\n"); err != nil {
			b.Fatal(err)
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			b.Fatal(err)
		}
		return seconds
	}
}

// childFile makes the test binary a process that only decodes that file.
const childFile = "GODCP_DECODE_CHILD"

// TestDecodeMemory measures from outside what decoding takes at its peak, the
// file's own bytes included.
func TestDecodeMemory(t *testing.T) {
	if file := os.Getenv(childFile); file != "" {
		before := peakMemory(t)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("PEAK", peakMemory(t)-before)
		runtime.KeepAlive(m)
		return
	}
	if runtime.GOOS != "linux" {
		t.Log("the peak is only known on Linux")
		return
	}
	data := generate(2000, 64)
	file := filepath.Join(t.TempDir(), Name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if peak := decodeInChild(t, file); peak > 5*int64(len(data)) && !raceEnabled {
		t.Errorf("a file of %d bytes took %d", len(data), peak)
	}
}

func decodeInChild(t testing.TB, file string) int64 {
	cmd := exec.Command(os.Args[0], "-test.run=^TestDecodeMemory$")
	cmd.Env = append(os.Environ(), childFile+"="+file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var peak int64
	if _, err := fmt.Sscanf(string(out), "PEAK %d", &peak); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return peak
}

// peakMemory is the most that this process has had resident, in bytes.
func peakMemory(t *testing.T) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
