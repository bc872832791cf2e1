package mutants

import (
	"context"
	"errors"
	"io"

	"github.com/godcp/godcp/fsbase"
)

// uploadWith makes faults of an Upload.
func uploadWith(f func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error)) faults {
	return faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
		if err := ready(ctx, "upload", p); err != nil {
			return fsbase.Info{}, err
		}
		if err := cond.Check("upload", p); err != nil {
			return fsbase.Info{}, err
		}
		return f(v, ctx, p, src, size, cond)
	}}
}

// take reads what it can of a source and publishes it.
func (v *variant) take(p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	data := make([]byte, size)
	n, _ := src.ReadAt(data, 0)
	return v.put("upload", p, data[:n], cond)
}

var uploadMutants = []Mutant{
	{
		Name:  "Upload publishes what it got of a source that fails",
		Kills: []string{"upload/failing-source", "upload/short-source"},
		faults: uploadWith(func(v *variant, _ context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.take(p, src, size, cond)
		}),
	},
	{
		Name:  "Upload publishes what it got, and fails",
		Kills: []string{"upload/failing-source", "upload/short-source"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if err != nil && ctx.Err() == nil {
				_, _ = v.take(p, src, size, cond)
			}
			return info, err
		}),
	},
	{
		Name:  "Upload fills up a source that is short",
		Kills: []string{"upload/short-source"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			data := make([]byte, size)
			if n, err := src.ReadAt(data, 0); err == io.EOF && int64(n) < size && ctx.Err() == nil {
				return v.put("upload", p, data, cond)
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Upload takes io.EOF with the last bytes for a failure",
		Kills: []string{"upload/publishes"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if _, err := src.ReadAt(make([]byte, size), 0); err != nil && size > 0 {
				return fsbase.Info{}, failed("upload", p, err)
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Upload reads its source to the end",
		Kills: []string{"upload/publishes"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if _, err := src.ReadAt(make([]byte, 1), size); err == nil {
				size++
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Upload hides the error of its source",
		Kills: []string{"upload/source-error"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if err != nil && ctx.Err() == nil {
				return info, failed("upload", p, io.ErrUnexpectedEOF)
			}
			return info, err
		}),
	},
	{
		Name:  "Upload does not look at the context",
		Kills: []string{"upload/cancelled"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Upload(context.WithoutCancel(ctx), p, src, size, cond)
		}},
	},
	{
		Name:  "Upload looks at the context only once",
		Kills: []string{"upload/cancelled"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Upload(context.WithoutCancel(ctx), p, src, size, cond)
		}),
	},
	{
		Name:  "Upload ignores its condition above 5 MiB",
		Kills: []string{"upload/conditions"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if size > 5<<20 {
				cond = fsbase.Condition{}
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Upload checks its condition, then acts",
		Kills: []string{"upload/conditions"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if err := v.holds(p, cond); err != nil {
				return fsbase.Info{}, err
			}
			yield()
			return v.Store.Upload(ctx, p, src, size, fsbase.Condition{})
		}),
	},
	{
		Name:  "Upload says that conditions are unsupported, although it has them",
		Kills: []string{"upload/conditions"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if !cond.Unconditional() {
				return fsbase.Info{}, failed("upload", p, errors.ErrUnsupported)
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
}

// uploadedAs is an Upload that tells of its success.
func uploadedAs(tell func(v *variant, info fsbase.Info)) func(*variant, context.Context, string, io.ReaderAt, int64, fsbase.Condition) (fsbase.Info, error) {
	return func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
		info, err := v.Store.Upload(ctx, p, src, size, cond)
		if err == nil {
			tell(v, info)
		}
		return info, err
	}
}
