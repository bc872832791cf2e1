package fsbase

import (
	"context"
	"fmt"
	"io"
	"io/fs"
)

// Upload publishes the first size bytes of src under a condition: by
// [Uploader], else through a stream of [CreateIf]. A src that fails, or that
// has less, publishes nothing.
func Upload(ctx context.Context, fsys FileSystemBase, path string, src io.ReaderAt, size int64, cond Condition) (Info, error) {
	if err := cond.Check("upload", path); err != nil {
		return Info{}, err
	}
	if size < 0 {
		return Info{}, &fs.PathError{Op: "upload", Path: path, Err: fs.ErrInvalid}
	}
	if err := CheckWrite(ctx, "upload", path); err != nil {
		return Info{}, err
	}
	if u, ok := As[Uploader](fsys); ok {
		return u.Upload(ctx, path, src, size, cond)
	}
	return write(ctx, fsys, path, cond, func(w io.Writer) error {
		buf := make([]byte, min(size, uploadBuffer))
		for off := int64(0); off < size; off += int64(len(buf)) {
			buf = buf[:min(int64(len(buf)), size-off)]
			if err := ReadSource(src, buf, off); err != nil {
				return err
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
		return nil
	})
}

// uploadBuffer is what Upload reads at once where there is no Uploader.
const uploadBuffer = 1 << 20

// ReadSource fills p from offset off of the source of an Upload, or fails:
// with the error of the source, also of one that comes with all the bytes, and
// with io.ErrUnexpectedEOF where it has fewer. C5.
func ReadSource(src io.ReaderAt, p []byte, off int64) error {
	n, err := src.ReadAt(p, off)
	switch {
	case n == len(p) && (err == nil || err == io.EOF):
		return nil
	case err == nil, err == io.EOF: // without an error the source breaks io.ReaderAt
		return fmt.Errorf("the source has %d bytes at %d instead of %d: %w", n, off, len(p), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("reading the source at %d: %w", off, err)
}

// WriteFile publishes body under path, whatever is there.
func WriteFile(ctx context.Context, fsys FileSystemBase, path string, body []byte) (Info, error) {
	return writeBody(ctx, fsys, path, body, Condition{})
}

func writeBody(ctx context.Context, fsys FileSystemBase, path string, body []byte, cond Condition) (Info, error) {
	return write(ctx, fsys, path, cond, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

// write commits what fill writes, and nothing if fill fails.
func write(ctx context.Context, fsys FileSystemBase, path string, cond Condition, fill func(io.Writer) error) (Info, error) {
	w, err := CreateIf(ctx, fsys, path, cond)
	if err != nil {
		return Info{}, err
	}
	// After a Commit this is a no-op, before one it discards: no error of it
	// says anything about what was published.
	defer w.Close()
	if err := fill(w); err != nil {
		return Info{}, PathError("write", path, err)
	}
	return w.Commit()
}
