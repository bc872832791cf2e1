package memfs

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// Scheme is the URL scheme: mem://name, mem://name/folder, mem://.
const Scheme = "mem"

func init() { Register(&fsbase.DefaultMux) }

// Register adds the scheme to mux. mem://name is one storage for the whole
// process, whichever mux opens it; mem:// is new with each Open. A path in the
// URL is the folder that becomes the root.
func Register(mux *fsbase.Mux) { mux.Register(Scheme, opener{}) }

// shared are the storages that have a name.
var shared struct {
	sync.Mutex
	named map[string]*FS
}

// Named returns the storage of mem://name.
func Named(name string) *FS {
	shared.Lock()
	defer shared.Unlock()
	if shared.named == nil {
		shared.named = map[string]*FS{}
	}
	if shared.named[name] == nil {
		shared.named[name] = New()
	}
	return shared.named[name]
}

type opener struct{}

// OpenURL opens a mem:// URL.
func (opener) OpenURL(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	folder, err := folderOf(u)
	if err != nil {
		return nil, err
	}
	if u.Host == "" {
		return fsbase.Sub(New(), folder)
	}
	return fsbase.Sub(Named(u.Host), folder)
}

// ValidateCheckpointID accepts what OpenURL opens.
func (opener) ValidateCheckpointID(id string) error {
	err := fmt.Errorf("not a %s:// URL: %w", Scheme, fs.ErrInvalid)
	if scheme, _, ok := strings.Cut(id, "://"); ok && strings.EqualFold(scheme, Scheme) {
		var u *url.URL
		if u, err = url.Parse(id); err == nil {
			_, err = folderOf(u)
		} else {
			err = fmt.Errorf("not a URL: %w", fs.ErrInvalid) // without the secrets of err
		}
	}
	return fsbase.PathError("validate", fsbase.Redact(id), err)
}

// folderOf checks a URL and returns the folder in it, "." for none.
func folderOf(u *url.URL) (string, error) {
	if err := fsbase.CheckParams(u); err != nil {
		return "", err
	}
	if u.User != nil || u.Fragment != "" {
		return "", fmt.Errorf("a %s URL has no user and no fragment: %w", Scheme, fs.ErrInvalid)
	}
	folder := strings.Trim(u.Path, "/")
	if folder == "" {
		return ".", nil
	}
	if !fs.ValidPath(folder) {
		return "", fmt.Errorf("a folder that is not clean: %w", fs.ErrInvalid)
	}
	return folder, nil
}
