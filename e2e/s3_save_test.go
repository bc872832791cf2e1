package e2e

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
	"github.com/godcp/godcp/verify"
)

// throughClient is a registry whose s3 URLs are opened with a client.
func throughClient(c *awss3.Client, o s3.Options) *fsbase.Mux {
	var mux fsbase.Mux
	mux.Register(s3.Scheme, fsbase.OpenerFunc(func(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
		return s3.New(c, u.Host, u.Path[1:], o)
	}))
	return &mux
}

// TestS3SaveLoad is a job of 4 ranks that saves, is told that the place is
// taken, overwrites twice, and is loaded in other shardings: by URL with the
// default settings, and through TLS. The parts of each rank are more than one
// part of an upload.
func TestS3SaveLoad(t *testing.T) {
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			s.Environment(t)
			t.Run("by URL", func(t *testing.T) { saveLoad(t, s.URL("job/step-1", ""), nil) })
			t.Run("tls", func(t *testing.T) {
				seen, transport := s.TLS(t)
				mux := throughClient(seen.Client(transport), s3.Options{Conditional: s3.ConditionalOn})
				saveLoad(t, "s3://"+s.Bucket+"/job-tls/step-1", mux)
			})
			if left := s.Uploads(t); len(left) > 0 {
				t.Errorf("uploads that nobody finished: %q", left)
			}
		})
	}
}

func saveLoad(t *testing.T, url string, mux *fsbase.Mux) {
	ctx := t.Context()
	m := matrix{rows: 4001, cols: 2600} // 42 MB
	var report dcp.SaveReport
	o := dcp.SaveOptions{Report: &report, Mux: mux}
	must(t, m.save(ctx, 4, url, 0, o))
	if report.Unguarded {
		t.Error("the first save says that nothing guards it")
	}
	if err := m.save(ctx, 2, url, 1, o); !errors.Is(err, fs.ErrExist) {
		t.Errorf("saving in a place that is taken: %v", err)
	}
	o.Overwrite = true
	must(t, m.save(ctx, 4, url, 1, o))
	must(t, m.save(ctx, 3, url, 2, o))
	if report.Unguarded || len(report.Removed) == 0 || len(report.Left) > 0 {
		t.Errorf("the third save: %+v", report)
	}
	open := dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Mux: mux}}
	must(t, m.load(ctx, url, 2, m.byRows(1), open))
	must(t, m.load(ctx, url, 2, m.byRows(5), open))
	must(t, m.load(ctx, url, 2, m.byColumns(2), open))

	ck, err := dcp.OpenWith(ctx, url, open.OpenOptions)
	must(t, err)
	row, err := ck.Slice(ctx, "model.w", tensor.Box{Offsets: []int64{4000, 7}, Sizes: []int64{1, 3}})
	must(t, err)
	if v, err := tensor.Data[float32](row); err != nil || v[2] != m.at(2, 4000, 9) {
		t.Errorf("the slice has %v, %v", v, err)
	}
	rep, err := verify.Verify(ctx, ck, verify.Options{})
	must(t, err)
	if !rep.OK() {
		t.Errorf("findings: %v", rep.Findings)
	}
}

// TestS3Probe finds out what the servers keep, as opening a URL of theirs does,
// and leaves nothing behind.
func TestS3Probe(t *testing.T) {
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			log := &servers.Log{Inner: http.DefaultTransport}
			f, err := s3.New(s.Client(log), s.Bucket, "probed/here", s3.Options{})
			must(t, err)
			if _, ok := fsbase.As[fsbase.ExclusiveCreator](f); !ok {
				t.Error("no create-if-absent")
			}
			if _, ok := fsbase.As[fsbase.Swapper](f); !ok {
				t.Error("no swap")
			}
			t.Logf("%d requests", len(log.Requests()))
			for info, err := range f.List(t.Context(), "") {
				t.Errorf("%q stays, %v", info.Path, err)
			}
			if left := s.Uploads(t); len(left) > 0 {
				t.Errorf("uploads that nobody finished: %q", left)
			}
		})
	}
}
