package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/godcp/godcp/fsbase"
)

var uploadChecks = []Check{
	{
		ID: "upload/publishes", Clauses: []string{"C5", "W11"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "Upload publishes the first size bytes of its source, which may say io.EOF with the last of them.",
		run: checkUpload,
	},
	{
		ID: "upload/failing-source", Clauses: []string{"C5", "W2"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "An Upload whose source fails anywhere fails and publishes nothing.",
		run: checkFailingSource,
	},
	{
		ID: "upload/short-source", Clauses: []string{"C5"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "An Upload whose source ends before size, also where a part ends, fails and publishes nothing.",
		run: checkShortSource,
	},
	{
		ID: "upload/negative-size", Clauses: []string{"C5"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "Upload of a negative size is fs.ErrInvalid.",
		run: func(t *trial) {
			p := t.path("a")
			for _, n := range []int64{-1, math.MinInt64} {
				_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, source("x"), n, fsbase.Condition{})
				t.wantIs("C5", err, fmt.Sprintf("Upload of %d bytes to %q", n, p), fs.ErrInvalid)
				t.wantAbsent("C5", p)
			}
		},
	},
	{
		ID: "upload/source-error", Clauses: []string{"C5"}, Level: Should, Profile: Core, Needs: []Capability{Uploader},
		Doc: "The error of a source is found in the error of its Upload.",
		run: func(t *trial) {
			_, err := as[fsbase.Uploader](t).Upload(t.ctx, t.path("a"), &faultySource{data: content(1, 100), failAt: 50}, 100, fsbase.Condition{})
			if !errors.Is(err, errSource) {
				t.errorf("C5", "Upload from a source that fails with %q: %v", errSource, err)
			}
		},
	},
	{
		ID: "upload/conditions", Clauses: []string{"C5", "C2", "C3", "C4"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "Upload keeps its condition, for small and large streams. One that the storage cannot keep is errors.ErrUnsupported.",
		run: func(t *trial) {
			for _, n := range []int{3000, t.largeSize()} {
				data := content(7, n)
				t.conditions(fmt.Sprintf("Upload of %d bytes", n), data, func(p string, cond fsbase.Condition) (fsbase.Info, error) {
					return as[fsbase.Uploader](t).Upload(t.ctx, p, bytes.NewReader(data), int64(n), cond)
				})
			}
		},
	},
	{
		ID: "upload/cancelled", Clauses: []string{"O5", "W7", "C5"}, Level: Must, Profile: Atomic, Needs: []Capability{Uploader},
		Doc: "An Upload whose context is done before it, or while its source is read, fails and publishes nothing.",
		run: checkUploadCancelled,
	},
}

func checkUpload(t *trial) {
	for _, n := range []int{0, 1, 70_000, t.largeSize()} {
		p, data := t.path(fmt.Sprintf("new/folder/%d", n)), content(uint64(n), n+10)
		for _, src := range []io.ReaderAt{
			bytes.NewReader(data), // longer than size
			&faultySource{data: data[:n], failAt: -1},
		} {
			info, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(n), fsbase.Condition{})
			if err != nil {
				t.errorf("C5", "Upload of %d bytes to %q from a %T: %v", n, p, src, err)
				continue
			}
			t.wantContent("C5", p, data[:n])
			if info.Path != p || info.Size != int64(n) || info.Version == "" {
				t.errorf("W11", "Upload of %d bytes to %q tells path %q, size %d, version %q", n, p, info.Path, info.Size, info.Version)
			}
			t.wantInfo("W11", "OpenStream", t.info(p), info)
		}
	}
}

// wantNoUpload demands that the upload fails and changes neither an absent
// name nor one that is there.
func (t *trial) wantNoUpload(what string, size int, upload func(p string) error) {
	fresh, old := t.path("dir/fresh"), t.path("dir/old")
	before := content(1, 3000)
	t.put(old, before)
	for _, p := range []string{fresh, old} {
		if err := upload(p); err == nil {
			t.errorf("C5", "Upload of %d bytes to %q from a source that %s: no error", size, p, what)
		}
	}
	t.wantAbsent("C5", fresh)
	t.wantContent("C5", old, before)
}

func checkFailingSource(t *trial) {
	for _, n := range []int{1, 3000, t.largeSize()} {
		data := content(2, n)
		for _, at := range []int{0, n / 2, n - 1} {
			t.wantNoUpload(fmt.Sprintf("fails at %d", at), n, func(p string) error {
				_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, &faultySource{data: data, failAt: at}, int64(n), fsbase.Condition{})
				return err
			})
		}
	}
}

func checkShortSource(t *trial) {
	for _, n := range []int{1, 3000, t.largeSize()} {
		data := content(2, n)
		has := []int{0, n / 2, n - 1}
		for _, border := range append(t.parts(), 4<<20, 10<<20) {
			if border < n {
				has = append(has, border)
			}
		}
		for _, has := range has {
			t.wantNoUpload(fmt.Sprintf("has %d", has), n, func(p string) error {
				_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, bytes.NewReader(data[:has]), int64(n), fsbase.Condition{})
				return err
			})
		}
	}
}

func checkUploadCancelled(t *trial) {
	p := t.path("a")
	t.wantCancelled("Upload", func(t *trial) error {
		_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, source("x"), 1, fsbase.Condition{})
		return err
	})
	t.wantAbsent("O5", p)
	for _, n := range []int{3000, t.largeSize()} {
		for _, at := range []int{0, n - 1} {
			ctx, cancel := context.WithCancelCause(t.ctx)
			data := bytes.NewReader(content(1, n))
			src := readerAt(func(p []byte, off int64) (int, error) {
				if off+int64(len(p)) > int64(at) {
					defer cancel(errCause)
				}
				return data.ReadAt(p, off)
			})
			_, err := as[fsbase.Uploader](t).Upload(ctx, p, src, int64(n), fsbase.Condition{})
			cancel(nil)
			t.wantIs("W7", err, fmt.Sprintf("Upload of %d bytes to %q whose context is cancelled while the byte at %d of the source is read", n, p, at), context.Canceled)
			t.wantAbsent("W7", p)
		}
	}
}
