package s3

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// scratch are buffers through which sources are summed.
var scratch = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// sum is the CRC-32C of n bytes of src, in the form that S3 has for it. Sources
// are read twice, to be summed and to be sent: the store knows the sum before
// the bytes, and nothing is kept for another attempt.
func sum(ctx context.Context, src io.ReaderAt, off, n int64) (string, error) {
	buf := scratch.Get().(*[256 << 10]byte)
	defer scratch.Put(buf)
	crc := uint32(0)
	for end := off + n; off < end; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		part := buf[:min(int64(len(buf)), end-off)]
		k, err := src.ReadAt(part, off)
		if k < len(part) {
			return "", &sourceError{off + int64(k), ended(err)}
		}
		crc = crc32.Update(crc, castagnoli, part)
		off += int64(k)
	}
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc)), nil
}

// sound is a source that keeps the contract of io.ReaderAt for the first size
// bytes, or fails, whatever the one below it does.
type sound struct {
	src  io.ReaderAt
	size int64
}

func (s sound) ReadAt(p []byte, off int64) (int, error) {
	n := min(int64(len(p)), max(s.size-off, 0))
	if err := fsbase.ReadSource(s.src, p[:n], off); err != nil {
		return 0, err
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// ended is the error of a ReadAt that gave too little.
func ended(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// sourceError: it is the source that failed, and nothing was published.
type sourceError struct {
	off int64
	err error
}

func (e *sourceError) Error() string {
	return fmt.Sprintf("reading the source at %d: %v", e.off, e.err)
}
func (e *sourceError) Unwrap() error { return e.err }
