package gcs

import (
	"context"
	"errors"
	"io/fs"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

// RmFile asks for the object and removes that generation: two requests. A
// request that arrives late then finds nothing to remove, and not what another
// writer has put there meanwhile.
func (f *FS) RmFile(ctx context.Context, p string) error {
	return f.onCurrent(ctx, "remove", p, func(o *storage.ObjectHandle, _ *storage.ObjectAttrs) error {
		return f.call(ctx, func(ctx context.Context, _ func(int64)) error { return o.Delete(ctx) })
	})
}

// Rename moves the object, whatever is under the new name, in one step of the
// service: two requests.
func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	const op = "rename"
	if err := fsbase.CheckPath(op, path); err != nil {
		return err
	}
	if err := checkWrite(ctx, op, newPath); err != nil {
		return err
	}
	return f.onCurrent(ctx, op, path, func(o *storage.ObjectHandle, from *storage.ObjectAttrs) error {
		if path == newPath {
			return nil
		}
		unsure := false
		err := f.call(ctx, func(ctx context.Context, _ func(int64)) error {
			_, err := o.Move(ctx, storage.MoveObjectDestination{Object: newPath})
			unsure = unsure || err != nil && !answered(err)
			return err
		})
		if unsure && errors.Is(classOf(err), fs.ErrNotExist) && f.arrived(ctx, newPath, from) {
			return nil
		}
		return err
	})
}

// arrived tells whether the object that was moved is there: an earlier request
// had done it. A move keeps the content and the mark.
func (f *FS) arrived(ctx context.Context, p string, from *storage.ObjectAttrs) bool {
	to, err := f.attrs(ctx, p)
	return err == nil && to.Size == from.Size && to.CRC32C == from.CRC32C && to.Metadata[markKey] == from.Metadata[markKey]
}

// onCurrent does something to the generation that a name has, again if it has
// another one by then.
func (f *FS) onCurrent(ctx context.Context, op, p string, do func(*storage.ObjectHandle, *storage.ObjectAttrs) error) error {
	for {
		attrs, err := f.stat(ctx, op, p)
		if err != nil {
			return err
		}
		err = do(f.object(p).If(storage.Conditions{GenerationMatch: attrs.Generation}), attrs)
		if !isPrecondition(err) {
			return fail(ctx, op, p, err)
		}
	}
}

// Copy copies inside the service, in one request or, across locations and
// classes of storage, in several. The copy is visible when it is whole.
func (f *FS) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "copy"
	if err := cond.Check(op, dst); err != nil {
		return fsbase.Info{}, err
	}
	if err := checkWrite(ctx, op, dst); err != nil {
		return fsbase.Info{}, err
	}
	if err := checkRead(ctx, op, src); err != nil {
		return fsbase.Info{}, err
	}
	pub := f.publication(dst, cond)
	target, err := pub.target()
	if err != nil {
		return fsbase.Info{}, fsbase.PathError(op, dst, err)
	}
	c := target.CopierFrom(f.object(src)) // keeps how far it has come
	c.ContentType = contentType
	c.Metadata = map[string]string{markKey: pub.mark}
	var attrs *storage.ObjectAttrs
	err = f.call(ctx, func(ctx context.Context, alive func(int64)) (err error) {
		c.ProgressFunc = func(copied, _ uint64) { alive(int64(copied)) }
		attrs, err = c.Run(ctx)
		pub.note(err)
		return err
	})
	var sum uint32
	if err == nil {
		sum = attrs.CRC32C // the service's own copy
	}
	if errors.Is(classOf(err), fs.ErrNotExist) {
		return fsbase.Info{}, fail(ctx, op, src, err)
	}
	info, err := pub.outcome(ctx, attrs, sum, err)
	return info, fsbase.PathError(op, dst, err)
}
