package s3

import (
	"fmt"
	"testing"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// The suite runs on real servers in e2e; here on one that does what S3's
// documentation says.
func TestConformance(t *testing.T) {
	servers := map[fsbase.FileSystemBase]*fakes3.Server{}
	opened := func(t testing.TB, s *fakes3.Server, prefix string) fsbase.FileSystemBase {
		f := open(t, s, prefix, Options{Conditional: ConditionalOn})
		servers[f] = s
		return f
	}
	n := 0
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			n++
			return opened(t, fakes3.New(bucket), fmt.Sprintf("conformance/%d", n))
		},
		Reopen: func(t testing.TB, f fsbase.FileSystemBase) fsbase.FileSystemBase {
			prefix := f.(*FS).prefix
			return opened(t, servers[f], prefix[:len(prefix)-1])
		},
		Residue: func(_ testing.TB, f fsbase.FileSystemBase) []string {
			var left []string
			for i := range servers[f].Uploads() {
				left = append(left, fmt.Sprint("upload ", i))
			}
			return left
		},
		Secrets: []string{accessKey, secretKey, sessionToken}, CheckpointID: "s3://bucket/run7",
		Limits: conformance.Limits{Rounds: 40},
	})
}
