package local

import (
	"context"
	"errors"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

// RmFile removes a name, a symbolic link itself rather than what it points to,
// and never a folder. The removal is synced: what is removed afterwards is not
// gone before it. O2.
func (f *FS) RmFile(ctx context.Context, p string) error {
	const op = "remove"
	if err := f.checkWrite(ctx, op, p); err != nil {
		return err
	}
	dir, base := split(p)
	err := f.in(dir, func(d *os.Root) error {
		if err := f.unlink(ctx, d, base); err != nil {
			return err
		}
		return f.syncFolder(d, ".")
	})
	return pathError(op, p, err)
}

// unlink removes a name in d that is no folder, while no conditional write is
// between its look at the name and its change.
func (f *FS) unlink(ctx context.Context, d *os.Root, base string) error {
	unlock, err := f.lockRemoval(ctx, d, base)
	if err != nil {
		return err
	}
	defer unlock()
	return unlink(d, base)
}

// in opens the folder dir, which is not made, for the time of a call.
func (f *FS) in(dir string, call func(*os.Root) error) error {
	d, err := f.findFolder(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return call(d)
}

// RemoveAll removes what List lists, and then the folders below the prefix that
// this has left empty. It syncs once per folder, after the last name. C10.
func (f *FS) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		const op = "remove all"
		if err := f.checkWrite(ctx, op, "."); err != nil {
			yield("", err)
			return
		}
		touched := map[string]bool{}
		stopped := false
		for info, err := range f.List(ctx, prefix) {
			if err == nil {
				err = f.unlinkStream(ctx, info.Path)
				touched[path.Dir(info.Path)] = true
			}
			if absent(err) {
				continue
			}
			if stopped = !yield(info.Path, err) || err != nil; stopped {
				break
			}
		}
		if err := f.tidy(prefix, touched); err != nil && !stopped {
			yield("", pathError(op, prefix, err))
		}
	}
}

// unlinkStream removes one name without syncing.
func (f *FS) unlinkStream(ctx context.Context, p string) error {
	dir, base := split(p)
	return pathError("remove", p, f.in(dir, func(d *os.Root) error { return f.unlink(ctx, d, base) }))
}

// tidy removes the touched folders, and those above them, that are empty and
// below the prefix, and syncs what is left.
func (f *FS) tidy(prefix string, touched map[string]bool) error {
	// In falling order a folder comes after all that are below it.
	dirs := slices.Sorted(func(yield func(string) bool) {
		seen := map[string]bool{}
		for dir := range touched {
			for ; !seen[dir]; dir = path.Dir(dir) {
				seen[dir] = true
				if !yield(dir) {
					return
				}
			}
		}
	})
	left := map[string]bool{}
	for _, dir := range slices.Backward(dirs) {
		if dir != "." && strings.HasPrefix(dir+"/", prefix) {
			parent, base := split(dir)
			err := f.in(parent, func(d *os.Root) error { return rmdir(d, base) })
			if err == nil || absent(err) {
				left[parent] = true
				delete(left, dir)
				continue
			}
			// Not empty, or not ours to remove: it stays, which is no failure.
		}
		if touched[dir] {
			left[dir] = true
		}
	}
	var failed error
	for dir := range left {
		err := f.in(dir, func(d *os.Root) error { return f.syncFolder(d, ".") })
		if err != nil && !absent(err) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
