package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// below returns what is in a folder.
func (v *variant) below(folder string) []fsbase.Info { return v.infos(folder + "/") }

// above returns the names of the folders that a name is in.
func above(p string) (dirs []string) {
	for d := path.Dir(p); d != "."; d = path.Dir(d) {
		dirs = append(dirs, d)
	}
	return dirs
}

// committed makes faults of what is done after a Commit to p.
func committed(f func(v *variant, p string)) faults {
	return writing(func(v *variant, w *writer) *stream {
		return &stream{commit: func() (fsbase.Info, error) {
			info, err := w.Commit()
			if err == nil {
				f(v, w.path)
			}
			return info, err
		}}
	})
}

// inNames makes faults of names that the storage changes.
func inNames(f func(r rune) rune) faults {
	return faults{path: func(p string) string {
		if !fs.ValidPath(p) {
			return p
		}
		return strings.Map(f, p)
	}}
}

var folderMutants = []Mutant{
	{
		Name:  "RmFile of the root removes everything",
		Kills: []string{"names/root"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			err := v.Store.RmFile(ctx, p)
			if err == nil && p == "." {
				v.removed(v.infos(""))
			}
			return err
		}},
	},
	{
		Name:  "Upload to the root is a success",
		Kills: []string{"names/root"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if p == "." {
				p = "root"
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}},
	},
	{
		Name:  "Rename to the root loses the stream",
		Kills: []string{"names/root"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if q == "." {
				return v.Store.RmFile(ctx, p)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "Rename of a folder moves it",
		Kills: []string{"operations/folder"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			err := v.Store.Rename(ctx, p, q)
			for _, i := range v.below(p) {
				if errors.Is(err, fs.ErrNotExist) || err == nil {
					err = v.Store.Rename(ctx, i.Path, q+i.Path[len(p):])
				}
			}
			return err
		}},
	},
	{
		Name:  "Copy of a folder copies it",
		Kills: []string{"operations/folder"},
		faults: faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Copy(ctx, src, dst, cond)
			for _, i := range v.below(src) {
				if errors.Is(err, fs.ErrNotExist) || err == nil {
					info, err = v.Store.Copy(ctx, i.Path, dst+i.Path[len(src):], cond)
				}
			}
			return info, err
		}},
	},
	{
		Name:  "a stream replaces the folder of its name",
		Kills: []string{"names/nested"},
		faults: committed(func(v *variant, p string) {
			v.removed(v.below(p))
		}),
	},
	{
		Name:  "a stream replaces the stream of its folder's name",
		Kills: []string{"names/nested"},
		faults: committed(func(v *variant, p string) {
			for _, d := range above(p) {
				v.unlink(d)
			}
		}),
	},
	{
		Name:  "Mkdir replaces a stream above",
		Kills: []string{"names/nested"},
		faults: faults{mkdir: func(v *variant, ctx context.Context, p string) error {
			err := v.Store.Mkdir(ctx, p)
			for _, d := range above(p) {
				if err == nil {
					v.unlink(d)
				}
			}
			return err
		}},
	},
	{
		Name:  "paths are cut at 400 bytes",
		Kills: []string{"names/every-call"},
		faults: faults{path: func(p string) string {
			return strings.TrimRight(p[:min(len(p), 400)], "/")
		}},
	},
	{
		Name:  "characters of four bytes are one",
		Kills: []string{"names/every-call"},
		faults: inNames(func(r rune) rune {
			if r > 0xffff {
				return '?'
			}
			return r
		}),
	},
	{
		Name:  "control characters are one",
		Kills: []string{"names/every-call"},
		faults: inNames(func(r rune) rune {
			if r > 0 && r < ' ' {
				return 1
			}
			return r
		}),
	},
	{
		Name:  "ValidateCheckpointID writes a probe",
		Kills: []string{"names/validate-id"},
		faults: faults{validate: func(v *variant, _ string) error {
			_, err := v.put("validate", "probe", nil, fsbase.Condition{})
			return err
		}},
	},
	{
		Name:   "ValidateCheckpointID refuses everything",
		Kills:  []string{"names/validate-id"},
		faults: faults{validate: func(_ *variant, id string) error { return failed("validate", id, fs.ErrInvalid) }},
	},
	{
		Name:  "an exclusive commit is refused where there are streams below its name",
		Kills: []string{"names/nested"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				if cond.Absent() && !w.over && w.ctx.Err() == nil && len(v.infos(w.path+"/")) > 0 {
					return fsbase.Info{}, failed("commit", w.path, fsbase.ErrExist())
				}
				return w.Commit()
			}}
		}},
	},
}
