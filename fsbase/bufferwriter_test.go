package fsbase_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

func TestBufferWriter(t *testing.T) {
	boom := errors.New("boom")
	type script func(w fsbase.WriteStream, cancel func()) error
	write := func(w fsbase.WriteStream, s string) { io.WriteString(w, s) }
	commit := func(w fsbase.WriteStream) error { _, err := w.Commit(); return err }
	for name, c := range map[string]struct {
		path string
		run  script
		want error    // of run
		got  []string // what commit was called with
	}{
		"commit": {"a", func(w fsbase.WriteStream, _ func()) error {
			write(w, "12")
			write(w, "3")
			return commit(w)
		}, nil, []string{"123"}},
		"empty": {"a", func(w fsbase.WriteStream, _ func()) error { return commit(w) }, nil, []string{""}},
		"close": {"a", func(w fsbase.WriteStream, _ func()) error {
			write(w, "12")
			return errors.Join(w.Close(), w.Close())
		}, nil, nil},
		"close after commit": {"a", func(w fsbase.WriteStream, _ func()) error {
			return errors.Join(commit(w), w.Close(), w.Close())
		}, nil, []string{""}},
		"commit after close": {"a", func(w fsbase.WriteStream, _ func()) error {
			return errors.Join(w.Close(), commit(w))
		}, fs.ErrClosed, nil},
		"commit twice": {"a", func(w fsbase.WriteStream, _ func()) error {
			return errors.Join(commit(w), commit(w))
		}, fs.ErrClosed, []string{""}},
		"write after commit": {"a", func(w fsbase.WriteStream, _ func()) error {
			err := commit(w)
			_, werr := w.Write([]byte("x"))
			return errors.Join(err, werr)
		}, fs.ErrClosed, []string{""}},
		"cancelled before commit": {"a", func(w fsbase.WriteStream, cancel func()) error {
			write(w, "12")
			cancel()
			return commit(w)
		}, context.Canceled, nil},
		"cancelled before write": {"a", func(w fsbase.WriteStream, cancel func()) error {
			cancel()
			_, err := w.Write([]byte("x"))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Write: %v", err)
			}
			return commit(w)
		}, context.Canceled, nil},
		"invalid path": {"../a", func(w fsbase.WriteStream, _ func()) error { return commit(w) }, fs.ErrInvalid, nil},
		"invalid write": {"a//b", func(w fsbase.WriteStream, _ func()) error {
			_, err := w.Write(nil)
			return err
		}, fs.ErrInvalid, nil},
		"failing commit": {"boom", func(w fsbase.WriteStream, _ func()) error { return commit(w) }, boom, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var got []string
			w := fsbase.NewBufferWriter(ctx, c.path, func(_ context.Context, content []byte) (fsbase.Info, error) {
				got = append(got, string(content))
				if c.path == "boom" {
					return fsbase.Info{}, boom
				}
				return fsbase.Info{Version: "v"}, nil
			})
			err := c.run(w, cancel)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if err != nil {
				wantIs(t, err)
			}
			if len(got) != len(c.got) || len(got) == 1 && got[0] != c.got[0] {
				t.Errorf("committed %q, want %q", got, c.got)
			}
		})
	}
}

func TestBufferWriterInfoAndMemory(t *testing.T) {
	var kept []byte
	w := fsbase.NewBufferWriter(t.Context(), "a", func(_ context.Context, content []byte) (fsbase.Info, error) {
		kept = content
		return fsbase.Info{Path: "elsewhere", Version: "v"}, nil
	})
	p := []byte("abc")
	for range 3 {
		if n, err := w.Write(p); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		clear(p) // W10: the stream has its own copy
		copy(p, "xyz")
	}
	info, err := w.Commit()
	if err != nil || info != (fsbase.Info{Path: "a", Size: 9, Version: "v"}) {
		t.Errorf("%+v, %v", info, err)
	}
	if string(kept) != "abcxyzxyz" || cap(kept) != 9 {
		t.Errorf("commit got %q of capacity %d", kept, cap(kept))
	}
}

// A store that knows nil from empty, as SQL does, gets an empty value.
func TestBufferWriterOfNothing(t *testing.T) {
	w := fsbase.NewBufferWriter(t.Context(), "a", func(_ context.Context, content []byte) (fsbase.Info, error) {
		if content == nil {
			t.Error("commit got nil")
		}
		return fsbase.Info{Version: "v"}, nil
	})
	if _, err := w.Commit(); err != nil {
		t.Error(err)
	}
}
