package dcp

import (
	"context"
	"io"
	"slices"

	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/internal/ranges"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// mostAround is more than an item has before or after its elements.
const mostAround = 64 << 10

// hint is where sealed metadata says that the elements of an item lie.
type hint struct {
	head, size, tail int64 // bytes before, of and after the elements
}

func hintOf(j job) (h hint, ok bool) {
	if j.item.Tensor == nil || j.info.PayloadOffset <= 0 || len(j.info.TransformDescriptors) > 0 {
		return h, false
	}
	h.head = j.info.PayloadOffset
	h.size, ok = tensor.NumBytes(j.item.Tensor.Properties.DType, j.chunk.Sizes)
	if !ok || h.size > j.info.Length-h.head {
		return h, false
	}
	h.tail = j.info.Length - h.head - h.size
	return h, h.head <= mostAround && h.tail <= mostAround
}

// hinted is the payload that a hint speaks of.
func hinted(sec io.ReaderAt, h hint, j job) *payload {
	return rawPayload(sec, h.head, j.item.Tensor.Properties.DType, j.chunk.Sizes, h.size)
}

// whole reads all of an item in as few requests as it has parts, if the metadata
// tells where its elements lie and one read wants them all. What is around them
// is read along, and has the last word: if it says something else, the item is
// read as any other, which whole leaves to the caller.
func (l *loading) whole(ctx context.Context, f opened, j job) (done bool, err error) {
	h, ok := hintOf(j)
	if !ok || l.r.raw || len(j.reads) != 1 || !slices.Equal(j.reads[0].Lengths, j.chunk.Sizes) {
		return false, nil
	}
	sec, err := sectionOnTrust(f, j.info.Offset, j.info.Length)
	if err != nil {
		return false, err
	}
	dst, err := l.resolve(j.reads[0])
	if err != nil {
		return false, err
	}
	around := &around{f: f, at: j.info.Offset, head: make([]byte, h.head), tail: make([]byte, h.tail), hint: h}
	t := &transfer{p: hinted(sec, h, j), read: j.reads[0], dst: dst, check: true, around: around}
	blocks := ranges.Blocks(j.chunk.Sizes, j.reads[0].StorageBox(), t.p.layout.DType.Size(), l.shape.Limits)
	if err := l.run(ctx, t, blocks); err != nil || !around.complete() {
		return false, err
	}
	p := around.payload(sec, j)
	if p == nil {
		return false, nil
	}
	t.p, t.check = p, p.hasCRC
	if err := t.verify(); err != nil {
		return false, err
	}
	return true, l.commit(t.read, dst)
}

// around is what an item holds beside its elements. It comes with the first and
// the last of their blocks.
type around struct {
	f          opened
	at         int64 // of the item in f
	head, tail []byte
	hint       hint

	gotHead, gotTail bool // each by the one block that brings it
}

// fill reads a block of the elements, and what is next to it at either end.
func (a *around) fill(mem []byte, b ranges.Block) error {
	first, last := b.Offset == 0, b.Offset+b.Length == a.hint.size
	var rs []fsbase.Range
	if first {
		rs = append(rs, fsbase.Range{Offset: a.at, Dst: a.head})
	}
	rs = append(rs, fsbase.Range{Offset: a.at + a.hint.head + b.Offset, Dst: mem})
	if last {
		rs = append(rs, fsbase.Range{Offset: a.at + a.hint.head + a.hint.size, Dst: a.tail})
	}
	if err := a.f.readRanges(rs); err != nil {
		return err
	}
	if first {
		a.gotHead = true
	}
	if last {
		a.gotTail = true
	}
	return nil
}

// payload is what the archive says of the elements; nil if that is not what the
// hint says, or if it cannot be read without them.
func (a *around) payload(sec io.ReaderAt, j job) *payload {
	archive, err := torchfile.Open(a, j.info.Length, torchfile.Limits{})
	if err != nil {
		return nil
	}
	p, err := locateArchive(archive, sec)
	if err != nil || p.matches(j.item, j.chunk) != nil || p.offset != a.hint.head || p.size != a.hint.size ||
		!p.dense || p.bigEndian || p.layout.Conj || p.layout.Neg {
		return nil
	}
	return p
}

// complete tells whether both ends were read: an item without elements has no
// block.
func (a *around) complete() bool { return a.gotHead && a.gotTail }

// ReadAt reads the item with zeros for its elements, of which nothing is asked
// but their place: an archive that has something else there cannot be opened so.
func (a *around) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	tail := a.hint.head + a.hint.size
	if off < a.hint.head {
		copy(p, a.head[off:])
	}
	if from := max(tail-off, 0); from < int64(len(p)) && off+from-tail < a.hint.tail {
		copy(p[from:], a.tail[off+from-tail:])
	}
	if left := tail + a.hint.tail - off; left < int64(len(p)) {
		return int(max(left, 0)), io.EOF
	}
	return len(p), nil
}
