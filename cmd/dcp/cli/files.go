package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// statsAtOnce is how many files are asked for their size at once.
const statsAtOnce = 16

// lookAtFiles finds the files that hold items, their sizes and their ranks.
func (s *summary) lookAtFiles(ctx context.Context, ck *dcp.Checkpoint) error {
	s.Files = []fileSummary{}
	ranks := map[string]bool{}
	for _, rec := range ck.Records() { // in the order of files
		if n := len(s.Files); n == 0 || string(s.Files[n-1].Path) != rec.File {
			s.Files = append(s.Files, fileSummary{Path: text(rec.File)})
			if m := dataName.FindStringSubmatch(path.Base(rec.File)); m != nil {
				ranks[m[1]] = true
			}
		}
		s.Files[len(s.Files)-1].Items++
	}
	if n := len(ranks); n > 0 {
		s.Ranks = &n
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(statsAtOnce)
	var mu sync.Mutex
	for i := range s.Files {
		g.Go(func() error {
			f := &s.Files[i]
			info, err := fsbase.Stat(ctx, ck.FileSystem(), string(f.Path))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, fs.ErrNotExist):
				s.Warnings = append(s.Warnings, f.Path+" is absent")
			case errors.Is(err, fs.ErrInvalid):
				s.Warnings = append(s.Warnings, text(fmt.Sprintf("%s cannot be a file of the checkpoint", f.Path)))
			case err != nil:
				return err
			default:
				f.Size = &info.Size
				s.FileBytes += info.Size
			}
			return nil
		})
	}
	return g.Wait()
}
