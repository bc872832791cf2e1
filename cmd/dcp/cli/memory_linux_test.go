//go:build !race

// The race detector takes several times the memory.

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// maxPeak is what verifying bad input may take, in bytes.
const maxPeak = 256 << 20

// measured is the command dcp that ends by writing the most memory that it had
// into the file that $DCP_PEAK names.
func measured() {
	n := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)
	b, err := os.ReadFile("/proc/self/status")
	if err == nil {
		err = os.WriteFile(os.Getenv("DCP_PEAK"), b, 0o666)
	}
	if err != nil {
		panic(err)
	}
	os.Exit(n)
}

func init() { commands["dcp-measured"] = measured }

func TestVerifyMemory(t *testing.T) {
	dirs := map[string]string{}
	for _, name := range samples(t, "hostile") {
		dirs[name] = filepath.Join(testdata, "hostile", name)
	}
	for name, c := range bombs() {
		dirs[name] = c.write(t)
	}
	for name, dir := range dirs {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // against hanging only
			defer cancel()
			peakFile := filepath.Join(t.TempDir(), "status")
			cmd := exec.CommandContext(ctx, "dcp-measured", "verify", dir)
			cmd.Env = append(os.Environ(), "DCP_PEAK="+peakFile)
			start := time.Now()
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			peak := vmHWM(t, peakFile)
			t.Logf("%d MiB, %v", peak>>20, time.Since(start).Round(time.Millisecond))
			if peak > maxPeak {
				t.Errorf("%d MiB\n%s", peak>>20, out)
			}
		})
	}
}

func vmHWM(t *testing.T, file string) int64 {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// bombs unpack to much more than they are.
func bombs() map[string]*craft {
	zeros := func(n int64, o ...zstd.EOption) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, o...)
		if err != nil {
			panic(err)
		}
		block := make([]byte, 1<<20)
		for ; n > 0; n -= int64(len(block)) {
			w.Write(block)
		}
		w.Close()
		return b.Bytes()
	}
	packed := descriptors("stream.zstd/1")
	// many items, each the whole of a file.
	group := func(many int, item []byte, entry func() op, offset func() any) *craft {
		c := newCraft()
		c.state, c.storage, c.planner, c.item = nil, nil, nil, nil
		for i := range many {
			fqn, file := fmt.Sprintf("w%d", i), fmt.Sprintf("__%d_0.distcp", i)
			c.state = append(c.state, [2]any{fqn, entry()})
			c.storage = append(c.storage, [2]any{indexOf(fqn, offset()), infoOf(file, 0, len(item), packed)})
			c.files[file] = item
		}
		return c
	}
	object := func() any { return nil }
	tensor := func(rows int) func() op {
		return func() op { return tensorOf(float32Props(), size(rows), chunkOf(size(0), size(rows))) }
	}
	origin := func() any { return size(0) }
	medium, wide := zeros(100<<20), zeros(200<<20, zstd.WithWindowSize(64<<20))
	text := strings.Repeat("\x8c\x00", 30<<20) // a pickle of empty strings
	deflated := zipItem([]entry{{name: "data.pkl", data: []byte("\x80\x04" + text + "."), method: 8}, {name: "version", data: []byte("3\n")}})
	return map[string]*craft{
		"many objects of 100 MiB":      group(16, medium, bytesMeta, object),
		"many tensors of 100 MiB":      group(16, medium, tensor(25<<20), origin),
		"a window of 64 MiB":           group(4, wide, bytesMeta, object),
		"a pickle of 60 MiB, deflated": newCraft().object(deflated),
	}
}
