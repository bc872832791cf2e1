package s3

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/goleak"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What no error may show.
const (
	accessKey    = "AKIDACCESSKEYOFTHETEST"
	secretKey    = "secretkeyofthetest"
	sessionToken = "sessiontokenofthetest"
)

const bucket = "bucket"

// client is one that leads to the server, in the path style.
func client(t testing.TB, s *fakes3.Server) *s3.Client {
	t.Helper()
	transport, stop := fakes3.Start(s)
	t.Cleanup(stop)
	return clientOver(transport)
}

func clientOver(transport http.RoundTripper) *s3.Client {
	return clientAt("http://127.0.0.1:1", transport)
}

func clientAt(endpoint string, transport http.RoundTripper) *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: &endpoint, UsePathStyle: true,
		HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: sessionToken}, nil
		}),
	})
}

// open returns what lies below prefix in the server's bucket.
func open(t testing.TB, s *fakes3.Server, prefix string, o Options) *FS {
	t.Helper()
	f, err := New(client(t, s), bucket, prefix, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// newFS is an empty store that is believed to keep conditions.
func newFS(t testing.TB) (*fakes3.Server, *FS) {
	t.Helper()
	s := fakes3.New(bucket)
	return s, open(t, s, "run/step", Options{Conditional: ConditionalOn})
}

// content is n bytes that are not all the same.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}

// put writes a stream.
func put(t testing.TB, f *FS, path string, data []byte) fsbase.Info {
	t.Helper()
	info, err := fsbase.WriteFile(t.Context(), f, path, data)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// want demands the content of a key in the store.
func want(t testing.TB, s *fakes3.Server, key string, data []byte) {
	t.Helper()
	got, ok := s.Object(key)
	if !ok || !bytes.Equal(got, data) {
		t.Errorf("%s: %d bytes, %v, want %d bytes", key, len(got), ok, len(data))
	}
}

// wantErr demands the classes of an error, its form, and that it is discreet.
func wantErr(t testing.TB, err error, classes ...error) {
	t.Helper()
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		t.Errorf("no *fs.PathError: %T %v", err, err)
		return
	}
	for _, class := range classes {
		if !errors.Is(err, class) {
			t.Errorf("%v is not %v", err, class)
		}
	}
	for _, secret := range []string{accessKey, secretKey, sessionToken} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%v shows a secret", err)
		}
	}
}

// wantUnknown demands that nothing is claimed about a commit.
func wantUnknown(t testing.TB, err error) {
	t.Helper()
	wantErr(t, err, fsbase.ErrCommitUnknown)
	if errors.Is(err, fsbase.ErrPrecondition) || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v says that it knows", err)
	}
}

// wantNotCommitted demands an error that says that nothing was published.
func wantNotCommitted(t testing.TB, err error, classes ...error) {
	t.Helper()
	wantErr(t, err, classes...)
	if errors.Is(err, fsbase.ErrCommitUnknown) {
		t.Errorf("%v, and it is known", err)
	}
}
