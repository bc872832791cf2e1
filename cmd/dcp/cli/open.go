package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

// open opens a checkpoint as the flags say.
func (a *app) open(ctx context.Context, url string) (*dcp.Checkpoint, error) {
	ck, err := dcp.OpenWith(ctx, url, a.openOptions())
	if err != nil {
		return nil, lookAt(url, err)
	}
	return ck, nil
}

func (a *app) openOptions() dcp.OpenOptions {
	o := dcp.OpenOptions{TrustSet: a.trustSet}
	if a.preferRank >= 0 {
		o.PreferRank = &a.preferRank
	}
	return o
}

// lookAt finds out what a local path is that could not be opened: a storage
// cannot tell a folder that is absent from an empty one, and who gives a file
// means its folder.
func lookAt(url string, err error) error {
	path, ok := localPath(url)
	class := ckpterr.ClassOf(err)
	if ok && (class == ckpterr.NotACheckpoint || class == ckpterr.UnsafePath) && hasLinks(path) {
		abs, absErr := filepath.Abs(path)
		if absErr != nil {
			abs = path
		}
		return withHint(err, "there are symbolic links in it, as in a cache of Hugging Face: to follow them, give file://"+ckpterr.Escape(filepath.ToSlash(abs))+"?symlinks=follow")
	}
	if !ok || class != ckpterr.NotACheckpoint && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fi, statErr := os.Stat(path)
	switch {
	case errors.Is(statErr, fs.ErrNotExist):
		return absent(path, url)
	case statErr != nil || fi.IsDir():
		return err
	}
	e := ckpterr.New(ckpterr.NotACheckpoint, "%s is a file, not a folder", ckpterr.Escape(url))
	base := filepath.Base(path)
	switch ext := filepath.Ext(base); {
	case slices.Contains([]string{".pt", ".pth", ".bin", ".ckpt"}, ext):
		return e.WithHint("a torch.save file becomes a checkpoint with python -m torch.distributed.checkpoint.format_utils torch_to_dcp")
	case strings.HasSuffix(base, ".metadata"), ext == ".distcp", ext == ".safetensors", ext == ".json":
		return e.WithHint("give the folder: %s", ckpterr.Escape(filepath.Dir(path)))
	}
	return e.WithHint("a checkpoint is a folder with .metadata, or with *.safetensors")
}

// hasLinks tells whether one of the first entries of a folder is a symbolic link.
func hasLinks(path string) bool {
	if fi, err := os.Stat(path); err != nil || !fi.IsDir() {
		return false // opening a FIFO would wait for its writer
	}
	dir, err := os.Open(path)
	if err != nil {
		return false
	}
	defer dir.Close()
	entries, _ := dir.ReadDir(10_000)
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Type()&fs.ModeSymlink != 0 })
}

// localPath is the path of a URL of the local file system.
func localPath(url string) (string, bool) {
	for _, prefix := range []string{"file://localhost/", "file:///"} {
		if rest, ok := strings.CutPrefix(url, prefix); ok {
			rest, _, _ = strings.Cut(rest, "?")
			return "/" + rest, true
		}
	}
	return url, !strings.Contains(url, "://")
}

// absent is the error for a path where nothing is, with what might be meant.
func absent(path, url string) error {
	err := &fs.PathError{Op: "open", Path: url, Err: fs.ErrNotExist}
	parent := filepath.Dir(path)
	dir, parentErr := os.Open(parent)
	if parentErr != nil {
		return withHint(err, fmt.Sprintf("there is no folder %s either", ckpterr.Escape(parent)))
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(10_000)
	if near := closest(filepath.Base(path), names); len(near) > 0 {
		return withHint(err, "did you mean "+ckpterr.Escape(filepath.Join(parent, near[0]))+"?")
	}
	return err
}

// entryError is an fqn that the checkpoint does not have.
type entryError string

func (e entryError) Error() string { return fmt.Sprintf("the checkpoint has no entry %q", string(e)) }
func (entryError) Unwrap() error   { return dcp.ErrNoEntry }

// noEntry adds which fqns may be meant.
func noEntry(ck *dcp.Checkpoint, fqn string) error {
	names := make([]string, 0, 1024)
	for name := range ck.Entries() {
		names = append(names, name)
	}
	hint := "dcp ls lists the names"
	if near := closest(fqn, names); len(near) > 0 {
		for i, n := range near {
			near[i] = ckpterr.Escape(n)
		}
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return withHint(entryError(fqn), hint)
}
