package local

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// helper is what a second process does in the folder root.
func helper(part, root string) error {
	f, err := New(root)
	if err != nil {
		return err
	}
	f = f.WithoutSync().(*FS)
	switch part {
	case "count":
		return count(f)
	case "overwrite":
		return overwrite(f)
	}
	return fmt.Errorf("no part %q", part)
}

// generation is a content that shows when it is not whole.
func generation(i int) string {
	return strings.Repeat(fmt.Sprintf("%07d\n", i), 1<<14) + "end"
}

// overwrite replaces one stream for as long as it is left alive, in every way
// that there is.
func overwrite(f *FS) error {
	ctx := context.Background()
	for i := 0; ; i++ {
		data := generation(i)
		var err error
		switch i % 3 {
		case 0:
			_, err = write(f.CreateStream(ctx, "dir/x"))(data)
		case 1:
			_, err = f.Upload(ctx, "dir/x", strings.NewReader(data), int64(len(data)), fsbase.Condition{})
		case 2:
			var info fsbase.Info
			if info, err = f.Stat(ctx, "dir/x"); err == nil {
				_, err = write(f.CreateSwap(ctx, "dir/x", info.Version))(data)
			}
		}
		if err != nil {
			return err
		}
		if i == 0 {
			fmt.Println("begun")
		}
	}
}

func TestKilledWriterLeavesOldOrNew(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	f, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 50 {
		cmd := exec.Command(os.Args[0], root)
		cmd.Env = append(os.Environ(), helperEnv+"=overwrite")
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("the writer did not begin: %v", err)
		}
		time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()

		got, err := get(t.Context(), f, "dir/x")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		var i int
		if _, err := fmt.Sscanf(got, "%d", &i); err != nil || got != generation(i) {
			t.Fatalf("round %d: %d bytes that nobody wrote, beginning with %.20q", round, len(got), got)
		}
		for info, err := range f.List(t.Context(), "") {
			if err != nil || info.Path != "dir/x" {
				t.Fatalf("round %d: listed %q, %v", round, info.Path, err)
			}
		}
	}
	// The lock of the dead is free.
	info, err := f.Stat(t.Context(), "dir/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(f.CreateSwap(t.Context(), "dir/x", info.Version))("swapped"); err != nil {
		t.Error(err)
	}
}
