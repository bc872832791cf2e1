package dcp

import (
	"context"
	"fmt"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// layOut plans the file, for which dtypes and shapes are enough, and puts items
// into its order.
func (f *hfFileWriter) layOut(job hfJob) error {
	infos := make([]safetensors.TensorInfo, len(f.items))
	byName := make(map[string]planner.WriteItem, len(f.items))
	offsets := make(map[string][]int64, len(f.items))
	save := safetensors.SaveInfo{
		SaveID: job.SaveID, Attempt: job.Attempt, File: f.number, Files: job.Files, Indexed: f.indexed,
		Sizes: make(map[string][]int64, len(f.items)),
	}
	for i, it := range f.items {
		fqn, d := it.Index.FQN, it.TensorData
		infos[i] = safetensors.TensorInfo{Name: fqn, DType: d.Properties.DType, Shape: d.Chunk.Sizes}
		byName[fqn], offsets[fqn], save.Sizes[fqn] = it, d.Chunk.Offsets, d.Size
	}
	md := safetensors.ShardingInfo(offsets)
	save.AddTo(md)
	var err error
	if f.layout, err = safetensors.NewLayout(infos, md); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	for i, t := range f.layout.Tensors {
		f.items[i] = byName[t.Name]
	}
	return nil
}

// attempt writes the file in one piece where that costs little memory.
func (f *hfFileWriter) attempt(ctx context.Context) error {
	if resident(f.p) {
		if ok, err := f.upload(ctx); ok || err != nil {
			return err
		}
	}
	return f.stream(ctx)
}

// upload writes the file over the tensors' own memory; ok is false when too much
// would have to be copied for that.
func (f *hfFileWriter) upload(ctx context.Context) (ok bool, err error) {
	data := make([][]byte, len(f.items))
	copied := int64(0)
	for i, it := range f.items {
		if err := f.stop.Err(); err != nil {
			return false, err
		}
		resolved, err := f.p.ResolveData(ctx, it)
		if err != nil {
			return false, err
		}
		t, err := resolvedTensor(it, resolved)
		if err != nil {
			return false, err
		}
		b, dense := t.Bytes()
		if !dense {
			if copied += t.NumBytes(); copied > f.w.o.PerThreadCopyAhead {
				return false, nil
			}
			b, _ = t.Contiguous().Bytes()
		}
		data[i] = b
	}
	file, err := f.layout.File(data)
	if err != nil {
		return false, err
	}
	_, err = fsbase.Upload(ctx, f.w.fsys, f.name, file, file.Size(), f.cond)
	return true, err
}

// stream writes the file tensor by tensor, with a bounded look-ahead.
func (f *hfFileWriter) stream(ctx context.Context) error {
	s, err := fsbase.CreateIf(ctx, f.w.fsys, f.name, f.cond)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Write(f.layout.Header); err != nil {
		return err
	}
	load := newLoader(f.stop, f.p, f.w.o.PerThreadCopyAhead)
	defer load.close()
	for _, it := range f.items {
		if err := load.add(it); err != nil {
			return err
		}
	}
	for it, data := range load.values() {
		t, err := resolvedTensor(it, data)
		if err != nil {
			return err
		}
		if err := t.WriteLogical(s); err != nil {
			return err
		}
	}
	if load.err != nil {
		return load.err
	}
	_, err = s.Commit()
	return err
}
