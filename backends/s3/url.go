package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// parameters are those of the URL's query.
var parameters = []string{
	"region", "endpoint", "path_style", "profile", "anonymous", "sse", "kms_key_id",
	"request_payer", "expected_bucket_owner", "storage_class", "conditional",
}

// location is a URL taken apart.
type location struct {
	bucket, prefix            string
	region, endpoint, profile string
	anonymous                 bool
	pathStyle                 *bool
	options                   Options
}

// opener opens the URLs of Scheme.
type opener struct{}

// OpenURL opens a prefix by its URL. It makes no request.
func (opener) OpenURL(ctx context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	l, err := locate(u)
	if err == nil {
		err = ctx.Err()
	}
	var f *FS
	if err == nil {
		f, err = l.open(ctx)
	}
	if err != nil {
		return nil, pathError("open", fsbase.Redact(u.String()), err)
	}
	return f, nil
}

func (l location) open(ctx context.Context) (*FS, error) {
	c, err := l.client(ctx)
	if err != nil {
		return nil, err
	}
	return New(c, l.bucket, l.prefix, l.options)
}

// ValidateCheckpointID says why no checkpoint can have the URL id.
func (opener) ValidateCheckpointID(id string) error {
	u, err := url.Parse(id)
	if err != nil { // whose text may have a secret in it
		err = invalid("not a URL")
	} else {
		_, err = locate(u)
	}
	return pathError("validate", fsbase.Redact(id), err)
}

// ValidateCheckpointID says why no bucket can serve the URL id: another scheme,
// no bucket, a prefix that is not clean, a parameter that is not known. It does
// not look whether the bucket is there.
func (f *FS) ValidateCheckpointID(id string) error { return opener{}.ValidateCheckpointID(id) }

// locate takes a URL apart.
func locate(u *url.URL) (location, error) {
	var l location
	switch {
	case !strings.EqualFold(u.Scheme, Scheme):
		return l, invalid("scheme %q is not %s", u.Scheme, Scheme)
	case u.User != nil:
		return l, invalid("an %s URL has no user: credentials are the environment's", Scheme)
	case u.Opaque != "" || u.Host == "" || u.Port() != "":
		return l, invalid("%s://bucket/prefix is the form; a server is endpoint=http://host:port", Scheme)
	case u.Fragment != "":
		return l, invalid("a fragment; write # as %%23")
	}
	l.bucket, l.prefix = u.Hostname(), strings.Trim(u.Path, "/")
	if l.prefix != "" && (checkName(l.prefix) != nil || l.prefix == ".") {
		return l, invalid("the prefix is not a clean path")
	}
	if err := fsbase.CheckParams(u, parameters...); err != nil {
		return l, err
	}
	return l, l.parameters(u.Query())
}

// parameters reads the query. No value of it goes into an error.
func (l *location) parameters(q url.Values) error {
	l.region, l.profile, l.endpoint = q.Get("region"), q.Get("profile"), q.Get("endpoint")
	l.options = Options{
		SSE: q.Get("sse"), KMSKeyID: q.Get("kms_key_id"), StorageClass: q.Get("storage_class"),
		ExpectedBucketOwner: q.Get("expected_bucket_owner"),
	}
	for name := range q {
		if q.Get(name) == "" {
			return invalid("parameter %q is empty", name)
		}
	}
	if e, err := url.Parse(l.endpoint); l.endpoint != "" &&
		(err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" || e.User != nil || e.RawQuery != "") {
		return invalid(`parameter "endpoint" is http://host:port or https://host:port`)
	}
	var err error
	if l.anonymous, err = flag(q, "anonymous"); err != nil {
		return err
	}
	if q.Has("path_style") {
		style, err := flag(q, "path_style")
		if err != nil {
			return err
		}
		l.pathStyle = &style
	}
	if l.options.RequestPayer = q.Has("request_payer"); l.options.RequestPayer && q.Get("request_payer") != "requester" {
		return invalid(`parameter "request_payer" can only be "requester"`)
	}
	if q.Has("conditional") {
		c, ok := conditionals[q.Get("conditional")]
		if !ok {
			return invalid(`parameter "conditional" is "on", "off" or "probe"`)
		}
		l.options.Conditional = c
	}
	return l.options.check()
}

func flag(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, invalid(`parameter %q is "true" or "false"`, name)
}
