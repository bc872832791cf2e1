package gcs

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

// TestFailedPiecesAreNotUsedAgain: over gRPC the client may go on reading what a
// call that failed was given.
func TestFailedPiecesAreNotUsedAgain(t *testing.T) {
	failed := errors.New("failed")
	var kept *byte
	src := bytes.NewReader(make([]byte, 100))
	err := pieces(src, 100, func(b []byte, _ int64) error {
		kept = &b[0]
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	for range 100 {
		err := pieces(src, 100, func(b []byte, _ int64) error {
			if &b[0] == kept {
				return errors.New("it is used again")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCancelledWriteOverGRPC: what a caller does with its memory after a Write
// that failed is its own business. The race detector looks on.
func TestCancelledWriteOverGRPC(t *testing.T) {
	s := newStub(t)
	f := s.grpcFS(t)
	b := make([]byte, 2*f.chunk)
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		w, err := f.CreateStream(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(i%50)*97*time.Microsecond, cancel)
		for err == nil {
			_, err = w.Write(b)
		}
		for k := range b {
			b[k]++
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		w.Close()
		cancel()
	}
}
