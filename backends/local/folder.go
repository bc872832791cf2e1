package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
)

// Mkdir makes a folder and its parents, and syncs each level. O4.
func (f *FS) Mkdir(ctx context.Context, p string) error {
	if err := f.checkWrite(ctx, "mkdir", p); err != nil {
		return err
	}
	d, err := f.openFolder(p)
	if err != nil {
		return pathError("mkdir", p, err)
	}
	return pathError("mkdir", p, d.Close())
}

// making is held for writing while folders are made and not yet synced, by
// this process: whoever finds a folder may rely on it.
var making sync.RWMutex

// attempts is how often a folder that was removed just after it was made is
// made again.
const attempts = 10

// openFolder opens dir to write in it. It makes what is missing.
func (f *FS) openFolder(dir string) (*os.Root, error) {
	for i := 0; ; i++ {
		d, err := f.findFolder(dir)
		if !errors.Is(err, fs.ErrNotExist) || i == attempts {
			return d, err
		}
		if err := f.makeFolder(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

func (f *FS) findFolder(dir string) (*os.Root, error) {
	making.RLock()
	defer making.RUnlock()
	root, err := f.openRoot()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenRoot(filepath.FromSlash(dir) + inside)
}

// makeFolder makes the root and dir in it, level by level. Each level's name is
// synced before anything is made below it.
func (f *FS) makeFolder(dir string) error {
	making.Lock()
	defer making.Unlock()
	if err := f.makeRoot(f.root); err != nil {
		return err
	}
	root, err := f.openRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' || dir == "." {
			continue
		}
		level := dir[:i]
		err := f.do(stepMkdir, func() error { return root.Mkdir(filepath.FromSlash(level), 0o777) })
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = f.syncFolder(root, path.Dir(level))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRoot makes an absolute folder and its parents.
func (f *FS) makeRoot(dir string) error {
	mkdir := func() error { return os.Mkdir(dir, 0o777) }
	err := f.do(stepMkdir, mkdir)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := f.makeRoot(parent); err != nil {
			return err
		}
		err = f.do(stepMkdir, mkdir)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	parent, err := os.OpenRoot(filepath.Dir(dir) + inside)
	if err != nil {
		return err
	}
	defer parent.Close()
	return f.syncFolder(parent, ".")
}

// syncFolder makes the names in dir survive a power loss.
func (f *FS) syncFolder(root *os.Root, dir string) error {
	if f.unsynced || !foldersSync {
		return nil
	}
	d, err := root.Open(filepath.FromSlash(dir) + inside)
	if err != nil {
		return err
	}
	defer d.Close()
	err = f.do(stepSyncDir, d.Sync)
	// Some network file systems have no such call for folders: their servers
	// answer for names.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
