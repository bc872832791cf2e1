package fsbase_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// A backend of parts keeps the contract, whatever their size.
func TestConformanceOfParts(t *testing.T) {
	for _, size := range []int{1000, 70_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			conformance.Run(t, conformance.Harness{
				New:     func(testing.TB) fsbase.FileSystemBase { return newPartFS(size) },
				Residue: func(_ testing.TB, fsys fsbase.FileSystemBase) []string { return fsys.(*partFS).residue() },
				Limits:  conformance.Limits{LargeSize: 1 << 20, Rounds: 50},
			})
		})
	}
}

func TestPartReader(t *testing.T) {
	whole := []byte("0123456789")
	gone := errors.New("gone")
	part := func(_ context.Context, n int64) ([]byte, error) {
		if n == 7 {
			return nil, gone
		}
		return whole[n*4 : min(len(whole), int(n)*4+4)], nil
	}
	for _, c := range []struct {
		name   string
		size   int64
		off    int64
		want   string
		length int
		err    error
	}{
		{"within a part", 10, 1, "12", 2, nil},
		{"over parts", 10, 2, "234567", 6, nil},
		{"all", 10, 0, "0123456789", 10, nil},
		{"past the end", 10, 8, "89", 3, io.EOF},
		{"at the end", 10, 10, "", 1, io.EOF},
		{"nothing", 10, 10, "", 0, nil},
		{"before the beginning", 10, -1, "", 1, fs.ErrInvalid},
		{"a part too short", 11, 4, "4567", 6, io.ErrUnexpectedEOF},
		{"a part too long", 9, 0, "01234567", 9, io.ErrUnexpectedEOF},
		{"a part that is gone", 40, 28, "", 1, gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := fsbase.NewPartReader(t.Context(), fsbase.Info{Path: "a", Size: c.size}, 4, part)
			p := make([]byte, c.length)
			n, err := r.ReadAt(p, c.off)
			if string(p[:n]) != c.want || !errors.Is(err, c.err) {
				t.Errorf("%q, %v, want %q, %v", p[:n], err, c.want, c.err)
			}
			if err != nil && err != io.EOF {
				wantIs(t, err)
			}
		})
	}
}

func TestPartsOfNoSizePanic(t *testing.T) {
	for name, f := range map[string]func(){
		"writer": func() { fsbase.NewPartWriter(t.Context(), "a", fsbase.Parts{}) },
		"reader": func() { fsbase.NewPartReader(t.Context(), fsbase.Info{}, 0, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a %s of parts of 0 bytes", name)
				}
			}()
			f()
		}()
	}
}
