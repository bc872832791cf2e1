package e2e

import (
	"fmt"
	"slices"
	"strings"
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

// TestS3Conformance is the suite over plain HTTP, and what of it a transport can
// change through TLS.
func TestS3Conformance(t *testing.T) {
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			t.Run("plain", func(t *testing.T) { s3Plain(t, s) })
			t.Run("tls", func(t *testing.T) { s3TLS(t, s) })
			if left := slices.DeleteFunc(s.Uploads(t), endedAtBegin); len(left) > 0 {
				t.Errorf("uploads that nobody finished: %q", left)
			}
		})
	}
}

// endedAtBegin tells the names to which uploads may stay: where a context ends
// while an upload begins, and the server takes longer to answer than the backend
// waits, nobody hears its id.
func endedAtBegin(key string) bool {
	return strings.Contains(strings.ReplaceAll(key, "/", "-"), "-cancel-during-publish")
}

// s3Limits end a large stream above the size of a part, which is 8 MiB.
var s3Limits = conformance.Limits{LargeSize: 9 << 20, Rounds: 20}

// s3Plain runs every check on a prefix of its own.
func s3Plain(t *testing.T, s *servers.S3) {
	place := &s3Place{server: s, client: s.Client(servers.Transport()), prefixes: map[fsbase.FileSystemBase]string{}}
	defects := s3Defects[s.Name]
	rep := conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
			return place.open(t, fmt.Sprintf("%s-%d/root", name, len(place.prefixes)))
		},
		Reopen:  place.reopen,
		Residue: place.residue,
		Secrets: []string{s.SecretKey}, CheckpointID: "s3://bucket/run7",
		Except: exceptions(defects), Limits: limits(s3Limits), Implementation: implementation("s3", s.Server),
	})
	onlyDefects(t, rep, defects)
	report(t, "s3-"+s.Name, "^TestS3Conformance$/^"+s.Name+"$/^plain$", rep)
}

// s3Place is where the suite opens file systems.
type s3Place struct {
	server   *servers.S3
	client   *awss3.Client // of the server, which may lead there by another way
	prefixes map[fsbase.FileSystemBase]string
}

func (p *s3Place) open(t testing.TB, prefix string) fsbase.FileSystemBase {
	t.Helper()
	f, err := s3.New(p.client, p.server.Bucket, prefix, s3.Options{Conditional: s3.ConditionalOn})
	if err != nil {
		t.Fatal(err)
	}
	p.prefixes[f] = prefix
	return f
}

// reopen opens the place of f again. What it returns may be reopened, too.
func (p *s3Place) reopen(t testing.TB, f fsbase.FileSystemBase) fsbase.FileSystemBase {
	t.Helper()
	return p.open(t, p.prefixes[f])
}

// residue is the uploads below f that nobody finished.
func (p *s3Place) residue(t testing.TB, f fsbase.FileSystemBase) []string {
	t.Helper()
	var left []string
	for _, key := range p.server.Uploads(t) {
		if strings.HasPrefix(key, p.prefixes[f]+"/") {
			left = append(left, key)
		}
	}
	return left
}
