package fsbase_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

func TestNewReadStream(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name   string
		size   int64
		off    int64
		ask    int
		fill   func(p []byte, off int64) (int, error)
		want   int
		is     error
		called string // with which offset and length
	}{
		{"inside", 10, 2, 3, nil, 3, nil, "2+3"},
		{"over the end", 10, 8, 5, nil, 2, io.EOF, "8+2"},
		{"at the end", 10, 10, 5, nil, 0, io.EOF, ""},
		{"behind the end", 10, 99, 5, nil, 0, io.EOF, ""},
		{"nothing", 10, 2, 0, nil, 0, nil, ""},
		{"nothing of nothing", 0, 0, 0, nil, 0, nil, ""},
		{"before the beginning", 10, -1, 5, nil, 0, fs.ErrInvalid, ""},
		{"an error", 10, 0, 5, func([]byte, int64) (int, error) { return 2, broken }, 2, broken, "0+5"},
		{"too little", 10, 0, 5, func([]byte, int64) (int, error) { return 2, nil }, 2, io.ErrUnexpectedEOF, "0+5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			called := ""
			r := fsbase.NewReadStream(t.Context(), fsbase.Info{Path: "a", Size: tt.size}, func(p []byte, off int64) (int, error) {
				called = fmt.Sprintf("%d+%d", off, len(p))
				if tt.fill != nil {
					return tt.fill(p, off)
				}
				return len(p), nil
			})
			n, err := r.ReadAt(make([]byte, tt.ask), tt.off)
			if n != tt.want || !errors.Is(err, tt.is) || called != tt.called {
				t.Errorf("%d, %v; fill was called for %q", n, err, called)
			}
			var pe *fs.PathError
			if err != nil && err != io.EOF && (!errors.As(err, &pe) || pe.Path != "a" || pe.Op != "read") {
				t.Errorf("%v lacks its path", err)
			}
		})
	}
}

func TestNewReadStreamEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := fsbase.NewReadStream(ctx, fsbase.Info{Path: "a", Size: 10}, func(p []byte, _ int64) (int, error) { return len(p), nil })
	cancel()
	if n, err := r.ReadAt(make([]byte, 3), 0); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("under a done context: %d, %v", n, err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if n, err := r.ReadAt(make([]byte, 3), 0); n != 0 || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %d, %v", n, err)
	}
}

// A storage that has a call for the bytes from one offset to another.
func ExampleNewReadStream() {
	stored := "stored somewhere"
	info := fsbase.Info{Path: "a", Size: int64(len(stored)), Version: "1"}
	r := fsbase.NewReadStream(context.Background(), info, func(p []byte, off int64) (int, error) {
		return copy(p, stored[off:off+int64(len(p))]), nil
	})
	defer r.Close()
	buf := make([]byte, 20)
	n, err := r.ReadAt(buf, 7)
	fmt.Printf("%q %v\n", buf[:n], err)
	// Output: "somewhere" EOF
}
