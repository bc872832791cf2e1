package verify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

// check is the outcome of one item.
type check struct {
	dcp.ItemCheck
	err error
}

// checkItems checks all items, in parallel. Its error is that of the first item
// that storage or the context kept from being read; items after it may not have
// been looked at.
func checkItems(ctx context.Context, ck *dcp.Checkpoint, recs []dcp.Record, o Options) ([]check, error) {
	checks := make([]check, len(recs))
	var stop atomic.Bool
	var g errgroup.Group
	g.SetLimit(o.Workers)
	defer watch(ck, recs, o.Progress)()
	done := 0
	for i := range recs {
		if stop.Load() || ctx.Err() != nil {
			break
		}
		done++
		g.Go(func() error {
			c := &checks[i]
			c.ItemCheck, c.err = ck.CheckItem(ctx, recs[i])
			if c.err != nil && !isFault(c.err) {
				stop.Store(true)
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in checks
	checks = checks[:done]
	for i, c := range checks {
		if c.err != nil && !isFault(c.err) {
			return checks[:i], fmt.Errorf("checking %s: %w", ckpterr.Escape(recs[i].FQN), c.err)
		}
	}
	return checks, ctx.Err()
}

// isFault tells what is wrong in the checkpoint from storage that fails.
func isFault(err error) bool { return ckpterr.ClassOf(err) != "" }

// items reports what was found in the items that were checked.
func (r *Report) items(recs []dcp.Record, checks []check) {
	var unsummed int
	var missing missingFiles
	for i, c := range checks {
		rec := recs[i]
		if rec.File != missing.file {
			missing.flush(r)
		}
		r.Items++
		switch {
		case errors.Is(c.err, ckpterr.MissingFile):
			missing.add(rec, c.err)
			continue
		case c.err != nil:
			if !r.said(c.err) {
				r.fault(c.err)
			}
			continue
		}
		if !c.Checksummed {
			unsummed++
		}
		for _, class := range c.Unknown {
			r.warn(UnknownClass, rec.File, rec.FQN, "holds %q, which godcp does not know", class)
		}
	}
	missing.flush(r)
	if unsummed > 0 {
		r.warn(NoChecksum, "", "", "%d of %d items have no checksum: damage inside them does not show", unsummed, len(checks))
	}
}

// missingFiles makes one finding of all items of an absent file.
type missingFiles struct {
	file  string
	items int
	err   error
}

func (m *missingFiles) add(rec dcp.Record, err error) {
	if m.items == 0 {
		m.file, m.err = rec.File, err
	}
	m.items++
}

func (m *missingFiles) flush(r *Report) {
	if m.items == 0 {
		return
	}
	f := findingOf(Error, m.err)
	f.Message = "the file is absent"
	if m.items > 1 {
		f.Message = fmt.Sprintf("the file is absent, and so are %d items in it", m.items)
	}
	r.add(f)
	*m = missingFiles{}
}

// watch calls progress until the function that it returns is called.
func watch(ck *dcp.Checkpoint, recs []dcp.Record, progress func(done, total int64)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	var total int64
	for _, rec := range recs {
		total += max(rec.Length, 0)
	}
	start := ck.BytesRead()
	tell := func() { progress(min(ck.BytesRead()-start, total), total) }
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(100 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				tell()
			case <-quit:
				tell()
				return
			}
		}
	})
	return func() { close(quit); wg.Wait() }
}
