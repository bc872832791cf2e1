package dcp

import (
	"cmp"
	"context"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// Record is one stored item of a checkpoint: a chunk of a tensor, or a pickled
// object.
type Record struct {
	FQN      string
	IsTensor bool
	Chunk    tensor.Box // elements; zero for an object
	File     string
	Offset   int64 // bytes, in File
	Length   int64 // bytes, as stored

	job job
}

// Records lists the stored items of all chunks and objects, in the order of
// files and offsets. Chunks without a record are left out;
// Metadata.Validate tells them.
func (ck *Checkpoint) Records() []Record {
	md := ck.reader.md
	var rs []Record
	add := func(it *metadata.Item, chunk tensor.Box, info *metadata.StorageInfo) {
		rs = append(rs, Record{
			FQN: it.FQN, IsTensor: it.Tensor != nil, Chunk: chunk,
			File: info.RelativePath, Offset: info.Offset, Length: info.Length,
			job: job{info: info, item: it, chunk: chunk},
		})
	}
	for i := range md.StateDictMetadata {
		it := &md.StateDictMetadata[i]
		if it.Tensor == nil {
			if info, ok := md.Storage(metadata.MetadataIndex{FQN: it.FQN, Index: -1}); ok {
				add(it, tensor.Box{}, info)
			}
			continue
		}
		for c, chunk := range it.Tensor.Chunks {
			if info, ok := md.ChunkStorage(it, c); ok {
				add(it, chunk, info)
			}
		}
	}
	slices.SortStableFunc(rs, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	return rs
}

// ItemCheck is what CheckItem found in a sound item.
type ItemCheck struct {
	Bytes       int64    // read from storage
	Checksummed bool     // all of it is covered by a checksum that was right
	Unknown     []string // classes in a pickled object that godcp does not know

	// Blob tells a tensor in a safetensors blob: the record's offset is the
	// blob's, which many tensors share, and its length that of the elements.
	Blob bool
}

// CheckItem reads all of an item and checks everything in it: the archive, the
// checksums of all its entries, the pickle, and that it holds what the metadata
// says. Its memory is bounded whatever the item's size. Objects with transforms
// may have Limits.Item bytes, tensors what the metadata says of them.
func (ck *Checkpoint) CheckItem(ctx context.Context, rec Record) (ItemCheck, error) {
	r, j := ck.reader, rec.job
	f, err := r.use(ctx, j.info.RelativePath)
	if err != nil {
		return ItemCheck{}, j.place(err)
	}
	defer f.done()
	c := ItemCheck{Bytes: j.info.Length}
	c.Blob = rec.IsTensor && !r.raw && isBlobRecord(f, j)
	if rec.IsTensor && r.raw || c.Blob {
		err = r.checkRaw(ctx, f, j)
	} else {
		err = r.checkArchive(ctx, f, j, &c)
	}
	return c, j.place(err)
}

func isBlobRecord(f opened, j job) bool {
	return len(j.info.TransformDescriptors) == 0 && isBlob(f, j.info.Offset)
}

// checkRaw reads bare elements. Nothing says what they should be, but they
// must be there.
func (r *reader) checkRaw(ctx context.Context, f opened, j job) error {
	p, err := r.locate(ctx, f, j)
	if err != nil {
		return err
	}
	n, err := drain(ctx, io.NewSectionReader(p.at, p.offset, p.size))
	if err == nil && n < p.size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// checkArchive reads a torch.save item.
func (r *reader) checkArchive(ctx context.Context, f opened, j job, c *ItemCheck) error {
	if len(j.info.TransformDescriptors) > 0 {
		return r.checkUnpacked(ctx, f, j, c)
	}
	sec, err := section(f, j.info.Offset, j.info.Length)
	if err != nil {
		return err
	}
	return checkEntries(ctx, sec, sec.Size(), j, c)
}

// checkUnpacked undoes transforms without keeping what comes out. A tensor may
// be as large as the metadata says.
func (r *reader) checkUnpacked(ctx context.Context, f opened, j job, c *ItemCheck) error {
	limit := r.limits.Item
	if j.item.Tensor != nil {
		n, _ := tensor.NumBytes(j.item.Tensor.Properties.DType, j.chunk.Sizes)
		limit = n + min(unpackSlack, math.MaxInt64-1-n)
	}
	if r.takesMuch(f, j) {
		if err := r.much.Acquire(ctx, 1); err != nil {
			return err
		}
		defer r.much.Release(1)
	}
	p, err := newReplay(func() (io.ReadCloser, error) { return r.openPlain(ctx, f, j) }, limit)
	if err != nil {
		return err
	}
	defer p.close()
	return checkEntries(ctx, p, p.size, j, c)
}

// takesMuch tells the items that need much memory to be unpacked, or may: they
// are checked one at a time.
func (r *reader) takesMuch(f opened, j job) bool {
	if len(j.info.TransformDescriptors) > 1 {
		return true
	}
	start := make([]byte, zstd.HeaderMaxSize)
	n, _ := f.ReadAt(start, max(j.info.Offset, 0)) // whoever unpacks it meets the error again
	return wideWindow(start[:n])
}

func checkEntries(ctx context.Context, at io.ReaderAt, size int64, j job, c *ItemCheck) error {
	a, err := torchfile.Open(at, size, torchfile.Limits{})
	if err != nil {
		return err
	}
	if j.item.Tensor != nil {
		err = checkTensor(a, j)
	} else {
		c.Unknown, err = checkObject(a, size)
	}
	if err != nil {
		return err
	}
	c.Checksummed = true
	for _, e := range a.Entries() {
		c.Checksummed = c.Checksummed && (e.HasCRC || e.Size == 0)
		if _, err := drain(ctx, a.OpenEntry(e)); err != nil {
			return err
		}
	}
	return nil
}

// drain reads all of r, in pieces that are worth a request.
func drain(ctx context.Context, r io.Reader) (int64, error) {
	buf := getScratch(drainPiece)
	defer putScratch(buf)
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		m, err := r.Read(*buf)
		n += int64(m)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

const drainPiece = 1 << 20

func checkTensor(a *torchfile.Archive, j job) error {
	rec, err := a.Tensor()
	if err != nil {
		return err
	}
	p := payload{layout: tensor.Layout{DType: rec.DType, Shape: rec.Shape}}
	return p.matches(j.item, j.chunk)
}

// checkObject decodes a pickle and every tensor header in it, and lists the
// classes that it did not know.
func checkObject(a *torchfile.Archive, size int64) (unknown []string, err error) {
	v, err := a.Value(func(g pickle.Global) pickle.Verdict {
		if !isPlainGlobal(g) {
			unknown = append(unknown, g.String())
		}
		return pickle.Opaque
	})
	if err != nil {
		return nil, err
	}
	d := valueDecoder{archive: a, nodes: maxNodes + int(min(size, maxNodes)), texts: maxTexts + 2*size, headersOnly: true}
	_, err = d.value(v, 0)
	slices.Sort(unknown)
	return slices.Compact(unknown), err
}
