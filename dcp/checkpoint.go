package dcp

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// Checkpoint is an opened checkpoint. It holds the metadata and no open files,
// and is safe for concurrent use. Files are pinned to the version that was
// read first: a checkpoint that is overwritten meanwhile is fsbase.ErrChanged,
// never a mixture.
type Checkpoint struct {
	reader   *reader
	layout   Layout
	warnings []string
}

// Metadata is what `.metadata` says; it must not be changed.
func (ck *Checkpoint) Metadata() *metadata.Metadata { return ck.reader.md }

// Layout tells how the checkpoint is stored.
func (ck *Checkpoint) Layout() Layout { return ck.layout }

// Warnings are doubts that did not keep the checkpoint from opening.
func (ck *Checkpoint) Warnings() []string { return ck.warnings }

// FileSystem is where the checkpoint lies.
func (ck *Checkpoint) FileSystem() fsbase.FileSystemBase { return ck.reader.fsys }

// BytesRead is how many bytes came from storage so far.
func (ck *Checkpoint) BytesRead() int64 { return ck.reader.BytesRead() }

// Entry is one fqn of a checkpoint.
type Entry struct {
	FQN string

	// IsTensor tells a tensor from a pickled object, for which DType is
	// Invalid, and Shape and Chunks are nil.
	IsTensor bool
	DType    tensor.DType
	Shape    []int64      // elements
	Chunks   []tensor.Box // elements, in the order of the file

	// Bytes is the size of all elements, or of the stored object.
	Bytes int64
}

// Entries ranges over all entries in the metadata's order.
func (ck *Checkpoint) Entries() iter.Seq2[string, Entry] {
	return func(yield func(string, Entry) bool) {
		md := ck.reader.md
		for i := range md.StateDictMetadata {
			if it := &md.StateDictMetadata[i]; !yield(it.FQN, ck.entry(it)) {
				return
			}
		}
	}
}

// Entry describes one fqn.
func (ck *Checkpoint) Entry(fqn string) (Entry, bool) {
	it, ok := ck.reader.md.Find(fqn)
	if !ok {
		return Entry{}, false
	}
	return ck.entry(it), true
}

func (ck *Checkpoint) entry(it *metadata.Item) Entry {
	if it.Tensor == nil {
		e := Entry{FQN: it.FQN}
		if info, ok := ck.reader.md.Storage(metadata.MetadataIndex{FQN: it.FQN, Index: -1}); ok {
			e.Bytes = info.Length
		}
		return e
	}
	t := it.Tensor
	n, _ := tensor.NumBytes(t.Properties.DType, t.Size)
	return Entry{FQN: it.FQN, IsTensor: true, DType: t.Properties.DType, Shape: t.Size, Chunks: t.Chunks, Bytes: n}
}

// ErrNoEntry: the checkpoint has no entry of that name, or one of another kind.
var ErrNoEntry = fmt.Errorf("no such entry: %w", fs.ErrNotExist)

func (ck *Checkpoint) find(fqn string, isTensor bool) (*metadata.Item, error) {
	it, ok := ck.reader.md.Find(fqn)
	switch {
	case !ok:
		return nil, fmt.Errorf("%q: %w", fqn, ErrNoEntry)
	case isTensor && it.Tensor == nil:
		return nil, fmt.Errorf("%q is an object, not a tensor: %w", fqn, ErrNoEntry)
	case !isTensor && it.Tensor != nil:
		return nil, fmt.Errorf("%q is a tensor, not an object: %w", fqn, ErrNoEntry)
	}
	return it, nil
}

// Tensor reads all of a tensor into new memory.
func (ck *Checkpoint) Tensor(ctx context.Context, fqn string) (*tensor.Tensor, error) {
	it, err := ck.find(fqn, true)
	if err != nil {
		return nil, err
	}
	return ck.Slice(ctx, fqn, tensor.FullBox(it.Tensor.Size))
}

// Slice reads a box of a tensor into new memory, and from storage little more
// than the bytes of that box: items are read in ranges where they are dense.
// The CRC of an item is checked only if all of it is read.
func (ck *Checkpoint) Slice(ctx context.Context, fqn string, box tensor.Box) (*tensor.Tensor, error) {
	it, err := ck.find(fqn, true)
	if err != nil {
		return nil, err
	}
	if err := ck.reader.md.ValidateItem(it); err != nil {
		return nil, err
	}
	if len(box.Offsets) != len(it.Tensor.Size) || !box.Within(it.Tensor.Size) {
		return nil, fmt.Errorf("%q: box %v is not inside shape %v: %w", fqn, box, it.Tensor.Size, fs.ErrInvalid)
	}
	reads, err := planner.CreateReadItems(it, []tensor.Box{box})
	if err != nil {
		return nil, err
	}
	p := &fillPlanner{dtype: it.Tensor.Properties.DType, shape: box.Sizes}
	if err := ck.reader.ReadData(ctx, &planner.LoadPlan{Items: reads}, p); err != nil {
		return nil, err
	}
	return p.memory()
}

// fillPlanner makes one tensor and hands out views of it.
type fillPlanner struct {
	planner.LoadPlanner // the other methods are not called by ReadData
	dtype               tensor.DType
	shape               []int64
	dst                 *tensor.Tensor
}

func (*fillPlanner) Allocates() bool { return true }

func (p *fillPlanner) memory() (t *tensor.Tensor, err error) {
	if p.dst == nil {
		p.dst, err = tensor.New(p.dtype, p.shape...)
	}
	return p.dst, err
}

func (p *fillPlanner) ResolveTensor(read planner.ReadItem) (*tensor.Tensor, error) {
	t, err := p.memory()
	if err != nil {
		return nil, err
	}
	return t.Sub(read.DestBox())
}

func (*fillPlanner) CommitTensor(planner.ReadItem, *tensor.Tensor) error { return nil }

// OpenItem streams a pickled object as it was saved: a torch.save archive, with
// stream transforms undone. The caller closes it.
func (ck *Checkpoint) OpenItem(ctx context.Context, fqn string) (io.ReadCloser, error) {
	it, err := ck.find(fqn, false)
	if err != nil {
		return nil, err
	}
	j, f, err := ck.openJob(ctx, it)
	if err != nil {
		return nil, err
	}
	plain, err := ck.reader.openPlain(ctx, f, j)
	if err != nil {
		f.done()
		return nil, j.place(err)
	}
	return &itemStream{plain, j, f}, nil
}

// openJob opens the file of a bytes item.
func (ck *Checkpoint) openJob(ctx context.Context, it *metadata.Item) (job, *file, error) {
	if err := ck.reader.md.ValidateItem(it); err != nil {
		return job{}, nil, err
	}
	info, ok := ck.reader.md.Storage(metadata.MetadataIndex{FQN: it.FQN, Index: -1})
	if !ok {
		return job{}, nil, missingRecord(it.FQN)
	}
	j := job{info: info, item: it}
	f, err := ck.reader.use(ctx, info.RelativePath)
	return j, f, j.place(err)
}

type itemStream struct {
	r io.ReadCloser
	j job
	f *file
}

func (s *itemStream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		err = s.j.place(err)
	}
	return n, err
}

func (s *itemStream) Close() error {
	if s.f == nil {
		return nil
	}
	err := s.r.Close()
	s.f.done()
	s.f = nil
	return err
}

// Bytes reads a pickled object as it was saved, at most Limits.Item bytes.
func (ck *Checkpoint) Bytes(ctx context.Context, fqn string) ([]byte, error) {
	it, err := ck.find(fqn, false)
	if err != nil {
		return nil, err
	}
	j, f, err := ck.openJob(ctx, it)
	if err != nil {
		return nil, err
	}
	defer f.done()
	b, err := ck.reader.unpackItem(ctx, f, j, ck.reader.limits.Item)
	return b, j.place(err)
}

// Value reads a pickled object as plain Go values; [DecodeValue] says which.
func (ck *Checkpoint) Value(ctx context.Context, fqn string) (any, error) {
	b, err := ck.Bytes(ctx, fqn)
	if err != nil {
		return nil, err
	}
	v, err := DecodeValue(b)
	if err != nil {
		it, _ := ck.reader.md.Find(fqn)
		info, _ := ck.reader.md.Storage(metadata.MetadataIndex{FQN: fqn, Index: -1})
		return nil, job{info: info, item: it}.place(err)
	}
	return v, nil
}
