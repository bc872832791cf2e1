package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// blocks are buffers whose memory is aligned.
var blocks = sync.Pool{New: func() any {
	mem := make([]byte, blockSize+alignment)
	skip := -uintptr(unsafe.Pointer(&mem[0])) % alignment
	return (*block)(mem[skip:])
}}

type block [blockSize]byte

// writeBlock writes all of part at off.
func (f *FS) writeBlock(file *os.File, part []byte, off int64, direct bool) error {
	err := f.do(stepWrite, func() error {
		_, err := file.WriteAt(part, off)
		return err
	})
	if direct && errors.Is(err, syscall.EINVAL) {
		return errNotDirect
	}
	return err
}

// readFull fills part from offset off of src.
func readFull(src io.ReaderAt, part []byte, off int64) error {
	n, err := src.ReadAt(part, off)
	switch {
	case n == len(part):
		return nil
	case err == nil, err == io.EOF:
		return fmt.Errorf("the source ends at byte %d: %w", off+int64(n), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("reading the source at byte %d: %w", off, err)
}
