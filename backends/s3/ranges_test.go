package s3

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// Close ranges are one request, far ones are not, and large ones are not made
// larger.
func TestRangeRequests(t *testing.T) {
	data := content(2*partSize + 10)
	tests := []struct {
		name  string
		spans [][2]int // offset, length
		want  int
	}{
		{"none", nil, 1}, // a HEAD
		{"empty", [][2]int{{5, 0}}, 1},
		{"one", [][2]int{{0, 100}}, 1},
		{"adjacent", [][2]int{{100, 100}, {0, 100}, {200, 100}}, 1},
		{"close", [][2]int{{0, 100}, {100 + readThrough, 100}}, 1},
		{"far", [][2]int{{0, 100}, {101 + readThrough, 100}}, 2},
		{"overlapping", [][2]int{{0, 100}, {50, 100}}, 2},
		{"large", [][2]int{{0, partSize}, {partSize, 10}}, 2},
		{"larger than a part", [][2]int{{0, 2 * partSize}}, 1},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Put("run/step/a", string(data))
			var ranges []fsbase.Range
			for _, span := range tt.spans {
				ranges = append(ranges, fsbase.Range{Offset: int64(span[0]), Dst: make([]byte, span[1])})
			}
			info, err := f.ReadRanges(t.Context(), "a", "", ranges)
			if err != nil || info.Size != int64(len(data)) || info.Path != "a" || info.Version == "" {
				t.Errorf("%+v, %v", info, err)
			}
			for _, g := range ranges {
				if !bytes.Equal(g.Dst, data[g.Offset:][:len(g.Dst)]) {
					t.Errorf("%d bytes at %d are others", len(g.Dst), g.Offset)
				}
			}
			if got := len(s.Requests()); got != tt.want {
				t.Errorf("%d requests, want %d", got, tt.want)
			}
		})
	}
}

// Answers that break off somewhere fill the memory of a request all the same.
func TestFill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := content(2000)
		dst := [][]byte{}
		for range rapid.IntRange(1, 10).Draw(t, "slices") {
			dst = append(dst, make([]byte, rapid.IntRange(0, 200).Draw(t, "length")))
		}
		for done := int64(0); done < size(dst); {
			n := rapid.Int64Range(1, size(dst)-done).Draw(t, "answer")
			k, err := fill(bytes.NewReader(data[done:][:n]), dst, done, size(dst))
			if k != n || (err == nil) != (done+n == size(dst)) {
				t.Fatalf("%d of %d bytes, %v", k, n, err)
			}
			done += k
		}
		if got := slices.Concat(dst...); !bytes.Equal(got, data[:len(got)]) {
			t.Fatalf("%d bytes are others", len(got))
		}
	})
}

func TestParts(t *testing.T) {
	for _, size := range []int64{1, partSize, partSize + 1, mostParts * partSize, mostParts*partSize + 1, 1 << 40, maxObject} {
		part := partSizeOf(size)
		if n := (size + part - 1) / part; n > mostParts || part > maxPut || part < partSize {
			t.Errorf("%d bytes in %d parts of %d", size, n, part)
		}
	}
	total, last := int64(0), 0
	for n := 1; n <= mostParts; n++ {
		part := nthPartSize(n)
		if part < last || part > maxPut || n <= evenParts && part != partSize {
			t.Fatalf("part %d of a stream has %d bytes after %d", n, part, last)
		}
		total, last = total+int64(part), part
	}
	if total < maxObject {
		t.Errorf("the parts of a stream hold %d bytes", total)
	}
}
