package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/fsbase"
)

// A writer that changes files in place, as others than this package do, is
// noticed: what was pinned is gone.
func TestChangedInPlace(t *testing.T) {
	old := strings.Repeat("old ", 1000)
	for what, change := range map[string]func(name string) error{
		"shorter": func(name string) error { return os.Truncate(name, 10) },
		"empty":   func(name string) error { return os.Truncate(name, 0) },
		"longer": func(name string) error {
			file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = file.WriteString("more")
			return err
		},
		"other bytes": func(name string) error {
			file, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = file.WriteString("new ")
			return errors.Join(err, os.Chtimes(name, time.Time{}, time.Now().Add(time.Second)))
		},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFS(t)
			pin := put(t, f, "x", old).Version
			r, err := f.OpenStream(t.Context(), "x")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if err := change(f.path("x")); err != nil {
				t.Fatal(err)
			}
			for _, off := range []int64{0, 5, 100} {
				n, err := r.ReadAt(make([]byte, 20), off)
				wantErr(t, "ReadAt", err, fsbase.ErrChanged)
				if n != 0 {
					t.Errorf("ReadAt gives %d bytes of a mixture", n)
				}
			}
			_, err = f.ReadRanges(t.Context(), "x", pin, []fsbase.Range{{Offset: 1, Dst: make([]byte, 4)}})
			wantErr(t, "ReadRanges", err, fsbase.ErrChanged)
			_, err = f.ReadRanges(t.Context(), "x", pin, nil)
			wantErr(t, "ReadRanges of nothing", err, fsbase.ErrChanged)
			_, err = write(f.CreateSwap(t.Context(), "x", pin))("swapped")
			wantErr(t, "CreateSwap", err, fsbase.ErrPrecondition)
		})
	}
}

// What a reader has open stays as it was while its name goes elsewhere.
func TestOpenFileOutlivesName(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "old")
	r, err := f.OpenStream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, op := range []string{"CreateStream", "Upload", "Rename from", "RmFile"} {
		_ = calls[op](t.Context(), f, "x", "y")
		got, err := io.ReadAll(io.NewSectionReader(r, 0, 100))
		if string(got) != "old" || err != nil {
			t.Errorf("after %s: %q, %v", op, got, err)
		}
	}
}

func TestReadRanges(t *testing.T) {
	f := newFS(t)
	whole := strings.Repeat("0123456789", 500)
	info := put(t, f, "x", whole)
	rapid.Check(t, func(rt *rapid.T) {
		var ranges []fsbase.Range
		var wants []string
		for range rapid.IntRange(0, 8).Draw(rt, "ranges") {
			off := rapid.IntRange(0, len(whole)).Draw(rt, "offset")
			n := rapid.IntRange(0, len(whole)-off).Draw(rt, "length")
			ranges = append(ranges, fsbase.Range{Offset: int64(off), Dst: make([]byte, n)})
			wants = append(wants, whole[off:off+n])
		}
		got, err := f.ReadRanges(context.Background(), "x", info.Version, ranges)
		if err != nil || cmp.Diff(info, got) != "" {
			rt.Fatalf("%+v, %v", got, err)
		}
		for i, r := range ranges {
			if string(r.Dst) != wants[i] {
				rt.Fatalf("range %d is %q; want %q", i, r.Dst, wants[i])
			}
		}
	})
	for _, r := range []fsbase.Range{{Offset: 4999, Dst: make([]byte, 2)}, {Offset: 5001}, {Offset: 1<<63 - 1, Dst: make([]byte, 9)}} {
		_, err := f.ReadRanges(t.Context(), "x", "", []fsbase.Range{r})
		wantErr(t, "a range past the end", err, io.ErrUnexpectedEOF)
	}
	_, err := f.ReadRanges(t.Context(), "x", "", []fsbase.Range{{Offset: -1}})
	wantErr(t, "a negative offset", err, fs.ErrInvalid)
}

// Two commits never have one version, however fast they follow each other and
// although inodes are used again.
func TestVersionsDiffer(t *testing.T) {
	f := newFS(t).WithoutSync().(*FS)
	seen := map[fsbase.Version]int{}
	for i := range 2000 {
		v := put(t, f, "x", "same size").Version
		if j, ok := seen[v]; ok {
			t.Fatalf("commits %d and %d are both %q", j, i, v)
		}
		seen[v] = i
		if err := f.RmFile(t.Context(), "x"); i%2 == 0 && err != nil {
			t.Fatal(err)
		}
	}
}

// The time of a commit is that of a clock which does not stand still, as the
// kernel's does: with it versions differ on every kernel.
func TestTimeOfCommit(t *testing.T) {
	f := newFS(t).WithoutSync().(*FS)
	for range 300 {
		before := time.Now()
		if got := put(t, f, "x", "y").ModTime; got.Before(before.Round(0).Truncate(100)) {
			t.Fatalf("committed %v before it began", before.Sub(got))
		}
	}
}
