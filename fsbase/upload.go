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
		n, err := io.Copy(w, io.NewSectionReader(src, 0, size))
		if err == nil && n < size {
			err = fmt.Errorf("the source ended after %d of %d bytes: %w", n, size, io.ErrUnexpectedEOF)
		}
		return err
	})
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
