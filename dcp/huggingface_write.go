package dcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// WriteData writes the files of this rank, ThreadCount at once, and returns when
// all are committed and nothing runs on. One failing file fails all.
func (w *HuggingFaceStorageWriter) WriteData(ctx context.Context, plan *planner.SavePlan, p planner.SavePlanner) ([]WriteResult, error) {
	job, ok := plan.StorageData.(hfJob)
	if !ok {
		return nil, fmt.Errorf("plan was not prepared by this writer's global plan: %T", plan.StorageData)
	}
	if job.Done {
		return nil, nil
	}
	files := job.files(plan.Items)
	if len(files) != job.Count {
		return nil, fmt.Errorf("the finished plan has %d files, the global plan had %d", len(files), job.Count)
	}
	return w.inParallel(ctx, len(files), func(stop context.Context, n int) ([]WriteResult, error) {
		f := &hfFileWriter{w: w, stop: stop, p: p, hfFile: files[n], indexed: job.Shard == 0}
		if _, exclusive := fsbase.As[fsbase.ExclusiveCreator](w.fsys); exclusive {
			f.cond = fsbase.IfAbsent()
		}
		if err := f.layOut(job); err != nil {
			return nil, err
		}
		return f.write(ctx)
	})
}

// hfFileWriter writes one file.
type hfFileWriter struct {
	hfFile
	w       *HuggingFaceStorageWriter
	stop    context.Context // done when another file failed
	p       planner.SavePlanner
	cond    fsbase.Condition
	indexed bool // the checkpoint is there with the index, and not before
	layout  *safetensors.Layout
}

// write creates the file, under the only name that it can have: an answer that
// is lost fails the save.
func (f *hfFileWriter) write(ctx context.Context) ([]WriteResult, error) {
	err := f.attempt(ctx)
	taken := errors.Is(err, fs.ErrExist)
	if taken && f.isOurs(ctx) { // the storage's client has asked twice
		err, taken = nil, false
	}
	if !taken { // else it is somebody else's
		f.w.note(written{f.name, false})
	}
	if f.indexed && errors.Is(err, fsbase.ErrCommitUnknown) {
		err = unpublished{err}
	}
	if err != nil {
		return nil, err
	}
	f.w.count(f.layout.Size)
	rs := make([]WriteResult, len(f.items))
	for i, t := range f.layout.Tensors {
		rs[i] = WriteResult{Index: f.items[i].Index, SizeInBytes: t.Size, StorageData: metadata.StorageInfo{
			RelativePath: f.name, Offset: t.Offset, Length: t.Size,
		}}
	}
	return rs, nil
}

// isOurs tells whether the file is there as this attempt writes it. Its header
// has the attempt's nonce, and what is there was committed whole.
func (f *hfFileWriter) isOurs(ctx context.Context) bool {
	r, err := f.w.fsys.OpenStream(ctx, f.name)
	if err != nil {
		return false
	}
	defer r.Close()
	head := make([]byte, len(f.layout.Header))
	_, err = io.ReadFull(io.NewSectionReader(r, 0, int64(len(head))), head)
	return err == nil && r.Info().Size == f.layout.Size && bytes.Equal(head, f.layout.Header)
}
