package redisfs

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/godcp/godcp/fsbase"
)

const chunk = 1 << 20 // A file is a hash: version, size, time, and chunks by number.
var clients sync.Map  // of a server and user: file systems have no Close, so they share one.

// publish makes KEYS[1] the file KEYS[2] if that meets ARGV[1]: "any", or "=" and its version, none if it is absent.
var publish = redis.NewScript(`
local now = redis.call('HGET', KEYS[2], 'version') or ''
if now == ARGV[2] then return 1 end -- asked again, because the answer was lost
if ARGV[1] ~= 'any' and ARGV[1] ~= '=' .. now then return redis.error_reply('LOST') end
if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[3]) then return redis.error_reply('GONE') end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'size', ARGV[4], 'time', redis.call('TIME')[1])
redis.call('PERSIST', KEYS[1]) return redis.call('RENAME', KEYS[1], KEYS[2])`)

// FS is a database as a file system.
type FS struct {
	fsbase.Flat // ConcatPath, Mkdir, ValidateCheckpointID
	DB          *redis.Client
}

func init()                  { fsbase.Register("redis", fsbase.OpenerFunc(open)) }
func key(path string) string { return "godcp:" + path }

func open(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	o, err := redis.ParseURL((&url.URL{Scheme: "redis", User: u.User, Host: u.Host}).String())
	if err = cmp.Or(fsbase.CheckParams(u), err); err != nil {
		return nil, err
	}
	o.ContextTimeoutEnabled = true // a deadline ends a call that runs
	one, _ := clients.LoadOrStore([3]string{o.Addr, o.Username, o.Password}, sync.OnceValue(func() *redis.Client { return redis.NewClient(o) }))
	return fsbase.Sub(&FS{DB: one.(func() *redis.Client)()}, cmp.Or(strings.Trim(u.Path, "/"), "."))
}

// fail names errors as the contract does. E1.
func fail(op, path string, err error) error {
	switch {
	case redis.IsAuthError(err), redis.IsPermissionError(err):
		err = fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case redis.HasErrorPrefix(err, "no such key"):
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return fsbase.PathError(op, path, err)
}

func (f *FS) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, "any", nil)
}

func (f *FS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, "=", fsbase.ErrExist())
}

func (f *FS) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	w, err := f.create(ctx, path, "="+string(old), fsbase.ErrPrecondition)
	return w, cmp.Or(fsbase.IfVersion(old).Check("create", path), err)
}

func (f *FS) create(ctx context.Context, path, want string, lost error) (fsbase.WriteStream, error) {
	id := "godcp-new:" + rand.Text() // also the version
	return fsbase.NewPartWriter(ctx, path, fsbase.Parts{
		Size: chunk,
		Put: func(ctx context.Context, n int64, part []byte) error {
			return fail("write", path, cmp.Or(f.DB.HSet(ctx, id, n, part).Err(), f.DB.Expire(ctx, id, time.Hour).Err()))
		},
		Commit: func(ctx context.Context, n, size int64) (fsbase.Info, error) {
			err := publish.Run(ctx, f.DB, []string{id, key(path)}, want, id, n, size).Err()
			switch {
			case redis.HasErrorPrefix(err, "LOST"):
				err = lost
			case err != nil && (redis.HasErrorPrefix(err, "GONE") || !redis.HasErrorPrefix(err, "")):
				err = fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, err) // it is not Redis that said no
			}
			return fsbase.Info{Version: fsbase.Version(id)}, fail("commit", path, err)
		},
		Discard: func(ctx context.Context) error { return f.DB.Unlink(ctx, id).Err() },
	}), fsbase.CheckWrite(ctx, "create", path)
}

func (f *FS) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	if err := fsbase.CheckCall(ctx, "stat", path); err != nil {
		return fsbase.Info{}, err
	}
	var h struct {
		Version fsbase.Version `redis:"version"`
		Size    int64          `redis:"size"`
		Time    int64          `redis:"time"`
	}
	err := f.DB.HMGet(ctx, key(path), "version", "size", "time").Scan(&h)
	if err == nil && h.Version == "" {
		err = fs.ErrNotExist
	}
	return fsbase.Info{Path: path, Size: h.Size, ModTime: time.Unix(h.Time, 0), Version: h.Version}, fail("stat", path, err)
}

func (f *FS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	info, err := f.Stat(ctx, path)
	return fsbase.NewPartReader(ctx, info, chunk, func(ctx context.Context, n int64) ([]byte, error) {
		v, err := f.DB.HMGet(ctx, key(path), "version", fmt.Sprint(n)).Result()
		if err != nil || v[0] != string(info.Version) {
			return nil, fail("read", path, cmp.Or(err, fsbase.ErrChanged))
		}
		part, _ := v[1].(string)
		return []byte(part), nil
	}), err
}

func (f *FS) Exists(ctx context.Context, path string) (bool, error) {
	return fsbase.ExistsByStat(ctx, f, path)
}

func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	if err := cmp.Or(fsbase.CheckCall(ctx, "rename", path), fsbase.CheckWrite(ctx, "rename", newPath)); err != nil {
		return err
	}
	return fail("rename", path, f.DB.Rename(ctx, key(path), key(newPath)).Err())
}

func (f *FS) RmFile(ctx context.Context, path string) error {
	if err := fsbase.CheckCall(ctx, "remove", path); err != nil {
		return err
	}
	return fail("remove", path, f.DB.Unlink(ctx, key(path)).Err())
}

func (f *FS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return fsbase.ListNames(ctx, f, prefix, func() (names []string, err error) {
		keys := f.DB.Scan(ctx, 0, key("*"), 1000).Iterator()
		for keys.Next(ctx) {
			names = append(names, strings.TrimPrefix(keys.Val(), key("")))
		}
		return names, fail("list", prefix, keys.Err())
	})
}
