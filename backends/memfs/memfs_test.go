package memfs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func TestOpen(t *testing.T) {
	open := func(raw string) fsbase.FileSystemBase {
		t.Helper()
		fsys, err := fsbase.Open(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		return fsys
	}
	put(t, open("mem://TestOpen"), "run/a", "shared")
	put(t, open("mem://"), "run/a", "private")
	for raw, want := range map[string]string{
		"mem://TestOpen":         "shared",
		"MEM://TestOpen/":        "shared",
		"mem://TestOpen/run/..x": "absent",
		"mem://testopen":         "absent",
		"mem://":                 "absent",
		"mem:///":                "absent",
	} {
		if got := get(t, open(raw), "run/a"); got != want {
			t.Errorf("%s has %q, want %q", raw, got, want)
		}
	}
	for _, raw := range []string{"mem://TestOpen/run", "mem://TestOpen//run/"} {
		if got := get(t, open(raw), "a"); got != "shared" {
			t.Errorf("%s has %q", raw, got)
		}
	}
	if got := get(t, memfs.Named("TestOpen"), "run/a"); got != "shared" {
		t.Errorf("Named has %q", got)
	}
	var mux fsbase.Mux
	memfs.Register(&mux)
	fsys, err := mux.Open(t.Context(), "mem://TestOpen")
	if err != nil || get(t, fsys, "run/a") != "shared" {
		t.Errorf("another mux: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	f := memfs.New()
	for _, raw := range []string{
		"mem://u:secret@x", "mem://x?token=secret", "mem://x#secret", "mem://x/../y", "mem://x/a//b", "mem://x/a/./b",
	} {
		_, open := fsbase.Open(t.Context(), raw)
		for _, err := range []error{open, f.ValidateCheckpointID(raw), fsbase.DefaultMux.ValidateCheckpointID(raw)} {
			var pe *fs.PathError
			if !errors.As(err, &pe) || !errors.Is(err, fs.ErrInvalid) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", raw, err)
			}
		}
	}
	for raw, ok := range map[string]bool{
		"mem://": true, "mem://x/a": true, "MEM://x": true,
		"": false, "x": false, "/x": false, "s3://x": false, "mem:x": false, "mem://%zz": false, "mem://u:secret%@x": false,
	} {
		err := f.ValidateCheckpointID(raw)
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("ValidateCheckpointID(%q): %v", raw, err)
		}
	}
}

// A reader keeps what it opened, and shares its memory.
func TestReadersPin(t *testing.T) {
	f := memfs.New()
	info := put(t, f, "a", "first")
	r, err := f.OpenStream(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put(t, f, "a", "second")
	if err := f.Rename(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := r.ReadAt(b, 0); err != nil || string(b) != "first" || r.Info() != info {
		t.Errorf("%q, %v, %+v", b, err, r.Info())
	}
	put(t, f, "big", strings.Repeat("x", 1<<20))
	allocs := testing.AllocsPerRun(20, func() {
		r, err := f.OpenStream(context.Background(), "big")
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if _, err := f.Copy(context.Background(), "big", "copy", fsbase.Condition{}); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 50 {
		t.Errorf("opening and copying allocates %v times", allocs)
	}
}

// Versions are never used twice, not by clones either.
func TestVersionsAreUnique(t *testing.T) {
	f := memfs.New()
	seen := map[fsbase.Version]bool{}
	for i := range 50 {
		for _, fsys := range []fsbase.FileSystemBase{f, f.Crash(), memfs.New(), f.WithoutSync()} {
			v := put(t, fsys, "a", fmt.Sprint(i)).Version
			if v == "" || seen[v] {
				t.Fatalf("version %q again", v)
			}
			seen[v] = true
		}
	}
}

func TestUploadOfLyingSize(t *testing.T) {
	f := memfs.New()
	// A size that the source does not have is found out before it is allocated.
	_, err := f.Upload(t.Context(), "a", strings.NewReader("four"), 1<<62, fsbase.Condition{})
	if err == nil || get(t, f, "a") != "absent" {
		t.Errorf("Upload: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	src := cancelling{strings.NewReader(strings.Repeat("x", 20<<20)), cancel}
	_, err = f.Upload(ctx, "a", src, 20<<20, fsbase.Condition{})
	if !errors.Is(err, context.Canceled) || get(t, f, "a") != "absent" {
		t.Errorf("cancelled in the middle: %v", err)
	}
}

// cancelling cancels when it is read.
type cancelling struct {
	*strings.Reader
	cancel func()
}

func (c cancelling) ReadAt(p []byte, off int64) (int, error) {
	c.cancel()
	return c.Reader.ReadAt(p, off)
}

// Two savers, one interleaving: both look, then both publish.
func ExampleFS_SetHook() {
	ctx := context.Background()
	f := memfs.New()
	turn := make(chan struct{})
	f.SetHook(func(ctx context.Context, op memfs.Op) error {
		if op.Stream == 1 && op.Kind == memfs.OpCommit && op.Phase == memfs.Before {
			<-turn // the first saver waits with its commit for the second
		}
		return nil
	})
	first := make(chan error)
	w, _ := f.CreateExclusive(ctx, ".metadata") // stream 1
	go func() {
		_, err := w.Commit()
		first <- err
	}()
	_, second := fsbase.Publish(ctx, f, ".metadata", []byte("second"), fsbase.IfAbsent())
	close(turn)
	fmt.Println(second, errors.Is(<-first, fs.ErrExist))
	// Output: <nil> true
}

func ExampleFS_Crash() {
	ctx := context.Background()
	f := memfs.New()
	fsbase.WriteFile(ctx, f, "durable", []byte("x"))
	fsbase.WriteFile(ctx, f.WithoutSync(), "lost", []byte("x"))
	for info := range f.Crash().List(ctx, "") {
		fmt.Println(info.Path)
	}
	// Output: durable
}
