package fsbase_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/fsbase"
)

func TestPartWriter(t *testing.T) {
	boom, stuck := errors.New("boom"), errors.New("stuck")
	write := func(w fsbase.WriteStream, s string) error { _, err := io.WriteString(w, s); return err }
	commit := func(w fsbase.WriteStream) error { _, err := w.Commit(); return err }
	type step = func(w fsbase.WriteStream, cancel func()) error
	for name, c := range map[string]struct {
		path string
		run  step
		fail map[string]error // by the line of got
		want error
		got  []string
	}{
		"parts": {
			run: func(w fsbase.WriteStream, _ func()) error {
				return errors.Join(write(w, "0"), write(w, "123456"), write(w, "789a"), commit(w), w.Close())
			},
			got: []string{"0 0123", "1 4567", "2 89a", "commit 3 11"},
		},
		"whole parts": {
			run: func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "01234567"), commit(w)) },
			got: []string{"0 0123", "1 4567", "commit 2 8"},
		},
		"empty": {
			run: func(w fsbase.WriteStream, _ func()) error { return commit(w) },
			got: []string{"commit 0 0"},
		},
		"close": {
			run: func(w fsbase.WriteStream, _ func()) error {
				return errors.Join(write(w, "01234"), w.Close(), w.Close())
			},
			got: []string{"0 0123", "discard"},
		},
		"close before a part": {
			run: func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "012"), w.Close()) },
		},
		"use after close": {
			run: func(w fsbase.WriteStream, _ func()) error {
				w.Close()
				if err := write(w, "x"); !errors.Is(err, fs.ErrClosed) {
					t.Errorf("Write after Close: %v", err)
				}
				return commit(w)
			},
			want: fs.ErrClosed,
		},
		"commit twice": {
			run:  func(w fsbase.WriteStream, _ func()) error { return errors.Join(commit(w), commit(w)) },
			want: fs.ErrClosed, got: []string{"commit 0 0"},
		},
		"cancelled before commit": {
			run: func(w fsbase.WriteStream, cancel func()) error {
				err := write(w, "01234")
				cancel()
				return errors.Join(err, commit(w))
			},
			want: context.Canceled, got: []string{"0 0123", "discard"},
		},
		"cancelled before write": {
			run: func(w fsbase.WriteStream, cancel func()) error {
				cancel()
				return errors.Join(write(w, "01234"), commit(w))
			},
			want: context.Canceled,
		},
		"invalid path": {
			path: "../a",
			run:  func(w fsbase.WriteStream, _ func()) error { return commit(w) },
			want: fs.ErrInvalid,
		},
		"failing part": {
			run: func(w fsbase.WriteStream, _ func()) error {
				return errors.Join(write(w, "01234567"), write(w, "89ab"), commit(w), w.Close())
			},
			fail: map[string]error{"0 0123": boom}, want: boom, got: []string{"0 0123", "discard"},
		},
		"failing last part": {
			run:  func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "0"), commit(w)) },
			fail: map[string]error{"0 0": boom}, want: boom, got: []string{"0 0", "discard"},
		},
		"failing commit": {
			run:  func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "0123"), commit(w), w.Close()) },
			fail: map[string]error{"commit 1 4": boom}, want: boom, got: []string{"0 0123", "commit 1 4", "discard"},
		},
		"unknown commit": {
			run:  func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "0123"), commit(w), w.Close()) },
			fail: map[string]error{"commit 1 4": fsbase.ErrCommitUnknown}, want: fsbase.ErrCommitUnknown,
			got: []string{"0 0123", "commit 1 4"},
		},
		"failing discard": {
			run:  func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "0123"), w.Close()) },
			fail: map[string]error{"discard": stuck}, want: stuck, got: []string{"0 0123", "discard"},
		},
		"failing commit and discard": {
			run:  func(w fsbase.WriteStream, _ func()) error { return errors.Join(write(w, "0123"), commit(w)) },
			fail: map[string]error{"commit 1 4": boom, "discard": stuck}, want: boom,
			got: []string{"0 0123", "commit 1 4", "discard"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var got []string
			see := func(format string, args ...any) error {
				line := fmt.Sprintf(format, args...)
				got = append(got, line)
				return c.fail[line]
			}
			path := c.path
			if path == "" {
				path = "a"
			}
			err := c.run(fsbase.NewPartWriter(ctx, path, fsbase.Parts{
				Size: 4,
				Put:  func(_ context.Context, n int64, part []byte) error { return see("%d %s", n, part) },
				Commit: func(_ context.Context, n, size int64) (fsbase.Info, error) {
					return fsbase.Info{}, see("commit %d %d", n, size)
				},
				Discard: func(ctx context.Context) error {
					if ctx.Err() != nil {
						t.Error("Discard under a done context")
					}
					return see("discard")
				},
			}), cancel)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if err != nil {
				wantIs(t, err)
			}
			if d := cmp.Diff(c.got, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestPartWriterInfoAndMemory(t *testing.T) {
	var all []byte
	w := fsbase.NewPartWriter(t.Context(), "a", fsbase.Parts{
		Size: 4,
		Put:  func(_ context.Context, _ int64, part []byte) error { all = append(all, part...); return nil },
		Commit: func(context.Context, int64, int64) (fsbase.Info, error) {
			return fsbase.Info{Path: "elsewhere", Size: 99, Version: "v"}, nil
		},
	})
	p := []byte("abc")
	for range 3 {
		if n, err := w.Write(p); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		if string(p) != "abc" {
			t.Errorf("Write changes what it was given to %q", p)
		}
	}
	clear(p) // W10: the stream has its own copy
	info, err := w.Commit()
	if err != nil || info != (fsbase.Info{Path: "a", Size: 9, Version: "v"}) {
		t.Errorf("%+v, %v", info, err)
	}
	if !bytes.Equal(all, []byte("abcabcabc")) {
		t.Errorf("parts of %q", all)
	}
}
