package gocloud

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// RmFile removes the object. On Azure it asks for the version first and removes
// that one, so that a request that arrives late does not hit what another
// writer has put there meanwhile.
func (f *FS) RmFile(ctx context.Context, p string) error {
	const op = "remove"
	if f.azure == nil {
		if err := f.checkRead(ctx, op, p); err != nil {
			return err
		}
		return fail(ctx, op, p, f.guarded(ctx, func(ctx context.Context, _ func()) error {
			return f.bucket.Delete(ctx, p)
		}))
	}
	for {
		info, err := f.statAs(ctx, op, p)
		if err != nil {
			return err
		}
		err = f.guarded(ctx, func(ctx context.Context, _ func()) error {
			return f.bucket.DeleteWithOptions(ctx, p, deleteOptions(info.Version))
		})
		if classOf(err) != fsbase.ErrPrecondition {
			return fail(ctx, op, p, err)
		}
	}
}

// Rename is a copy and a removal: both names are there in between.
func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	const op = "rename"
	if err := fsbase.CheckPath(op, path); err != nil {
		return err
	}
	if err := f.checkWrite(ctx, op, newPath); err != nil {
		return err
	}
	if _, err := f.stat(ctx, op, path); err != nil || path == newPath {
		return err
	}
	if err := f.duplicate(ctx, op, path, newPath); err != nil {
		return err
	}
	if err := f.RmFile(ctx, path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // somebody else has removed it
}

// duplicate makes the copy of a Rename.
func (f *FS) duplicate(ctx context.Context, op, src, dst string) error {
	if f.azure != nil {
		_, err := azure{f}.Copy(ctx, src, dst, fsbase.Condition{})
		return err
	}
	return fail(ctx, op, src, f.guarded(ctx, func(ctx context.Context, _ func()) error {
		return f.bucket.Copy(ctx, dst, src, nil)
	}))
}

// Copy copies the version that the source has, again if it has another one by
// then: three requests.
func (f azure) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "copy"
	if err := cond.Check(op, dst); err != nil {
		return fsbase.Info{}, err
	}
	if err := f.checkWrite(ctx, op, dst); err != nil {
		return fsbase.Info{}, err
	}
	if err := f.checkRead(ctx, op, src); err != nil {
		return fsbase.Info{}, err
	}
	p := &publication{fs: f.FS, path: dst, cond: cond, mark: rand.Text()}
	for {
		from, err := f.statAs(ctx, op, src)
		if err != nil {
			return fsbase.Info{}, err
		}
		err = f.bucket.Copy(ctx, dst, src, copyOptions(from.Version, cond, p.mark))
		switch {
		case err == nil:
			info, err := f.copied(ctx, p, from.Size)
			return info, fsbase.PathError(op, dst, err)
		case classOf(err) == fsbase.ErrPrecondition && f.moved(ctx, src, from.Version):
			continue // by whichever name the service calls that
		case classOf(err) == fs.ErrNotExist && !p.lost(err):
			return fsbase.Info{}, fail(ctx, op, src, err)
		}
		info, err := p.resolve(ctx, err)
		return info, fsbase.PathError(op, dst, err)
	}
}

// moved tells whether the source of a copy has another version by now, which
// not every service tells from a condition of the target that does not hold.
func (f *FS) moved(ctx context.Context, p string, from fsbase.Version) bool {
	a, err := f.attributes(ctx, p)
	return err == nil && f.versionOf(a) != from || classOf(err) == fs.ErrNotExist
}

// copied finds the version of a copy, which the driver does not tell.
func (f *FS) copied(ctx context.Context, p *publication, size int64) (fsbase.Info, error) {
	a, err := f.attributes(ctx, p.path)
	switch {
	case err == nil && a.Metadata[markKey] == p.mark:
		return f.infoOf(p.path, a), nil
	case err == nil, classOf(err) == fs.ErrNotExist:
		return gone(p.path, size, p.mark), nil
	}
	return fsbase.Info{}, unknown(ctx, fmt.Errorf("copied, but its version cannot be had: %w", err))
}
