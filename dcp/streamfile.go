package dcp

import (
	"context"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// makeItem lays out the archive of what a planner resolved.
func makeItem(it planner.WriteItem, data any) (*torchfile.Item, error) {
	fail := func(err error) (*torchfile.Item, error) { return nil, fmt.Errorf("%s: %w", it.Index.FQN, err) }
	if it.Type == planner.WriteByteIO {
		e, err := encodeObject(data)
		if err != nil {
			return fail(err)
		}
		item, err := torchfile.NewObjectItem(e.pickle, e.storages)
		if err != nil {
			return fail(err)
		}
		return item, nil
	}
	t, err := resolvedTensor(it, data)
	if err != nil {
		return nil, err
	}
	item, err := torchfile.NewTensorItem(t.Contiguous())
	if err != nil {
		return fail(err)
	}
	return item, nil
}

// resolvedTensor is what a planner resolved, which must be the chunk that was
// planned.
func resolvedTensor(it planner.WriteItem, data any) (*tensor.Tensor, error) {
	t, ok := data.(*tensor.Tensor)
	if !ok {
		return nil, fmt.Errorf("%s: planner resolved a %T for a tensor", it.Index.FQN, data)
	}
	if want := it.TensorData.Chunk.Sizes; !slices.Equal(t.Shape(), want) || t.DType() != it.TensorData.Properties.DType {
		return nil, fmt.Errorf("%s: planner resolved %v %v for a chunk of %v %v",
			it.Index.FQN, t.DType(), t.Shape(), it.TensorData.Properties.DType, want)
	}
	return t, nil
}

// stream writes the file item by item, with a bounded look-ahead.
func (f *fileWriter) stream(ctx context.Context, name string, cond fsbase.Condition) (rs []WriteResult, err error) {
	s, err := fsbase.CreateIf(ctx, f.w.fsys, name, cond)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	out := &summed{w: s, sum: crc32.New(castagnoli)}
	load := newLoader(f.stop, f.p, f.w.o.PerThreadCopyAhead)
	defer load.close()
	for _, it := range f.items {
		if err := load.add(it); err != nil {
			return nil, err
		}
	}
	for it, data := range load.values() {
		item, err := makeItem(it, data)
		if err != nil {
			return nil, err
		}
		r, err := f.streamItem(out, it, item, name)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	if load.err != nil {
		return nil, load.err
	}
	if _, err := s.Commit(); err != nil {
		return nil, err
	}
	f.w.count(out.n)
	return rs, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summed counts and sums what goes to a stream.
type summed struct {
	w   io.Writer
	n   int64
	sum hash.Hash32
}

func (s *summed) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.n += int64(n)
	s.sum.Write(p[:n])
	return n, err
}

// streamItem writes one item through the extensions, the first one innermost.
func (f *fileWriter) streamItem(out *summed, it planner.WriteItem, item *torchfile.Item, name string) (WriteResult, error) {
	start := out.n
	out.sum.Reset()
	var w io.Writer = out
	var open []io.WriteCloser
	var descriptors []string
	// Stored from the outermost on, as a reader undoes them. torch's writer
	// stores them the other way round, and cannot read two.
	for _, e := range slices.Backward(f.w.o.Extensions) {
		c, err := e.TransformTo(w)
		if err != nil {
			return WriteResult{}, err
		}
		open = append(open, c)
		descriptors = append(descriptors, e.Descriptor())
		w = c
	}
	_, err := item.WriteTo(w)
	for _, c := range slices.Backward(open) {
		if e := c.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return WriteResult{}, err
	}
	info := metadata.StorageInfo{
		RelativePath: name, Offset: start, Length: out.n - start, TransformDescriptors: descriptors,
	}
	payload := payloadOffset(it, item)
	if len(descriptors) > 0 {
		payload = -1
	}
	info.Describe(out.sum.Sum32(), payload)
	return f.result(it, info), nil
}
