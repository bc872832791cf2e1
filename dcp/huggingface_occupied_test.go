package dcp_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// TestSafetensorsAbandon: what a failed save leaves is reported.
func TestSafetensorsAbandon(t *testing.T) {
	fsys := memfs.New()
	fsys.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpCommit && op.Phase == memfs.Before && op.Path == safetensors.IndexName {
			return errors.New("no space for an index")
		}
		return nil
	})
	o := asSafetensors()
	var report dcp.SaveReport
	o.Report = &report
	_, err := dcp.SaveFS(t.Context(), fsys, hfState(1, 0, 1), o)
	fsys.SetHook(nil)
	if err == nil {
		t.Fatal("published")
	}
	slices.Sort(report.Left)
	want := []string{claim, "model-00001-of-00001.safetensors"}
	if d := cmp.Diff(want, report.Left); d != "" || !cmp.Equal(want, names(t, fsys)) {
		t.Error(d, names(t, fsys))
	}
	err = checkHF(t.Context(), fsys, 1)
	var e *ckpterr.Error
	if !errors.As(err, &e) || e.Class != ckpterr.MissingFile || e.File != safetensors.IndexName || e.Hint == "" {
		t.Error(err)
	}
}

// TestSafetensorsOccupied: what is there stays, whatever it is, and says why.
func TestSafetensorsOccupied(t *testing.T) {
	for name, c := range map[string]struct {
		file, want string
	}{
		"DCP checkpoint":   {".metadata", "a checkpoint is there already"},
		"somebody's model": {"adapter.safetensors", "another save is under way there, or has failed (adapter.safetensors: "},
		"index":            {safetensors.IndexName, "another save is under way there, or has failed ("},
		"claim":            {claim, "another save is under way there, or has failed"},
	} {
		for _, over := range []bool{false, true} {
			fsys := memfs.New()
			if _, err := fsbase.WriteFile(t.Context(), fsys, c.file, []byte("content")); err != nil {
				t.Fatal(err)
			}
			o := asSafetensors()
			o.Overwrite = over
			_, err := dcp.SaveFS(t.Context(), fsys, hfState(1, 0, 1), o)
			is := map[bool]error{false: fs.ErrExist, true: errors.ErrUnsupported}[over]
			if !errors.Is(err, is) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "save to a new folder") {
				t.Errorf("%s, overwrite %v: %v", name, over, err)
			}
			if d := cmp.Diff([]string{c.file}, names(t, fsys)); d != "" {
				t.Errorf("%s, overwrite %v: %s", name, over, d)
			}
		}
	}
	// Below it, or beside it, may be anything.
	fsys := memfs.New()
	for _, file := range []string{"README.md", "tokenizer.json", "old/model.safetensors", "old/.metadata"} {
		if _, err := fsbase.WriteFile(t.Context(), fsys, file, []byte("content")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(saveHF(t.Context(), fsys, 1, 1, asSafetensors), checkHF(t.Context(), fsys, 1)); err != nil {
		t.Error(err)
	}
}

// TestSafetensorsSaveID: of one's own checkpoint only.
func TestSafetensorsSaveID(t *testing.T) {
	for _, world := range []int{1, 3} {
		fsys := memfs.New()
		as := func(id string) func() dcp.SaveOptions {
			return func() dcp.SaveOptions {
				o := asSafetensors()
				o.SaveID = id
				return o
			}
		}
		if err := saveHF(t.Context(), fsys, 1, world, as("first")); err != nil {
			t.Fatal(err)
		}
		before := names(t, fsys)
		if err := saveHF(t.Context(), fsys, 2, world, as("second")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("another save: %v", err)
		}
		if err := saveHF(t.Context(), fsys, 1, world, as("first")); err != nil {
			t.Errorf("the same save: %v", err)
		}
		o := as("first")()
		var report dcp.SaveReport
		o.Report = &report
		md, err := dcp.SaveFS(t.Context(), fsys, hfState(1, 0, 1), o)
		if err != nil || !report.AlreadySaved || md.StorageMeta.SaveID != "first" {
			t.Errorf("the same save from one rank: %v, %+v", err, report)
		}
		if err := checkHF(t.Context(), fsys, 1); err != nil || !cmp.Equal(before, names(t, fsys)) {
			t.Error(err, names(t, fsys))
		}
	}
}
