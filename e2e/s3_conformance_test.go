package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/fsbase"
)

// s3Servers are the servers that every test of S3 runs on.
var s3Servers = []struct {
	name  string
	start func(testing.TB) *servers.S3
}{
	{"versitygw", servers.VersityGW},
	{"minio", servers.MinIO},
}

// TestS3Conformance is the whole suite, on a prefix of its own for each check,
// over plain HTTP, and through TLS.
func TestS3Conformance(t *testing.T) {
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			t.Run("plain", func(t *testing.T) { s3Conformance(t, s, s.Client(&http.Transport{MaxIdleConnsPerHost: 64}), 50) })
			t.Run("tls", func(t *testing.T) {
				seen, transport := s.TLS(t)
				s3Conformance(t, s, seen.Client(transport), 20)
			})
			if left := s.Uploads(t); len(left) > 0 {
				t.Errorf("uploads that nobody finished: %q", left)
			}
		})
	}
}

// s3Conformance runs the suite on s through a client of it, which may come by
// another way.
func s3Conformance(t *testing.T, s *servers.S3, c *awss3.Client, rounds int) {
	open := func(t testing.TB, prefix string) fsbase.FileSystemBase {
		f, err := s3.New(c, s.Bucket, prefix, s3.Options{Conditional: s3.ConditionalOn})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	prefixes := map[fsbase.FileSystemBase]string{}
	var n atomic.Int64
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			prefix := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")) + fmt.Sprintf("-%d/root", n.Add(1))
			f := open(t, prefix)
			prefixes[f] = prefix
			return f
		},
		Reopen: func(t testing.TB, f fsbase.FileSystemBase) fsbase.FileSystemBase { return open(t, prefixes[f]) },
		Residue: func(t testing.TB, f fsbase.FileSystemBase) []string {
			var left []string
			for _, key := range s.Uploads(t) {
				if strings.HasPrefix(key, prefixes[f]+"/") {
					left = append(left, key)
				}
			}
			return left
		},
		Secrets: []string{s.SecretKey},
		Limits:  conformance.Limits{Rounds: rounds},
	})
}
