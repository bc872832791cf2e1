package mutants

import (
	"context"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

var _ fsbase.FileSystemBase = (*Store)(nil)

// CreateStream implements fsbase.FileSystemBase.
func (s *Store) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return begun(s.create(ctx, path, fsbase.Condition{}))
}

// begun makes a nil interface of a nil writer.
func begun(w *writer, err error) (fsbase.WriteStream, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Store) create(ctx context.Context, path string, cond fsbase.Condition) (*writer, error) {
	if err := ready(ctx, "create", path); err != nil {
		return nil, err
	}
	if err := cond.Check("create", path); err != nil {
		return nil, err
	}
	return &writer{ctx: ctx, path: path, request: s.request, publish: func(data []byte) (fsbase.Info, error) {
		return s.put("commit", path, data, cond)
	}}, nil
}

// OpenStream implements fsbase.FileSystemBase.
func (s *Store) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := s.open(ctx, path)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *Store) open(ctx context.Context, path string) (*reader, error) {
	if err := ready(ctx, "open", path); err != nil {
		return nil, err
	}
	if err := s.look("open", path); err != nil {
		return nil, err
	}
	o, ok := s.get(path)
	if !ok {
		return nil, failed("open", path, fs.ErrNotExist)
	}
	return &reader{ctx: ctx, object: o, request: s.request}, nil
}

// ConcatPath implements fsbase.FileSystemBase.
func (s *Store) ConcatPath(path, suffix string) string {
	if path == "" || path == "." {
		return suffix
	}
	return path + "/" + suffix
}

// Rename implements fsbase.FileSystemBase.
func (s *Store) Rename(ctx context.Context, path, newPath string) error {
	if err := ready(ctx, "rename", newPath); err != nil {
		return err
	}
	if err := ready(ctx, "rename", path); err != nil {
		return err
	}
	o, ok := s.get(path)
	if !ok {
		return failed("rename", path, fs.ErrNotExist)
	}
	if path == newPath {
		return nil
	}
	if _, err := s.put("rename", newPath, o.data, fsbase.Condition{}); err != nil {
		return err
	}
	s.unlink(path)
	return nil
}

// Mkdir implements fsbase.FileSystemBase.
func (s *Store) Mkdir(ctx context.Context, path string) error { return ready(ctx, "mkdir", path) }

// Exists implements fsbase.FileSystemBase.
func (s *Store) Exists(ctx context.Context, path string) (bool, error) {
	if err := ready(ctx, "exists", path); err != nil {
		return false, err
	}
	if err := s.look("exists", path); err != nil {
		return false, err
	}
	_, ok := s.get(path)
	return ok, nil
}

// RmFile implements fsbase.FileSystemBase.
func (s *Store) RmFile(ctx context.Context, path string) error {
	if err := ready(ctx, "remove", path); err != nil {
		return err
	}
	how := s.request("remove")
	if err := denied("remove", path, how); err != nil {
		return err
	}
	if s.unlink(path); how == Lose {
		return failed("remove", path, errLost)
	}
	return nil
}

// ValidateCheckpointID implements fsbase.FileSystemBase.
func (s *Store) ValidateCheckpointID(string) error { return nil }
