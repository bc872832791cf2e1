package gcs

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

func init() { Register(&fsbase.DefaultMux) }

// Register adds the scheme to a registry of its caller's. To have it in the
// default one it is enough to import this package.
func Register(mux *fsbase.Mux) { mux.Register(Scheme, opener{}) }

type opener struct{}

// OpenURL opens a bucket, or a folder of one. It does not ask whether they are
// there. All URLs of one transport share a client, which stays open for the
// life of the process.
func (opener) OpenURL(ctx context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	l, err := locate(u)
	if err != nil {
		return nil, err
	}
	client, err := shared.get(ctx, l.transport)
	if err != nil {
		return nil, err
	}
	f, err := New(client, l.bucket)
	if err != nil {
		return nil, err
	}
	return fsbase.Sub(f, l.folder)
}

// ValidateCheckpointID accepts what OpenURL opens.
func (opener) ValidateCheckpointID(id string) error {
	scheme, _, ok := strings.Cut(id, "://")
	if !ok || !strings.EqualFold(scheme, Scheme) {
		return fsbase.PathError("validate", fsbase.Redact(id), fmt.Errorf("not a %s:// URL: %w", Scheme, fs.ErrInvalid))
	}
	u, err := url.Parse(id)
	if err != nil { // whose text may have a secret in it
		return fsbase.PathError("validate", fsbase.Redact(id), fmt.Errorf("not a URL: %w", fs.ErrInvalid))
	}
	_, err = locate(u)
	return fsbase.PathError("validate", fsbase.Redact(id), err)
}

// location is what a URL says.
type location struct {
	bucket, folder, transport string
}

func locate(u *url.URL) (location, error) {
	if err := fsbase.CheckParams(u, "transport"); err != nil {
		return location{}, err
	}
	refuse := func(format string, args ...any) (location, error) {
		return location{}, fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fs.ErrInvalid)
	}
	l := location{bucket: u.Host, folder: strings.Trim(u.Path, "/"), transport: "http"}
	if l.folder == "" {
		l.folder = "."
	}
	if q := u.Query(); q.Has("transport") {
		l.transport = q.Get("transport")
	}
	switch {
	case u.User != nil:
		return refuse("a bucket has no user; credentials are the application default ones")
	case l.bucket == "" || u.Opaque != "":
		return refuse("no bucket: a URL is %s://bucket/folder", Scheme)
	case u.Port() != "":
		return refuse("a bucket has no port; an emulator is named by STORAGE_EMULATOR_HOST")
	case u.Fragment != "":
		return refuse("a fragment; write # as %%23")
	case !fs.ValidPath(l.folder):
		return refuse("a folder that is not clean")
	case l.transport != "http" && l.transport != "grpc":
		return refuse(`parameter "transport" can only be "http" or "grpc"`)
	}
	return l, nil
}
