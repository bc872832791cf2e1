package ckpterr_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

func ExampleError() {
	var err error = ckpterr.New(ckpterr.ChecksumMismatch, "stored CRC-32 is %08x", 0xdeadbeef)
	err = ckpterr.At(err, ckpterr.Place{File: "__0_0.distcp", Offset: 1261, FQN: "model.w"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, ckpterr.ChecksumMismatch), ckpterr.ClassOf(err))
	// Output:
	// __0_0.distcp at 1261: model.w: ChecksumMismatch: stored CRC-32 is deadbeef
	// true ChecksumMismatch
}

func TestAt(t *testing.T) {
	inner := ckpterr.New(ckpterr.BadArchive, "torn: %w", io.ErrUnexpectedEOF)
	inner.Offset = 7 // from the item's start
	err := fmt.Errorf("reading: %w", inner)
	got := ckpterr.At(err, ckpterr.Place{File: "f", Offset: 100, FQN: "w"})
	var e *ckpterr.Error
	if !errors.As(got, &e) || e.File != "f" || e.Offset != 107 || e.FQN != "w" || !errors.Is(got, io.ErrUnexpectedEOF) {
		t.Errorf("got %+v", e)
	}
	if inner.File != "" {
		t.Error("At changed its argument")
	}
	again := ckpterr.At(got, ckpterr.Place{File: "other", Offset: 5, FQN: "x"})
	if again.Error() != got.Error() {
		t.Errorf("a known place was replaced: %v", again)
	}
	if plain := errors.New("plain"); ckpterr.At(plain, ckpterr.Place{File: "f"}) != plain {
		t.Error("another kind of error was changed")
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"model.w":      "model.w",
		"hé 世 \"q\"":   "hé 世 \"q\"",
		"a\nb\x1b[31m": `a\nb\x1b[31m`,
		"\xff":         `\xff`,
		"a\u202eb":     `a\u202eb`,
	} {
		if got := ckpterr.Escape(in); got != want {
			t.Errorf("Escape(%q) is %q, want %q", in, got, want)
		}
	}
}
