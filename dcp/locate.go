package dcp

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// payload is where the elements of one saved chunk lie.
type payload struct {
	at     io.ReaderAt // an item, or a whole file
	offset int64       // of the storage in at, bytes
	size   int64       // of the storage, bytes
	layout tensor.Layout

	dense     bool // the storage is the chunk in C order and nothing else
	bigEndian bool
	crc       uint32 // of the storage
	hasCRC    bool

	// unpack reads the whole storage and checks its CRC.
	unpack func() ([]byte, error)
}

// unpackSlack is what an item may hold beside its elements: headers, the
// pickle, padding.
const unpackSlack = 1 << 20

// locateArchive finds the payload in a torch.save item.
func locateArchive(a *torchfile.Archive, at io.ReaderAt) (*payload, error) {
	rec, err := a.Tensor()
	if err != nil {
		return nil, err
	}
	return &payload{
		at: at, offset: rec.Storage.Offset, size: rec.StorageBytes,
		layout: tensor.Layout{
			DType: rec.DType, Shape: rec.Shape, Strides: rec.Strides,
			StorageOffset: rec.StorageOffset, Conj: rec.Conj, Neg: rec.Neg,
		},
		dense:     rec.Dense && rec.Storage.Method == 0,
		bigEndian: rec.BigEndian,
		crc:       rec.Storage.CRC32, hasCRC: rec.Storage.HasCRC,
		unpack: func() ([]byte, error) { return a.ReadEntry(rec.Storage, rec.StorageBytes) },
	}, nil
}

func locateInMemory(item []byte) (*payload, error) {
	a, err := torchfile.OpenBytes(item, torchfile.Limits{})
	if err != nil {
		return nil, err
	}
	return locateArchive(a, bytes.NewReader(item))
}

// rawPayload describes dense elements at a known place: safetensors.
func rawPayload(at io.ReaderAt, offset int64, d tensor.DType, shape []int64, size int64) *payload {
	p := &payload{at: at, offset: offset, size: size, dense: true}
	p.layout = tensor.Layout{DType: d, Shape: shape, Strides: tensor.ContiguousStrides(shape)}
	p.unpack = func() ([]byte, error) {
		b := make([]byte, size)
		return b, fill(at, b, offset)
	}
	return p
}

// matches compares what is stored with what the metadata says of the chunk.
// (torch takes another dtype silently and stumbles over another shape later.)
func (p *payload) matches(it *metadata.Item, chunk tensor.Box) error {
	want := it.Tensor.Properties.DType
	if p.layout.DType != want {
		return ckpterr.New(ckpterr.SizeMismatch, "item holds %v, the metadata says %v", p.layout.DType, want)
	}
	if !slices.Equal(p.layout.Shape, chunk.Sizes) {
		return ckpterr.New(ckpterr.SizeMismatch, "item has shape %v, the metadata says %v", p.layout.Shape, chunk.Sizes)
	}
	return nil
}

// locate finds the payload of a chunk whose item lies in f. The payload is
// usable while f is open.
func (r *reader) locate(ctx context.Context, f opened, j job) (*payload, error) {
	p, err := r.locateUnchecked(ctx, f, j)
	if err == nil {
		err = p.matches(j.item, j.chunk)
	}
	if err != nil {
		return nil, j.place(err)
	}
	return p, nil
}

func (r *reader) locateUnchecked(ctx context.Context, f opened, j job) (*payload, error) {
	d := j.item.Tensor.Properties.DType
	if r.raw {
		sec, err := section(f, j.info.Offset, j.info.Length)
		if err != nil {
			return nil, err
		}
		return rawPayload(sec, 0, d, j.chunk.Sizes, j.info.Length), nil
	}
	if len(j.info.TransformDescriptors) > 0 {
		want, _ := tensor.NumBytes(d, j.chunk.Sizes)
		plain, err := r.unpackItem(ctx, f, j, want+unpackSlack)
		if err != nil {
			return nil, err
		}
		return locateInMemory(plain)
	}
	p, err := r.locateItem(f, j)
	if err != nil && isBlob(f, j.info.Offset) {
		return r.locateInBlob(f, j)
	}
	return p, err
}

// locateItem finds the payload of a plain item.
func (r *reader) locateItem(f opened, j job) (*payload, error) {
	if w, ok := f.(*window); ok {
		if item, ok := w.slice(j.info.Offset, j.info.Length); ok {
			return locateInMemory(item)
		}
	}
	if h, ok := hintOf(j); ok && !r.untrusted && !j.whole() {
		sec, err := sectionOnTrust(f, j.info.Offset, j.info.Length)
		if err != nil {
			return nil, err
		}
		return hinted(sec, h, j), nil
	}
	sec, err := section(f, j.info.Offset, j.info.Length)
	if err != nil {
		return nil, err
	}
	a, err := torchfile.Open(sec, sec.Size(), torchfile.Limits{})
	if err != nil {
		return nil, err
	}
	return locateArchive(a, sec)
}

// unpackItem undoes the transforms of an item into memory of at most limit
// bytes.
func (r *reader) unpackItem(ctx context.Context, f opened, j job, limit int64) ([]byte, error) {
	if len(j.info.TransformDescriptors) == 0 {
		return readItem(f, j, limit)
	}
	plain, err := r.openPlain(ctx, f, j)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	// Growing as bytes arrive: what a descriptor or a header claims costs nothing.
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(plain, limit+1))
	switch {
	case err != nil:
		return nil, err
	case n > limit:
		return nil, ckpterr.New(ckpterr.LimitExceeded, "item unpacks to more than %d bytes", limit)
	}
	return b.Bytes(), nil
}

// readItem reads a plain item.
func readItem(f opened, j job, limit int64) ([]byte, error) {
	sec, err := section(f, j.info.Offset, j.info.Length)
	if err != nil {
		return nil, err
	}
	if sec.Size() > limit {
		return nil, ckpterr.New(ckpterr.LimitExceeded, "item has %d bytes, the limit is %d", sec.Size(), limit)
	}
	b := make([]byte, sec.Size())
	return b, fill(sec, b, 0)
}

// openPlain streams an item with its transforms undone.
func (r *reader) openPlain(ctx context.Context, f opened, j job) (io.ReadCloser, error) {
	sec, err := section(f, j.info.Offset, j.info.Length)
	if err != nil {
		return nil, err
	}
	exts, err := r.extensions.From(j.info.TransformDescriptors)
	if err != nil {
		return nil, err
	}
	return undo(sec, sec.Size(), func(r io.Reader) io.Reader { return &contextReader{ctx, r} }, exts)
}

// contextReader stops a long stream when its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// isBlob tells a safetensors blob, which torch's SAFETENSORS format puts where
// an item is expected, from everything else.
func isBlob(f opened, offset int64) bool {
	var b [9]byte
	size, err := f.size()
	if err != nil || offset < 0 || offset > size-int64(len(b)) || fill(f, b[:], offset) != nil {
		return false
	}
	n := binary.LittleEndian.Uint64(b[:8])
	return b[8] == '{' && n <= uint64(size-offset)
}

// locateInBlob looks the tensor up by name: the record's length and the place
// inside the blob say nothing (format: all records point at its start).
func (r *reader) locateInBlob(f opened, j job) (*payload, error) {
	h, err := r.blob(f, j.info.Offset)
	if err != nil {
		return nil, err
	}
	t, ok := h.Lookup(j.item.FQN)
	if !ok {
		return nil, ckpterr.New(ckpterr.MissingItem, "the safetensors blob at %d has no tensor of that name", j.info.Offset)
	}
	return rawPayload(f, j.info.Offset+t.Offset, t.DType, t.Shape, t.Size), nil
}

// blob parses the safetensors header at an offset of f, once.
func (r *reader) blob(f opened, offset int64) (*safetensors.Header, error) {
	key := fmt.Sprintf("%d:%s", offset, f.name())
	r.mu.Lock()
	defer r.mu.Unlock()
	if h, ok := r.blobs[key]; ok {
		return h, nil
	}
	size, err := f.size()
	if err != nil {
		return nil, err
	}
	h, err := safetensors.ReadHeader(io.NewSectionReader(f, offset, size-offset), size-offset)
	if err != nil {
		return nil, err
	}
	r.blobs[key] = h
	return h, nil
}
