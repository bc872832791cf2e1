package local

import (
	"errors"
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
