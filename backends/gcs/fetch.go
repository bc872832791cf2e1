package gcs

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fetch fills dst, one slice after the other, with the bytes from off on of the
// generation, 0 for whichever is current, and returns what the answer tells of
// the object.
//
// The generation goes along as a precondition and not as the version to read:
// of a version to read the client never tells which one came, and a server that
// ignores it would not be found out.
func (f *FS) fetch(ctx context.Context, p string, generation int64, dst [][]byte, off int64) (about storage.ReaderObjectAttrs, err error) {
	n, size := int64(0), length(dst)
	dst = slices.Clone(dst) // what is full is cut off
	err = f.call(ctx, func(ctx context.Context, alive func(int64)) error {
		o := f.object(p)
		if generation != 0 {
			o = o.If(storage.Conditions{GenerationMatch: generation})
		}
		r, err := o.NewRangeReader(ctx, off+n, size-n)
		if err != nil {
			return err
		}
		defer r.Close()
		alive(n)
		switch {
		case r.Attrs.Decompressed:
			return fmt.Errorf("content encoding %q, which is undone when it is read", r.Attrs.ContentEncoding)
		case generation != 0 && r.Attrs.Generation != generation:
			return fsbase.ErrChanged
		}
		about, generation = r.Attrs, r.Attrs.Generation
		for n < size && err == nil {
			var m int
			m, err = r.Read(dst[0])
			if m > 0 {
				n += int64(m)
				alive(n)
			}
			if dst[0] = dst[0][m:]; len(dst[0]) == 0 {
				dst = dst[1:]
			}
		}
		if n == size {
			return nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if isPrecondition(err) {
		err = clientError{fsbase.ErrChanged, err}
	}
	return about, err
}

func length(dst [][]byte) (n int64) {
	for _, b := range dst {
		n += int64(len(b))
	}
	return n
}
