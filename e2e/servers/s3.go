package servers

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// S3 is a server that speaks S3's protocol, with one empty bucket.
type S3 struct {
	Name                 string
	Server               string // with its version
	Endpoint             string // http://127.0.0.1:port
	Bucket               string
	AccessKey, SecretKey string
}

// The servers and their versions.
var (
	versitygw = Tool{"versitygw", "github.com/versity/versitygw/cmd/versitygw", "v1.8.0"}
	minio     = Tool{"minio", "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c"}
)

// VersityGW starts versitygw on a folder.
func VersityGW(t testing.TB) *S3 {
	t.Helper()
	return startS3(t, versitygw, func(path, address string, s *S3) *exec.Cmd {
		cmd := exec.Command(path, "--port", address, "--keep-alive", "--quiet", "posix", t.TempDir())
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
		return cmd
	})
}

// MinIO starts minio on a folder.
func MinIO(t testing.TB) *S3 {
	t.Helper()
	return startS3(t, minio, func(path, address string, s *S3) *exec.Cmd {
		cmd := exec.Command(path, "server", t.TempDir(), "--address", address, "--quiet")
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey,
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off")
		return cmd
	})
}

func startS3(t testing.TB, tool Tool, command func(path, address string, s *S3) *exec.Cmd) *S3 {
	t.Helper()
	path, err := tool.Path(t.Context())
	Need(t, "s3", err)
	address, err := Address()
	Need(t, "s3", err)
	s := &S3{
		Name: tool.Name, Server: tool.Name + " " + tool.Version, Endpoint: "http://" + address, Bucket: "checkpoints",
		AccessKey: "e2eaccess", SecretKey: "e2esecretsecret",
	}
	c := s.Client(http.DefaultTransport)
	Need(t, "s3", Start(t, command(path, address, s), func(ctx context.Context) error {
		_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.Bucket})
		var api smithy.APIError
		if errors.As(err, &api) && api.ErrorCode() == "BucketAlreadyOwnedByYou" {
			return nil // the answer to an earlier attempt was lost
		}
		return err
	}))
	return s
}

// Client is one of the SDK's that asks the server over transport.
func (s *S3) Client(transport http.RoundTripper) *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &s.Endpoint, UsePathStyle: true,
		HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}, nil
		}),
	})
}

// Environment makes the test's credentials those of the server, as a user does
// who opens its URLs.
func (s *S3) Environment(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}

// URL is a place in the bucket.
func (s *S3) URL(prefix, parameters string) string {
	return "s3://" + s.Bucket + "/" + prefix + "?region=us-east-1&endpoint=" + s.Endpoint + parameters
}

// Uploads returns the multipart uploads that were neither completed nor
// aborted.
func (s *S3) Uploads(t testing.TB) []string {
	t.Helper()
	// Some servers only list those below a prefix of their own choice, so the
	// prefix is empty.
	out, err := s.Client(http.DefaultTransport).ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, u := range out.Uploads {
		keys = append(keys, aws.ToString(u.Key))
	}
	return keys
}
