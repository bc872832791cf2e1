package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/verify"
)

// trial is one folder, what must be in it, and two ways there.
type trial struct {
	m              matrix
	n              int // ranks
	url            string
	proxy          *servers.FaultProxy
	faulty, direct *fsbase.Mux
	met            *tally

	there  int64    // the step that is there, -1 for none
	left   []string // what saves said that they left
	untold bool     // a save ended without saying what it left
}

// save saves a step through the proxy and looks whether what is there is what
// the outcome says.
func (tr *trial) save(ctx context.Context, step int64) error {
	o := dcp.SaveOptions{Mux: tr.faulty, WriterOptions: dcp.WriterOptions{Overwrite: step > 0, SaveID: fmt.Sprintf("step-%d", step)}}
	err := tr.all(ctx, step, o)
	tr.proxy.Settle()
	outcome, unknown := fmt.Sprint(err), errors.Is(err, fsbase.ErrCommitUnknown)
	tr.untold = tr.untold || unknown
	found, lookErr := tr.look(ctx)
	switch {
	case lookErr != nil:
		return fmt.Errorf("after a save with the outcome %s: %w", outcome, lookErr)
	case err == nil && found != step, err != nil && !unknown && found != tr.there, unknown && found != step && found != tr.there:
		return fmt.Errorf("there was step %d, a save of %d had the outcome %s, and now there is %d", tr.there, step, outcome, found)
	case err == nil:
		tr.met.saved.Add(1)
	case unknown:
		tr.met.unknown.Add(1)
		o.Mux = tr.direct
		if err := tr.all(ctx, step, o); err != nil {
			return fmt.Errorf("saving again what had the outcome unknown: %w", err)
		}
		if found, err = tr.look(ctx); found != step || err != nil {
			return fmt.Errorf("saving again leaves step %d, %s", found, fmt.Sprint(err))
		}
	default:
		tr.met.failed.Add(1)
	}
	tr.there = found
	return nil
}

// all saves from all ranks and notes what each had to leave.
func (tr *trial) all(ctx context.Context, step int64, o dcp.SaveOptions) error {
	reports := make([]dcp.SaveReport, tr.n)
	err := ranks(tr.n, func(g collective.Group) error {
		o := o
		o.Group, o.Report = g, &reports[g.Rank()]
		return tr.m.saveRank(ctx, tr.url, step, o)
	})
	for _, r := range reports {
		tr.left = append(tr.left, r.Left...)
	}
	return err
}

// look returns the step that is there, -1 for none, when all of it is right: each
// element, each file, and no file that nobody told of.
func (tr *trial) look(ctx context.Context) (int64, error) {
	fsys, err := tr.direct.Open(ctx, tr.url)
	if err != nil {
		return 0, err
	}
	known, step := tr.left, int64(-1)
	published, err := fsys.Exists(ctx, ".metadata")
	if err != nil {
		return 0, err
	}
	if published {
		ck, err := dcp.OpenFS(ctx, fsys, dcp.OpenOptions{})
		if err != nil {
			return 0, err
		}
		v, err := ck.Value(ctx, "step")
		if err != nil {
			return 0, err
		}
		step = v.(int64)
		open := dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Mux: tr.direct}}
		if err := tr.m.load(ctx, tr.url, step, tr.m.byRows(1), open); err != nil {
			return 0, fmt.Errorf("step %d: %w", step, err)
		}
		rep, err := verify.Verify(ctx, ck, verify.Options{})
		if err != nil || !rep.OK() {
			return 0, fmt.Errorf("step %d: findings %v, %s", step, rep.Findings, fmt.Sprint(err))
		}
		md := ck.Metadata()
		known = append(known, ".metadata")
		known = append(known, md.Previous...)
		for _, r := range md.StorageData {
			known = append(known, r.Info.RelativePath)
		}
	}
	var names []string
	for info, err := range fsbase.List(ctx, fsys, "") {
		if err != nil {
			return 0, err
		}
		names = append(names, info.Path)
	}
	if extra := without(names, known); len(extra) > 0 && !tr.untold {
		return 0, fmt.Errorf("with step %d, nobody told of %q", step, extra)
	}
	return step, nil
}

// noUploads demands that each upload below a prefix was completed or aborted,
// but for those of which only the server knows.
func noUploads(ctx context.Context, s *servers.S3, direct *http.Transport, prefix string, proxy *servers.FaultProxy) error {
	out, err := s.Client(direct).ListMultipartUploads(ctx, &awss3.ListMultipartUploadsInput{Bucket: &s.Bucket})
	if err != nil {
		return err
	}
	for _, u := range out.Uploads {
		if key := aws.ToString(u.Key); strings.HasPrefix(key, prefix) && !proxy.Lost(aws.ToString(u.UploadId)) {
			return fmt.Errorf("the upload %s of %s was neither completed nor aborted", aws.ToString(u.UploadId), key)
		}
	}
	return nil
}
