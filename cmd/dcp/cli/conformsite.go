package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// site is where a run works: a new folder of a storage.
type site struct {
	fsys   fsbase.FileSystemBase
	folder string

	root string   // of a storage that is a folder of this machine, else ""
	made []string // folders that are not there yet, root first and then those above it
}

func newSite(fsys fsbase.FileSystemBase) *site {
	s := &site{fsys: fsys, folder: "conformance-" + strings.ToLower(rand.Text()[:12])}
	local, ok := fsys.(interface{ Root() string })
	if !ok {
		return s
	}
	s.root = local.Root()
	for dir := s.root; ; dir = filepath.Dir(dir) {
		_, err := os.Lstat(dir)
		if !errors.Is(err, fs.ErrNotExist) {
			return s
		}
		s.made = append(s.made, dir)
	}
}

// reach finds out whether the storage can be used at all, so that one that
// cannot be reached is told apart from one that breaks the contract, and
// whether opening the URL again gives a handle on the same storage.
func (s *site) reach(ctx context.Context, rawURL string) (second bool, err error) {
	p := s.folder + "/reached"
	if _, err := s.fsys.Exists(ctx, p); err != nil {
		return false, err
	}
	if _, err := fsbase.WriteFile(ctx, s.fsys, p, []byte("dcp conform was here")); err != nil {
		return false, err
	}
	other, err := fsbase.Open(ctx, rawURL)
	if err != nil {
		return false, err
	}
	// Storage of its own for every Open, such as mem://, is no error, and what
	// else Exists may say is for the checks.
	second, err = other.Exists(ctx, p)
	if ctx.Err() != nil {
		return false, err
	}
	return second && err == nil, nil
}

// tidy removes what the run has left, under a context that goes on after the
// run's. The error tells what it could not remove.
func (s *site) tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	err := s.removeStreams(ctx)
	if s.root != "" { // then nothing is left in it either
		err = s.removeFolders()
	}
	return err
}

// removeStreams removes streams as far as they can be found: all of them with
// a Lister, else the one of reach, because checks remove their own.
func (s *site) removeStreams(ctx context.Context) error {
	p := s.folder + "/reached"
	if err := s.fsys.RmFile(ctx, p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is left: %w", p, err)
	}
	for range 2 { // what is removed, and what is left
		names, err := s.list(ctx)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("what is left below %s cannot be listed: %w", s.folder, err)
		}
		if len(names) == 0 {
			return nil
		}
		for _, n := range names {
			if e := s.fsys.RmFile(ctx, n); e != nil && !errors.Is(e, fs.ErrNotExist) {
				err = e
			}
		}
		if err != nil {
			return fmt.Errorf("%s left below %s: %w", count(len(names), "stream"), s.folder, err)
		}
	}
	return fmt.Errorf("there are streams below %s that cannot be removed", s.folder)
}

// mostLeft bounds what a broken Lister is believed.
const mostLeft = 100_000

// list returns the streams in the folder, and nothing that a broken Lister
// takes for one.
func (s *site) list(ctx context.Context) ([]string, error) {
	var names []string
	for info, err := range fsbase.List(ctx, s.fsys, s.folder+"/") {
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(info.Path, s.folder+"/") && fs.ValidPath(info.Path) {
			names = append(names, info.Path)
		}
		if len(names) == mostLeft {
			break
		}
	}
	return names, nil
}

// removeFolders removes the folder with all that is in it, and the folders
// that the run made above it, if nobody else has put anything there.
func (s *site) removeFolders() error {
	root, err := os.OpenRoot(s.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(root.RemoveAll(s.folder), root.Close())
	}
	if err != nil {
		return fmt.Errorf("%s is left: %w", filepath.Join(s.root, s.folder), err)
	}
	for _, dir := range s.made {
		if os.Remove(dir) != nil {
			break // it is in use now, and so are those above it
		}
	}
	return nil
}
