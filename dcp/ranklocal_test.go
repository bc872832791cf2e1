package dcp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

const rankLocal = "../testdata/fixtures/dist4_no_collectives"

// memCopy copies a folder into memory, without the names in leaveOut.
func memCopy(t testing.TB, dir string, leaveOut ...string) *memfs.FS {
	t.Helper()
	fsys := memfs.New()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, name := range leaveOut {
			if name == path {
				return nil
			}
		}
		b, err := os.ReadFile(dir + "/" + path)
		store(t, fsys, path, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestRankLocal(t *testing.T) {
	trust := dcp.OpenOptions{TrustSet: true}
	t.Run("needs trust", func(t *testing.T) {
		_, err := dcp.Open(t.Context(), rankLocal)
		var e *ckpterr.Error
		if !errors.As(err, &e) || e.Class != ckpterr.NotACheckpoint || e.Hint == "" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("warns", func(t *testing.T) {
		ck, err := dcp.OpenWith(t.Context(), rankLocal, trust)
		if err != nil {
			t.Fatal(err)
		}
		if len(ck.Warnings()) == 0 || ck.Layout() != dcp.LayoutRankLocal {
			t.Errorf("layout %s, warnings %q", ck.Layout(), ck.Warnings())
		}
	})
	t.Run("missing rank", func(t *testing.T) {
		_, err := dcp.OpenFS(t.Context(), memCopy(t, rankLocal, "__2.metadata"), trust)
		var e *ckpterr.Error
		if !errors.As(err, &e) || e.Class != ckpterr.MissingFile || e.File != "__2.metadata" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("different values", func(t *testing.T) {
		// Two sets of one job, of different steps: rank 1 of the other.
		fsys := memCopy(t, rankLocal)
		data, err := os.ReadFile(rankLocal + "/__1_0.distcp")
		if err != nil {
			t.Fatal(err)
		}
		store(t, fsys, "__1_0.distcp", otherStep(t, data))
		_, err = dcp.OpenFS(t.Context(), fsys, trust)
		if ckpterr.ClassOf(err) != ckpterr.BadMetadata {
			t.Fatalf("got %v", err)
		}
		zero := 0
		ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{TrustSet: true, PreferRank: &zero})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := ck.Value(t.Context(), "step"); err != nil || v != int64(11) {
			t.Errorf("step is %v, %v", v, err)
		}
	})
}

// otherStep turns the stored step 11 into 12, with the CRCs that go with it.
func otherStep(t *testing.T, data []byte) []byte {
	t.Helper()
	old, now := []byte("\x80\x02K\x0b."), []byte("\x80\x02K\x0c.")
	sum := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }
	if bytes.Count(data, old) != 1 || bytes.Count(data, sum(old)) != 2 {
		t.Fatal("the fixture has changed")
	}
	return bytes.ReplaceAll(bytes.Replace(data, old, now, 1), sum(old), sum(now))
}
