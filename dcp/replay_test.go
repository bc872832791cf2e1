package dcp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

func TestReplay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, replayHead+3*replayTail+17)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	for _, size := range []int{0, 1, 1000, replayHead - 1, replayHead, replayHead + 1, replayHead + replayTail, len(data)} {
		opens := 0
		p, err := newReplay(func() (io.ReadCloser, error) {
			opens++
			return io.NopCloser(bytes.NewReader(data[:size])), nil
		}, int64(size))
		if err != nil || p.size != int64(size) {
			t.Fatalf("%d bytes: %d, %v", size, p.size, err)
		}
		// Forward, as archives are read, then the end, then from the start again.
		for _, off := range []int{0, 7, replayHead - 5, replayHead + 5, replayHead + 2*replayTail, size - 9, size, replayHead - 1} {
			if off < 0 {
				continue
			}
			for _, n := range []int{1, 10, 1000} {
				got, want := make([]byte, n), make([]byte, n)
				gn, gerr := p.ReadAt(got, int64(off))
				wn, werr := bytes.NewReader(data[:size]).ReadAt(want, int64(off))
				if gn != wn || !errors.Is(gerr, werr) || !bytes.Equal(got, want) {
					t.Errorf("%d bytes at %d of %d: %d %v, want %d %v", n, off, size, gn, gerr, wn, werr)
				}
			}
		}
		p.close()
		if opens > 2+replayOpens {
			t.Errorf("%d bytes: opened %d times", size, opens)
		}
	}
}

func TestReplayLimits(t *testing.T) {
	zeros := func(n int64) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeroReader{}, n)), nil }
	}
	for _, n := range []int64{1, 100, replayHead, replayHead + 1000} {
		if _, err := newReplay(zeros(n), n-1); !errors.Is(err, ckpterr.LimitExceeded) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	p, err := newReplay(zeros(2*replayHead), 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	for off := int64(replayHead + 1000); err == nil; off-- {
		_, err = p.ReadAt(b, off)
	}
	if !errors.Is(err, ckpterr.LimitExceeded) || p.opens != replayOpens+1 {
		t.Errorf("backwards: %v after %d", err, p.opens)
	}
	broken := errors.New("broken")
	if _, err := newReplay(func() (io.ReadCloser, error) { return nil, broken }, 1); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }
