//go:build unix

package local

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is no regular file is refused at once: a FIFO would make the caller wait
// for ever.
func TestSpecialFilesDoNotHang(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // a short name: sockets have a limit
	check(t, err)
	defer os.RemoveAll(dir)
	f, err := New(dir)
	check(t, err)
	put(t, f, "other", "kept")
	check(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	check(t, err)
	defer socket.Close()

	for _, name := range []string{"fifo", "socket", "fifo/below"} {
		for _, op := range append(slices.Clone(reads), "Copy from", "CreateSwap", "Mkdir") {
			within(t, op+" "+name, func() {
				err := calls[op](t.Context(), f, name, "other")
				switch {
				case op == "List":
					check(t, err)
				case op == "Exists":
					if ok, err := f.Exists(t.Context(), name); ok || err != nil {
						t.Errorf("Exists(%q): %v, %v", name, ok, err)
					}
				case err == nil:
					t.Errorf("%s of %q: no error", op, name)
				case name != "fifo/below" && op != "Mkdir":
					wantErr(t, op+" of "+name, err, fs.ErrInvalid)
					if !strings.Contains(err.Error(), "not a regular file") {
						t.Errorf("%s of %q does not say what is wrong: %v", op, name, err)
					}
				}
			})
		}
		within(t, "CreateStream below", func() {
			if err := calls["CreateStream"](t.Context(), f, name+"/new", ""); err == nil {
				t.Errorf("a stream below %q", name)
			}
		})
	}
	want(t, f, "other", "kept")
}

func TestRootIsNoFolder(t *testing.T) {
	dir := t.TempDir()
	check(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o666))
	for _, name := range []string{"fifo", "file"} {
		f, err := New(filepath.Join(dir, name))
		check(t, err)
		for op, call := range calls {
			within(t, op, func() {
				err := call(t.Context(), f, "x", "y")
				if err == nil && op != "Exists" && op != "List" && op != "RemoveAll" {
					t.Errorf("%s in a root that is a %s: no error", op, name)
				}
			})
		}
	}
}

func TestDeviceIsRefused(t *testing.T) {
	f, err := New("/dev")
	check(t, err)
	_, err = f.OpenStream(t.Context(), "null")
	wantErr(t, "a device", err, fs.ErrInvalid)
}

func TestPermission(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may read everything: only the class can be seen.
		for _, errno := range []error{syscall.EACCES, syscall.EPERM, syscall.EROFS} {
			wantErr(t, "class", pathError("open", "x", errno), fs.ErrPermission)
		}
		return
	}
	f := newFS(t)
	put(t, f, "dir/x", "secret")
	check(t, os.Chmod(f.path("dir"), 0))
	defer func() { check(t, os.Chmod(f.path("dir"), 0o700)) }()
	for _, op := range []string{"OpenStream", "Exists", "CreateStream", "RmFile", "List"} {
		wantErr(t, op, calls[op](t.Context(), f, "dir/x", ""), fs.ErrPermission)
	}
}

func TestErrorClasses(t *testing.T) {
	for errno, class := range map[syscall.Errno]error{
		syscall.ENOENT: fs.ErrNotExist, syscall.ENOTDIR: fs.ErrNotExist, syscall.ENAMETOOLONG: fs.ErrInvalid,
		syscall.EILSEQ: fs.ErrInvalid, syscall.ELOOP: fs.ErrInvalid, syscall.EROFS: fs.ErrPermission,
		syscall.ENOSYS: errors.ErrUnsupported, syscall.EEXIST: fs.ErrExist, syscall.ENOSPC: nil, syscall.EIO: nil,
	} {
		for _, err := range []error{
			errno, &fs.PathError{Op: "openat", Path: "/secret", Err: errno},
			&os.LinkError{Op: "linkat", Old: "/secret", New: "/b", Err: errno}, os.NewSyscallError("fsync", errno),
		} {
			got := pathError("open", "p", err)
			var reached syscall.Errno
			if !errors.As(got, &reached) || reached != errno {
				t.Errorf("%v does not lead to %v", got, errno)
			}
			if strings.Contains(got.Error(), "secret") {
				t.Errorf("%v has another path", got)
			}
			classes := []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, errors.ErrUnsupported}
			for _, c := range classes {
				if errors.Is(got, c) != (c == class) {
					t.Errorf("%v is %v: %v", got, c, errors.Is(got, c))
				}
			}
		}
	}
	f := newFS(t)
	put(t, f, "x", "y")
	for _, op := range []string{"OpenStream", "CreateStream", "Stat", "RmFile"} {
		wantErr(t, op+" of a long name", calls[op](t.Context(), f, strings.Repeat("n", 256), ""), fs.ErrInvalid)
	}
}

// within fails when call takes a minute: it hangs.
func within(t *testing.T, what string, call func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		panic(what + " hangs")
	}
}
