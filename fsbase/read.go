package fsbase

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// firstRead is how much ReadFile believes of a size before it has seen bytes.
const firstRead = 1 << 20

// Stat describes the stream of that name: by [Stater], else by opening it.
func Stat(ctx context.Context, fsys FileSystemBase, path string) (Info, error) {
	if err := CheckCall(ctx, "stat", path); err != nil {
		return Info{}, err
	}
	if s, ok := As[Stater](fsys); ok {
		return s.Stat(ctx, path)
	}
	r, err := fsys.OpenStream(ctx, path)
	if err != nil {
		return Info{}, err
	}
	return r.Info(), PathError("stat", path, r.Close())
}

// ExistsByStat is an Exists for backends that look by Stat, or by opening: O1.
func ExistsByStat(ctx context.Context, fsys FileSystemBase, path string) (bool, error) {
	_, err := Stat(ctx, fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// ReadFile reads a whole stream of at most limit bytes. A longer one is an
// error, and memory is taken only as bytes arrive.
func ReadFile(ctx context.Context, fsys FileSystemBase, path string, limit int64) ([]byte, Info, error) {
	if err := CheckCall(ctx, "read", path); err != nil {
		return nil, Info{}, err
	}
	r, err := fsys.OpenStream(ctx, path)
	if err != nil {
		return nil, Info{}, err
	}
	defer r.Close()
	info := r.Info()
	if info.Size > limit {
		return nil, info, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%d bytes, more than the limit of %d", info.Size, limit)}
	}
	b, err := readAll(r, info.Size)
	if err != nil {
		return nil, info, PathError("read", path, err)
	}
	return b, info, nil
}

// readAll reads size bytes. The memory doubles: what is there bounds what is
// allocated, whatever size claims.
func readAll(r io.ReaderAt, size int64) ([]byte, error) {
	if size < 0 {
		return nil, fmt.Errorf("a size of %d bytes: %w", size, fs.ErrInvalid)
	}
	b := []byte{}
	for have := int64(0); have < size; {
		next := min(size, max(firstRead, 2*have))
		grown := make([]byte, next)
		copy(grown, b)
		if n, err := r.ReadAt(grown[have:], have); int64(n) < next-have {
			return nil, unexpectedEnd(err)
		}
		b, have = grown, next
	}
	return b, nil
}

// unexpectedEnd is the error of a ReadAt that gave less than is there by the
// stream's own word.
func unexpectedEnd(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
