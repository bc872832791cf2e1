package fsbase_test

import (
	"context"
	"io/fs"
	"net/url"
	"strconv"

	"github.com/godcp/godcp/fsbase"
)

// KV is somebody's store of keys and values.
type KV interface {
	Get(ctx context.Context, key string) (value []byte, revision int64, ok bool, err error)
	Put(ctx context.Context, key string, value []byte, onlyIfAbsent bool) (revision int64, ok bool, err error)
	Delete(ctx context.Context, key string) error
}

// KVFS is a backend for it, with create-if-absent as its one capability.
type KVFS struct {
	fsbase.Flat // ConcatPath, Mkdir, ValidateCheckpointID
	KV          KV
}

func RegisterKV(mux *fsbase.Mux, dial func(host string) (KV, error)) {
	mux.Register("kv", fsbase.OpenerFunc(func(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
		if err := fsbase.CheckParams(u); err != nil {
			return nil, err
		}
		kv, err := dial(u.Host)
		return &KVFS{KV: kv}, err
	}))
}

func (f *KVFS) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, false)
}

func (f *KVFS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, true)
}

func (f *KVFS) create(ctx context.Context, path string, onlyIfAbsent bool) (fsbase.WriteStream, error) {
	return fsbase.NewBufferWriter(ctx, path, func(ctx context.Context, b []byte) (fsbase.Info, error) {
		rev, ok, err := f.KV.Put(ctx, path, b, onlyIfAbsent)
		if err == nil && !ok {
			err = fsbase.ErrExist()
		}
		return fsbase.Info{Version: version(rev)}, err
	}), fsbase.CheckWrite(ctx, "create", path)
}

func (f *KVFS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	if err := fsbase.CheckCall(ctx, "open", path); err != nil {
		return nil, err
	}
	b, rev, ok, err := f.KV.Get(ctx, path)
	if err == nil && !ok {
		err = fs.ErrNotExist
	}
	return fsbase.NewBytesReader(ctx, fsbase.Info{Path: path, Version: version(rev)}, b), fsbase.PathError("open", path, err)
}

func (f *KVFS) Exists(ctx context.Context, path string) (bool, error) {
	return fsbase.ExistsByStat(ctx, f, path)
}

func (f *KVFS) Rename(ctx context.Context, path, newPath string) error {
	if err := fsbase.CheckCall(ctx, "rename", path, newPath); err != nil {
		return err
	}
	b, _, err := fsbase.ReadFile(ctx, f, path, 1<<40)
	if err != nil {
		return err
	}
	if _, err = fsbase.WriteFile(ctx, f, newPath, b); err != nil || path == newPath {
		return err
	}
	return f.RmFile(ctx, path)
}

func (f *KVFS) RmFile(ctx context.Context, path string) error {
	if err := fsbase.CheckCall(ctx, "remove", path); err != nil {
		return err
	}
	return fsbase.PathError("remove", path, f.KV.Delete(ctx, path))
}

func version(rev int64) fsbase.Version { return fsbase.Version(strconv.FormatInt(rev, 10)) }
