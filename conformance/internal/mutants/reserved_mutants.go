package mutants

import (
	"context"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// tooLong tells whether a part of a name is longer than a file system has it.
func tooLong(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if len(part) > 255 {
			return true
		}
	}
	return false
}

// shortNames makes faults in which names that are too long are refused by
// streams, and by Upload and Rename as they say.
func shortNames(upload, rename error) faults {
	refused := func(op, p string, err error) error {
		if err != nil && tooLong(p) {
			return failed(op, p, err)
		}
		return nil
	}
	return faults{
		create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			if err := refused("create", p, fs.ErrInvalid); err != nil {
				return nil, err
			}
			return begun(v.Store.create(ctx, p, cond))
		},
		upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if err := refused("upload", p, upload); err != nil {
				return fsbase.Info{}, err
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		},
		rename: func(v *variant, ctx context.Context, p, q string) error {
			if err := refused("rename", q, rename); err != nil {
				return err
			}
			return v.Store.Rename(ctx, p, q)
		},
		copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if err := refused("copy", dst, fs.ErrInvalid); err != nil {
				return fsbase.Info{}, err
			}
			return v.Store.Copy(ctx, src, dst, cond)
		},
	}
}

// lockedBy makes faults in which Rename locks its names by what is made of them.
func lockedBy(made func(string) string) faults {
	var l locks
	return faults{rename: func(v *variant, ctx context.Context, p, q string) error {
		for _, name := range slices.Compact([]string{p, q}) {
			unlock, err := l.lock(ctx, made(name))
			if err != nil {
				return err
			}
			defer unlock()
		}
		return v.Store.Rename(ctx, p, q)
	}}
}

var reservedMutants = []Mutant{
	{
		Name:   "what NFS may have left is not listed",
		Kills:  []string{"names/reserved"},
		faults: unlisted(func(name string) bool { return strings.HasPrefix(path.Base(name), ".nfs") }),
	},
	{
		Name:   "what is in a folder of snapshots is not listed",
		Kills:  []string{"names/reserved"},
		faults: unlisted(func(name string) bool { return strings.Contains(name, "/.snapshot/") }),
	},
	{
		Name:  "parts of names are cut at 255 bytes",
		Kills: []string{"names/long"},
		faults: faults{path: func(p string) string {
			parts := strings.Split(p, "/")
			for i, part := range parts {
				parts[i] = part[:min(len(part), 255)]
			}
			return strings.Join(parts, "/")
		}},
	},
	{
		Name:  "names are cut at 1,024 bytes, but by RmFile",
		Kills: []string{"names/long", "names/every-call"},
		faults: faults{
			path: func(p string) string { return p[:min(len(p), 1024)] },
			remove: func(v *variant, ctx context.Context, p string) error {
				if _, ok := v.get(p); !ok && len(p) > 1024 {
					return failed("remove", p, fs.ErrNotExist)
				}
				return v.Store.RmFile(ctx, p)
			},
		},
	},
	{Name: "Upload to a name that is too long is fs.ErrNotExist", Kills: []string{"names/long"}, faults: shortNames(fs.ErrNotExist, fs.ErrInvalid)},
	{Name: "Rename to a name that is too long is fs.ErrNotExist", Kills: []string{"names/long"}, faults: shortNames(fs.ErrInvalid, fs.ErrNotExist)},
	{Name: "a name that is too long for streams is not for Upload", Kills: []string{"names/long"}, faults: shortNames(nil, fs.ErrInvalid)},
	{
		Name:  "Rename to below a stream says that its source is absent",
		Kills: []string{"names/nested"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if ready(ctx, "rename", q) != nil {
				return v.Store.Rename(ctx, p, q)
			}
			for _, dir := range above(q) {
				if _, ok := v.get(dir); ok {
					return failed("rename", p, fs.ErrNotExist)
				}
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{Name: "Rename locks names without their case", Kills: []string{"operations/alike-names"}, faults: lockedBy(strings.ToLower)},
	{
		Name:   "Rename locks names with _ for a slash",
		Kills:  []string{"operations/alike-names"},
		faults: lockedBy(func(p string) string { return strings.ReplaceAll(p, "/", "_") }),
	},
}
