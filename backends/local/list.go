package local

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/godcp/godcp/fsbase"
)

// List yields the regular files whose name has the raw prefix. It enters no
// symbolic link. A file that disappears meanwhile is left out. C8.
func (f *FS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		if err := fsbase.CheckPrefix(ctx, "list", prefix); err != nil {
			yield(fsbase.Info{}, err)
			return
		}
		root, err := f.openRoot()
		if err != nil {
			if !absent(err) {
				yield(fsbase.Info{}, pathError("list", prefix, err))
			}
			return
		}
		defer root.Close()
		l := lister{fs: f, ctx: ctx, root: root, prefix: prefix, yield: yield}
		start := "."
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			start = prefix[:i]
		}
		if ok, err := l.isFolder(start); err != nil {
			yield(fsbase.Info{}, pathError("list", start, err))
		} else if ok {
			l.folder(start)
		}
	}
}

type lister struct {
	fs     *FS
	ctx    context.Context
	root   *os.Root
	prefix string
	yield  func(fsbase.Info, error) bool
}

// isFolder tells whether p is a folder, with no symbolic link on the way.
func (l *lister) isFolder(p string) (bool, error) {
	for i := range len(p) + 1 {
		if i < len(p) && p[i] != '/' {
			continue
		}
		fi, err := l.root.Lstat(p[:i])
		if absent(err) {
			return false, nil
		} else if err != nil || !fi.IsDir() {
			return false, err
		}
	}
	return true, nil
}

// folder yields what is in and below dir. It returns false when the sequence
// has ended.
func (l *lister) folder(dir string) bool {
	entries, err := l.entries(dir)
	if absent(err) {
		return true
	} else if err != nil {
		l.yield(fsbase.Info{}, pathError("list", dir, err))
		return false
	}
	for _, e := range entries {
		name := path.Join(dir, strings.TrimSuffix(e.key, "/"))
		if err := l.ctx.Err(); err != nil {
			l.yield(fsbase.Info{}, pathError("list", l.prefix, err))
			return false
		}
		var more bool
		switch {
		case e.IsDir():
			more = !l.mayHold(name+"/") || l.folder(name)
		case !strings.HasPrefix(name, l.prefix):
			more = true
		default:
			more = l.file(name, e)
		}
		if !more {
			return false
		}
	}
	return true
}

// mayHold tells whether names below folder, which ends in a slash, can have
// the prefix.
func (l *lister) mayHold(folder string) bool {
	return strings.HasPrefix(folder, l.prefix) || strings.HasPrefix(l.prefix, folder)
}

// entry is one name of a folder. The key of a folder ends in a slash: so the
// order of keys is the byte order of the full names below.
type entry struct {
	fs.DirEntry
	key string
}

// entries returns what of a folder can be named, in the order of keys.
func (l *lister) entries(dir string) ([]entry, error) {
	d, err := l.root.Open(dir + inside)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	found, err := d.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(found))
	for _, e := range found {
		if own(e.Name()) || !utf8.ValidString(e.Name()) {
			continue
		}
		key := e.Name()
		if e.IsDir() {
			key += "/"
		}
		entries = append(entries, entry{e, key})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return entries, nil
}

// file yields one name if it is a stream.
func (l *lister) file(name string, e fs.DirEntry) bool {
	fi, err := e.Info()
	if l.fs.follow && e.Type() == fs.ModeSymlink {
		if fi, err = os.Stat(l.fs.path(name)); err != nil {
			return true // a link that leads nowhere is no stream
		}
	}
	switch {
	case absent(err):
		return true
	case err != nil:
		l.yield(fsbase.Info{}, pathError("list", name, err))
		return false
	case !fi.Mode().IsRegular():
		return true
	}
	return l.yield(infoOf(name, fi), nil)
}
