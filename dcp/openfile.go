package dcp

import (
	"errors"
	"fmt"
	"io"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
)

// opened is an open file, or a part of one in memory.
type opened interface {
	io.ReaderAt
	name() string

	// size of the whole file in bytes.
	size() (int64, error)
	// sized tells whether size costs nothing.
	sized() bool
	// readRanges fills all of them, in one request where that can be.
	readRanges(ranges []fsbase.Range) error
}

func (f *shared) name() string { return f.path }
func (f *shared) sized() bool  { return f.src.pins.of(f.path).version != "" }

func (f *shared) size() (int64, error) {
	if p := f.src.pins.of(f.path); p.version != "" {
		return p.size, nil
	}
	info, err := fsbase.Stat(f.ctx, f.src.fsys, f.path)
	if err == nil {
		err = f.saw(info)
	}
	if err != nil {
		return 0, f.problem(err)
	}
	return info.Size, nil
}

// ReadAt reads and counts.
func (f *shared) ReadAt(p []byte, off int64) (int, error) {
	if f.ranged != nil {
		if err := f.readRanges([]fsbase.Range{{Offset: off, Dst: p}}); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	n, err := f.stream.ReadAt(p, off)
	f.src.moved.Add(int64(n))
	return n, err
}

func (f *shared) readRanges(ranges []fsbase.Range) error {
	if f.ranged == nil {
		for _, r := range ranges {
			if err := fill(f, r.Dst, r.Offset); err != nil {
				return err
			}
		}
		return nil
	}
	info, err := f.ranged.ReadRanges(f.ctx, f.path, f.src.pins.of(f.path).version, ranges)
	if err == nil {
		err = f.saw(info)
	}
	if err != nil {
		return f.problem(err)
	}
	for _, r := range ranges {
		f.src.moved.Add(int64(len(r.Dst)))
	}
	return nil
}

// window is a file of which a part is already in memory.
type window struct {
	*file
	start int64
	mem   []byte
}

func (w *window) ReadAt(p []byte, off int64) (int, error) {
	if at := off - w.start; at >= 0 && at+int64(len(p)) <= int64(len(w.mem)) {
		return copy(p, w.mem[at:]), nil
	}
	return w.file.ReadAt(p, off)
}

// slice is a part of the memory.
func (w *window) slice(offset, length int64) ([]byte, bool) {
	at := offset - w.start
	if at < 0 || length < 0 || at+length > int64(len(w.mem)) {
		return nil, false
	}
	return w.mem[at:][:length], true
}

// onTrust is how long a byte range may be that is read, into memory of that
// size, before the size of its file is known.
const onTrust = 4 << 20

// section checks that a byte range lies in a file and returns it. Of a short one
// in a file of unknown size the reads will tell.
func section(f opened, offset, length int64) (*io.SectionReader, error) {
	return sectionOf(f, offset, length, length > onTrust)
}

// sectionOnTrust is section for a range of any length, for which no memory is
// taken on its word.
func sectionOnTrust(f opened, offset, length int64) (*io.SectionReader, error) {
	return sectionOf(f, offset, length, false)
}

func sectionOf(f opened, offset, length int64, ask bool) (*io.SectionReader, error) {
	if offset < 0 || length < 0 || offset+length < 0 {
		return nil, outOfRange(f, offset, fmt.Errorf("%d bytes at %d", length, offset))
	}
	if f.sized() || ask {
		n, err := f.size()
		if err != nil {
			return nil, err
		}
		if length > n-offset {
			return nil, outOfRange(f, offset, fmt.Errorf("%d bytes at %d are not inside a file of %d", length, offset, n))
		}
	}
	return io.NewSectionReader(f, offset, length), nil
}

func outOfRange(f opened, offset int64, err error) error {
	return &ckpterr.Error{Class: ckpterr.OutOfRange, File: f.name(), Offset: offset, Err: err}
}

// fill reads exactly len(p) bytes.
func fill(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
