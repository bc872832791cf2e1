package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// random returns n bytes in which no two blocks are equal.
func random(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

func TestUploadSizes(t *testing.T) {
	whole := random(directFrom + 2*blockSize + alignment + 1)
	for _, refused := range []bool{false, true} {
		f := newFS(t).WithoutSync().(*FS)
		if refused {
			var writes atomic.Int32
			f.around = func(s step, call func() error) error {
				if s == stepWrite && writes.Add(1) == 2 {
					return syscall.EINVAL
				}
				return call()
			}
		}
		for _, size := range []int{
			0, 1, alignment - 1, alignment, blockSize, blockSize + 1, directFrom - 1, directFrom, directFrom + 1,
			directFrom + alignment, len(whole) - 1, len(whole),
		} {
			t.Run(fmt.Sprintf("%d/refused=%v", size, refused), func(t *testing.T) {
				g := *f
				if size < directFrom {
					g.around = nil // EINVAL means nothing where it is not asked for
				}
				// The source has more than what is wanted of it.
				info, err := g.Upload(t.Context(), "x", bytes.NewReader(whole), int64(size), fsbase.Condition{})
				if err != nil {
					t.Fatal(err)
				}
				if info.Size != int64(size) {
					t.Errorf("size %d", info.Size)
				}
				got, err := get(t.Context(), f, "x")
				if err != nil || !bytes.Equal([]byte(got), whole[:size]) {
					t.Errorf("%d bytes differ from what was uploaded, %v", len(got), err)
				}
				wantTidy(t, f)
			})
		}
	}
}

// brokenSource fails at and after offset at.
type brokenSource struct {
	at   int64
	size int64
	err  error
}

func (s brokenSource) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= s.at {
		return len(p), nil
	}
	return int(max(s.at-off, 0)), s.err
}

func TestUploadSourceFails(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "old")
	mine := errors.New("my own")
	for _, size := range []int64{100, directFrom, directFrom + 3*blockSize + 5} {
		for _, at := range []int64{0, size / 2, size - 1} {
			for _, c := range []struct{ err, want error }{{mine, mine}, {io.EOF, io.ErrUnexpectedEOF}} {
				src := brokenSource{at: at, size: size, err: c.err}
				_, err := f.Upload(t.Context(), "x", src, size, fsbase.Condition{})
				wantErr(t, fmt.Sprintf("a source that fails at %d of %d", at, size), err, c.want)
				want(t, f, "x", "old")
				wantTidy(t, f)
			}
		}
	}
	_, err := f.Upload(t.Context(), "x", bytes.NewReader(nil), -1, fsbase.Condition{})
	wantErr(t, "a negative size", err, fs.ErrInvalid)
}

func TestUploadDiskFull(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "old")
	var writes atomic.Int32
	f.around = func(s step, call func() error) error {
		if s == stepWrite && writes.Add(1) == 3 {
			return syscall.ENOSPC
		}
		return call()
	}
	data := random(directFrom + 1)
	_, err := f.Upload(t.Context(), "x", bytes.NewReader(data), int64(len(data)), fsbase.Condition{})
	wantErr(t, "a full disk", err, syscall.ENOSPC)
	want(t, f, "x", "old")
	wantTidy(t, f)
}

func TestUploadConditions(t *testing.T) {
	f := newFS(t)
	old := put(t, f, "x", "old").Version
	stale := old
	up := func(p string, cond fsbase.Condition) error {
		_, err := f.Upload(t.Context(), p, bytes.NewReader([]byte("new")), 3, cond)
		return err
	}
	wantErr(t, "absent, and there", up("x", fsbase.IfAbsent()), fs.ErrExist)
	want(t, f, "x", "old")
	wantErr(t, "absent, and absent", up("y", fsbase.IfAbsent()), nil)
	wantErr(t, "the version", up("x", fsbase.IfVersion(old)), nil)
	want(t, f, "x", "new")
	wantErr(t, "a stale version", up("x", fsbase.IfVersion(stale)), fsbase.ErrPrecondition)
	wantErr(t, "a version of nothing", up("z", fsbase.IfVersion(stale)), fsbase.ErrPrecondition)
	wantErr(t, "no version", up("x", fsbase.IfVersion("")), fs.ErrInvalid)

	// What cannot succeed is not written first.
	src := brokenSource{err: errors.New("read")}
	_, err := f.Upload(t.Context(), "x", src, directFrom, fsbase.IfAbsent())
	wantErr(t, "before the source is read", err, fs.ErrExist)
	wantTidy(t, f)
}

// cancelling ends the context in the middle.
type cancelling struct{ cancel context.CancelFunc }

func (s cancelling) ReadAt(p []byte, off int64) (int, error) {
	if off >= blockSize {
		s.cancel()
	}
	return len(p), nil
}

func TestUploadCancelled(t *testing.T) {
	f := newFS(t)
	for _, size := range []int64{2 * blockSize, directFrom + 8*blockSize} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := f.Upload(ctx, "x", cancelling{cancel}, size, fsbase.Condition{})
		wantErr(t, "an upload that is cancelled", err, context.Canceled)
		wantTidy(t, f)
	}
	if ok, err := f.Exists(t.Context(), "x"); ok || err != nil {
		t.Errorf("exists: %v, %v", ok, err)
	}
}
