package torchfile

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/godcp/godcp/ckpterr"
)

// ReadEntry returns the whole content of e, inflated, with its checksum
// verified. An entry of more than max bytes is LimitExceeded before anything is
// read. The bytes may be the archive's own: they must not be changed.
func (a *Archive) ReadEntry(e Entry, max int64) ([]byte, error) {
	if e.Size > max {
		return nil, at(ckpterr.New(ckpterr.LimitExceeded, "entry %q of %d bytes, more than %d", e.Name, e.Size, max), e.Offset)
	}
	b, err := a.payload(e)
	if err != nil {
		return nil, err
	}
	if e.Method == methodDeflate {
		// The size is only a claim: memory grows with what really comes out.
		var out bytes.Buffer
		if _, err := out.ReadFrom(newBounded(e, flate.NewReader(bytes.NewReader(b)))); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	}
	if e.HasCRC {
		return b, checkSum(e, crc32.ChecksumIEEE(b))
	}
	return b, nil
}

// payload returns the stored bytes of e.
func (a *Archive) payload(e Entry) ([]byte, error) {
	if e.Offset < 0 || e.CompressedSize < 0 || e.Offset > a.size-e.CompressedSize {
		return nil, at(ckpterr.New(ckpterr.OutOfRange, "entry %q lies outside the item", e.Name), e.Offset)
	}
	if b := a.tail.at(e.Offset, e.CompressedSize); b != nil {
		return b, nil
	}
	if b := a.head.at(e.Offset, e.CompressedSize); b != nil {
		return b, nil
	}
	w, err := readWindow(a.r, e.Offset, e.CompressedSize)
	return w.b, err
}

// OpenEntry streams the content of e, inflated. It gives exactly e.Size bytes
// and then io.EOF, or an error: a checksum that does not match is told in place
// of io.EOF.
func (a *Archive) OpenEntry(e Entry) io.Reader {
	var src io.ReaderAt = a.r
	if src == nil {
		src = bytes.NewReader(a.tail.b)
	}
	var r io.Reader = io.NewSectionReader(src, e.Offset, e.CompressedSize)
	if e.Method == methodDeflate {
		r = flate.NewReader(r)
	}
	return newBounded(e, r)
}

// bounded reads one entry and holds it to its size and checksum.
type bounded struct {
	e    Entry
	r    io.Reader
	left int64
	sum  uint32
	err  error
}

func newBounded(e Entry, r io.Reader) *bounded { return &bounded{e: e, r: r, left: e.Size} }

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.left == 0 {
		b.err = b.finish()
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if b.e.HasCRC {
		b.sum = crc32.Update(b.sum, crc32.IEEETable, p[:n])
	}
	if err != nil && (b.left > 0 || !errors.Is(err, io.EOF)) {
		b.err = b.fault(err)
	}
	return n, b.err
}

// finish tells how the entry ends after its last byte.
func (b *bounded) finish() error {
	if b.e.Method == methodDeflate {
		var one [1]byte
		if n, err := io.ReadFull(b.r, one[:]); n > 0 {
			return bad(b.e.Offset, "entry %q inflates to more than %d bytes", b.e.Name, b.e.Size)
		} else if !errors.Is(err, io.EOF) {
			return b.fault(err)
		}
	}
	if b.e.HasCRC {
		if err := checkSum(b.e, b.sum); err != nil {
			return err
		}
	}
	return io.EOF
}

func (b *bounded) fault(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return bad(b.e.Offset, "entry %q ends %d bytes early: %v", b.e.Name, b.left, err)
	default:
		return fmt.Errorf("reading entry %q: %w", b.e.Name, err)
	}
}

func checkSum(e Entry, got uint32) error {
	if got == e.CRC32 {
		return nil
	}
	return at(ckpterr.New(ckpterr.ChecksumMismatch, "entry %q has CRC-32 %08x, its directory says %08x", e.Name, got, e.CRC32), e.Offset)
}
