package gocloud

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"gocloud.dev/blob/azureblob"

	"github.com/godcp/godcp/fsbase"
)

// Scheme is the scheme of this backend's URLs.
const Scheme = azureblob.Scheme

func init() { Register(&fsbase.DefaultMux) }

// Register adds the scheme to a registry of its caller's. To have it in the
// default one it is enough to import this package.
func Register(mux *fsbase.Mux) { mux.Register(Scheme, opener{}) }

type opener struct{}

// OpenURL opens a container, or a folder of one, with the credentials of the
// environment. It does not ask whether they are there.
func (opener) OpenURL(ctx context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	folder, err := locate(u)
	if err != nil {
		return nil, err
	}
	o := azureblob.URLOpener{
		MakeClient:        azureblob.NewDefaultClient,
		ServiceURLOptions: *azureblob.NewDefaultServiceURLOptions(),
	}
	bucket, err := o.OpenBucketURL(ctx, &url.URL{Scheme: Scheme, Host: u.Host, RawQuery: u.RawQuery})
	if err != nil {
		return nil, driverError{nil, fmt.Errorf("a client of Azure: %w", err)}
	}
	f, err := Wrap(bucket)
	if err != nil {
		return nil, err
	}
	return fsbase.Sub(f, folder)
}

// ValidateCheckpointID accepts what OpenURL opens.
func (opener) ValidateCheckpointID(id string) error {
	scheme, _, ok := strings.Cut(id, "://")
	if !ok || !strings.EqualFold(scheme, Scheme) {
		return fsbase.PathError("validate", fsbase.Redact(id), fmt.Errorf("not an %s:// URL: %w", Scheme, fs.ErrInvalid))
	}
	u, err := url.Parse(id)
	if err != nil { // whose text may have a secret in it
		return fsbase.PathError("validate", fsbase.Redact(id), fmt.Errorf("not a URL: %w", fs.ErrInvalid))
	}
	_, err = locate(u)
	return fsbase.PathError("validate", fsbase.Redact(id), err)
}

// locate checks a URL and returns the folder in it, "." for none.
func locate(u *url.URL) (string, error) {
	if err := fsbase.CheckParams(u, "cdn", "domain", "localemu", "protocol", "storage_account"); err != nil {
		return "", err
	}
	folder := strings.Trim(u.Path, "/")
	if folder == "" {
		folder = "."
	}
	var problem string
	switch {
	case u.User != nil:
		problem = "a container has no user; credentials come from the environment"
	case u.Host == "" || u.Opaque != "":
		problem = "no container: a URL is " + Scheme + "://container/folder"
	case u.Port() != "":
		problem = "a container has no port; the host is the parameter domain"
	case u.Fragment != "":
		problem = "a fragment; write # as %23"
	case !fs.ValidPath(folder):
		problem = "a folder that is not clean"
	case folder != "." && azureName(folder) != nil:
		return "", azureName(folder)
	default:
		return folder, nil
	}
	return "", fmt.Errorf("%s: %w", problem, fs.ErrInvalid)
}
