package fsbase

import (
	"context"
	"errors"
	"io/fs"
	"strings"
)

// Sub returns the folder prefix of fsys as a file system of its own: every
// path is below prefix, and nothing above it can be named. Paths in Infos,
// listings and errors are translated back. It has exactly the capabilities
// that fsys has. Sub of "." is fsys.
func Sub(fsys FileSystemBase, prefix string) (FileSystemBase, error) {
	if err := CheckPath("sub", prefix); err != nil {
		return nil, err
	}
	if prefix == "." {
		return fsys, nil
	}
	return &sub{inner: fsys, prefix: prefix}, nil
}

type sub struct {
	inner  FileSystemBase
	prefix string // a valid path, not "."
}

// full is the name that the inner file system has for a path.
func (s *sub) full(path string) string {
	if path == "." {
		return s.prefix
	}
	return s.below(path)
}

// below is the raw prefix that the inner file system has for one of ours,
// where "." is the beginning of a name.
func (s *sub) below(prefix string) string { return s.prefix + "/" + prefix }

// own is the name that this file system has for an inner path.
func (s *sub) own(full string) string {
	if full == s.prefix {
		return "."
	}
	return strings.TrimPrefix(full, s.prefix+"/")
}

func (s *sub) info(i Info) Info {
	i.Path = s.own(i.Path)
	return i
}

// fail translates the path in an error. An error that is no *fs.PathError, as
// the bare io.EOF of ReadAt, is left as it is.
func (s *sub) fail(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return &fs.PathError{Op: pe.Op, Path: s.own(pe.Path), Err: s.fail(pe.Err)}
	}
	return err
}

// stream checks a path that names an existing stream, if any. The root is
// none, though the inner file system may have a stream of the name prefix.
func (s *sub) stream(ctx context.Context, op, path string) error {
	if err := CheckCall(ctx, op, path); err != nil {
		return err
	}
	if path == "." {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist}
	}
	return nil
}

func (s *sub) CreateStream(ctx context.Context, path string) (WriteStream, error) {
	if err := CheckWrite(ctx, "create", path); err != nil {
		return nil, err
	}
	return s.writing(s.inner.CreateStream(ctx, s.full(path)))
}

func (s *sub) OpenStream(ctx context.Context, path string) (ReadStream, error) {
	if err := s.stream(ctx, "open", path); err != nil {
		return nil, err
	}
	r, err := s.inner.OpenStream(ctx, s.full(path))
	if err != nil {
		return nil, s.fail(err)
	}
	return &subReader{ReadStream: r, sub: s}, nil
}

func (s *sub) ConcatPath(path, suffix string) string { return s.inner.ConcatPath(path, suffix) }

func (s *sub) Rename(ctx context.Context, path, newPath string) error {
	if err := CheckPath("rename", path); err != nil {
		return err
	}
	if err := CheckWrite(ctx, "rename", newPath); err != nil {
		return err
	}
	if err := s.stream(ctx, "rename", path); err != nil {
		return err
	}
	return s.fail(s.inner.Rename(ctx, s.full(path), s.full(newPath)))
}

func (s *sub) Mkdir(ctx context.Context, path string) error {
	if err := CheckCall(ctx, "mkdir", path); err != nil {
		return err
	}
	return s.fail(s.inner.Mkdir(ctx, s.full(path)))
}

func (s *sub) Exists(ctx context.Context, path string) (bool, error) {
	err := s.stream(ctx, "exists", path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ok, err := s.inner.Exists(ctx, s.full(path))
	return ok, s.fail(err)
}

func (s *sub) RmFile(ctx context.Context, path string) error {
	if err := s.stream(ctx, "remove", path); err != nil {
		return err
	}
	return s.fail(s.inner.RmFile(ctx, s.full(path)))
}

func (s *sub) ValidateCheckpointID(id string) error { return s.inner.ValidateCheckpointID(id) }

func (s *sub) writing(w WriteStream, err error) (WriteStream, error) {
	if err != nil {
		return nil, s.fail(err)
	}
	return &subWriter{inner: w, sub: s}, nil
}

type subWriter struct {
	inner WriteStream
	sub   *sub
}

func (w *subWriter) Write(p []byte) (int, error) {
	n, err := w.inner.Write(p)
	return n, w.sub.fail(err)
}

func (w *subWriter) Commit() (Info, error) {
	info, err := w.inner.Commit()
	return w.sub.info(info), w.sub.fail(err)
}

func (w *subWriter) Close() error { return w.sub.fail(w.inner.Close()) }

type subReader struct {
	ReadStream
	sub *sub
}

func (r *subReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReadStream.ReadAt(p, off)
	return n, r.sub.fail(err)
}

func (r *subReader) Close() error { return r.sub.fail(r.ReadStream.Close()) }

func (r *subReader) Info() Info { return r.sub.info(r.ReadStream.Info()) }
