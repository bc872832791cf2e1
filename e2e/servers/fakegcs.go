package servers

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// GCS is a server that speaks Google Cloud Storage's JSON API, with one empty
// bucket.
type GCS struct {
	Endpoint string // http://127.0.0.1:port
	Bucket   string
	Server   string // with its version
}

var fakeGCS = Tool{"fake-gcs-server", "github.com/fsouza/fake-gcs-server", "v1.56.1"}

// FakeGCS starts fake-gcs-server, which keeps everything in memory.
func FakeGCS(t testing.TB) *GCS {
	t.Helper()
	path, err := fakeGCS.Path(t.Context())
	Need(t, "gcs", err)
	address, err := Address()
	Need(t, "gcs", err)
	host, port, err := net.SplitHostPort(address)
	Need(t, "gcs", err)
	g := &GCS{Endpoint: "http://" + address, Bucket: "checkpoints", Server: fakeGCS.Name + " " + fakeGCS.Version}
	cmd := exec.Command(path, "-scheme", "http", "-backend", "memory", "-log-level", "error",
		"-host", host, "-port", port, "-external-url", g.Endpoint, "-public-host", address)
	Need(t, "gcs", Start(t, cmd, g.createBucket))
	return g
}

func (g *GCS) createBucket(ctx context.Context) error {
	body := strings.NewReader(fmt.Sprintf(`{"name":%q}`, g.Bucket))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.Endpoint+"/storage/v1/b?project=e2e", body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusConflict {
		return fmt.Errorf("creating a bucket: %s", res.Status)
	}
	return nil
}

// Environment makes gs:// URLs mean the server.
func (g *GCS) Environment(t *testing.T) {
	t.Helper()
	t.Setenv("STORAGE_EMULATOR_HOST", g.Endpoint)
	t.Setenv("GCE_METADATA_HOST", "127.0.0.1:1") // or the client library asks where it runs
}

// URL is a place in the bucket.
func (g *GCS) URL(prefix string) string { return "gs://" + g.Bucket + "/" + prefix }
