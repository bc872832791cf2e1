package dcp_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// TestWriterReset: a writer serves one place after the other, each save with an
// id of its own.
func TestWriterReset(t *testing.T) {
	open := func(url string) fsbase.FileSystemBase {
		fsys, err := fsbase.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		return fsys
	}
	w := dcp.NewFileSystemWriter(open("mem://reset/1"), "mem://reset/1", dcp.WriterOptions{SaveID: "first"})
	ids := map[string]bool{}
	for step, url := range []string{"mem://reset/1", "mem://reset/2", "mem://reset/3"} {
		id := url
		if step == 0 {
			id = "" // where the writer is already
		}
		o := dcp.SaveOptions{StorageWriter: w}
		if _, err := dcp.Save(t.Context(), id, jobState(int64(step), 0, 1), o); err != nil {
			t.Fatal(err)
		}
		if got := stepOf(t, open(url)); got != int64(step) {
			t.Errorf("%s has step %d", url, got)
		}
		if meta := w.StorageMeta(); meta.CheckpointID != url || w.CheckpointID() != url || w.Report().BytesWritten == 0 {
			t.Errorf("%s: %+v, %+v", url, meta, w.Report())
		}
		ids[w.StorageMeta().SaveID] = true
	}
	if len(ids) != 3 || !ids["first"] {
		t.Errorf("save ids %v", ids)
	}
	// Without a reset it is the same save, which is done.
	if _, err := dcp.Save(t.Context(), "", jobState(9, 0, 1), dcp.SaveOptions{StorageWriter: w}); err != nil || !w.Report().AlreadySaved {
		t.Errorf("%v, %+v", err, w.Report())
	}
	if err := w.Reset(t.Context(), "nosuch://reset"); err == nil {
		t.Error("reset to a place that nobody serves")
	}
}

// TestWriterSteps calls the steps of a save by hand.
func TestWriterSteps(t *testing.T) {
	fsys, err := fsbase.Open(t.Context(), "mem://steps")
	if err != nil {
		t.Fatal(err)
	}
	w := dcp.NewFileSystemWriter(fsys, "mem://steps?token=secret", dcp.WriterOptions{})
	var p planner.DefaultSavePlanner
	if err := p.SetUpPlanner(jobState(1, 0, 1), w.StorageMeta(), true); err != nil {
		t.Fatal(err)
	}
	local, err := p.CreateLocalPlan()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteData(t.Context(), local, &p); err == nil {
		t.Error("data was written before the coordinator has looked")
	}
	if _, err := w.Finish(t.Context(), nil, nil); err == nil {
		t.Error("finished before the coordinator has looked")
	}
	if err := w.SetUpStorageWriter(true, 0); err != nil {
		t.Fatal(err)
	}
	if same, err := w.PrepareLocalPlan(local); err != nil || same != local {
		t.Error("the local plan was changed")
	}
	plans, md, err := p.CreateGlobalPlan([]*planner.SavePlan{local})
	if err != nil {
		t.Fatal(err)
	}
	if plans, err = w.PrepareGlobalPlan(t.Context(), plans); err != nil {
		t.Fatal(err)
	}
	prefix, ok := plans[0].StorageData.(dcp.StoragePrefix)
	if !ok || prefix.Prefix != "__0_" || len(prefix.Nonce) != 16 || !prefix.Fresh || prefix.Done {
		t.Errorf("%+v", plans[0].StorageData)
	}
	results, err := w.WriteData(t.Context(), plans[0], &p)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.SizeInBytes != r.StorageData.Length || r.StorageData.RelativePath != "__0_0.distcp" {
			t.Errorf("%+v", r)
		}
	}
	if there, err := fsys.Exists(t.Context(), w.MetadataPath()); there || err != nil {
		t.Errorf("published before it was finished: %v", err)
	}
	if md, err = w.Finish(t.Context(), md, [][]dcp.WriteResult{results}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"mem://steps", "1.0.0"}, []string{md.StorageMeta.CheckpointID, md.Version}); d != "" {
		t.Error(d)
	}
	if got := stepOf(t, fsys); got != 1 {
		t.Errorf("step %d", got)
	}
	if _, err := w.PrepareGlobalPlan(t.Context(), plans); err != nil {
		t.Errorf("the same save again: %v", err)
	}
	other := dcp.NewFileSystemWriter(fsys, "", dcp.WriterOptions{})
	if _, err := other.PrepareGlobalPlan(t.Context(), plans); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another save: %v", err)
	}
}

// TestValidateCheckpointID says why a place cannot be served.
func TestValidateCheckpointID(t *testing.T) {
	w := dcp.NewFileSystemWriter(nil, "", dcp.WriterOptions{})
	r := dcp.NewFileSystemReader(nil, dcp.ReaderOptions{})
	for id, want := range map[string]string{
		"mem://a/b": "", "/a/b": "", "relative": "",
		"nosuch://a": "nosuch", "": "empty",
	} {
		for who, err := range map[string]error{"writer": w.ValidateCheckpointID(id), "reader": r.ValidateCheckpointID(id)} {
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %q: %v", who, id, err)
			}
		}
	}
}

// TestReaderReset: each checkpoint is a load of its own.
func TestReaderReset(t *testing.T) {
	r := dcp.NewFileSystemReader(nil, dcp.ReaderOptions{})
	ids := map[string]bool{}
	for _, fixture := range []string{"dist4_row", "nested"} {
		if err := r.Reset(t.Context(), "../testdata/fixtures/"+fixture); err != nil {
			t.Fatal(err)
		}
		md, err := r.ReadMetadata(t.Context())
		if err != nil || len(md.StateDictMetadata) == 0 {
			t.Fatalf("%s: %v", fixture, err)
		}
		if err := r.ReadData(t.Context(), &planner.LoadPlan{}, &planner.DefaultLoadPlanner{}); err == nil {
			t.Error("data was read before the metadata was set up")
		}
		if err := r.SetUpStorageReader(md, true); err != nil || r.Metadata() != md {
			t.Error(err)
		}
		plan := &planner.LoadPlan{}
		if same, err := r.PrepareLocalPlan(plan); err != nil || same != plan {
			t.Error("the local plan was changed")
		}
		ids[r.LoadID()] = true
	}
	if len(ids) != 2 || ids[""] {
		t.Errorf("load ids %v", ids)
	}
	if err := r.Reset(t.Context(), "nosuch://reset"); err == nil {
		t.Error("reset to a place that nobody serves")
	}
}
