package fsbase_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// brokenAt is a source that fails at an offset.
type brokenAt struct {
	io.ReaderAt
	off int64
	err error
}

func (b brokenAt) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.off {
		n, _ := b.ReaderAt.ReadAt(p[:max(0, b.off-off)], off)
		return n, b.err
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestUpload(t *testing.T) {
	boom := errors.New("boom")
	long := strings.Repeat("0123456789abcdef", 200_000) // several parts
	whole := memfs.New()
	for name, fsys := range map[string]fsbase.FileSystemBase{"stream": bare{whole}, "Uploader": whole} {
		for _, size := range []int{0, 1, 1 << 20, 1<<20 + 1, len(long)} {
			info, err := fsbase.Upload(t.Context(), fsys, "a", strings.NewReader(long), int64(size), fsbase.Condition{})
			if err != nil || info.Size != int64(size) || info.Path != "a" {
				t.Errorf("%s of %d bytes: %+v, %v", name, size, info, err)
			}
			if got := get(t, fsys, "a"); got != long[:size] {
				t.Errorf("%s of %d bytes publishes %d others", name, size, len(got))
			}
		}
		for what, c := range map[string]struct {
			src  io.ReaderAt
			want error
		}{
			"fails in the middle": {brokenAt{strings.NewReader(long), 1<<20 + 5, boom}, boom},
			"fails at once":       {brokenAt{strings.NewReader(long), 0, boom}, boom},
			"is too short":        {strings.NewReader(long[:1000]), io.ErrUnexpectedEOF},
			"is empty":            {strings.NewReader(""), io.ErrUnexpectedEOF},
		} {
			_, err := fsbase.Upload(t.Context(), fsys, "b", c.src, int64(len(long)), fsbase.Condition{})
			wantIs(t, err, c.want)
			if got := get(t, fsys, "b"); got != "absent" {
				t.Errorf("%s: a source that %s publishes %d bytes", name, what, len(got))
			}
		}
	}
}

// answer is a source that answers every read alike.
type answer struct {
	n   int
	err error
}

func (a answer) ReadAt([]byte, int64) (int, error) { return a.n, a.err }

func TestReadSource(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		src  answer
		want error
	}{
		{answer{4, nil}, nil},
		{answer{4, io.EOF}, nil},
		{answer{4, boom}, boom}, // as of a source that verifies what it gives
		{answer{3, boom}, boom},
		{answer{3, io.EOF}, io.ErrUnexpectedEOF},
		{answer{3, nil}, io.ErrUnexpectedEOF}, // breaks io.ReaderAt, as the rest
		{answer{0, nil}, io.ErrUnexpectedEOF},
		{answer{5, nil}, io.ErrUnexpectedEOF},
		{answer{-1, nil}, io.ErrUnexpectedEOF},
	} {
		if err := fsbase.ReadSource(c.src, make([]byte, 4), 7); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%+v: %v, want %v", c.src, err, c.want)
		}
		_, err := fsbase.Upload(t.Context(), bare{memfs.New()}, "a", c.src, 4, fsbase.Condition{})
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("Upload of %+v: %v, want %v", c.src, err, c.want)
		}
	}
}
