package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestTwoSavers publish at the same time, 50 times, on fresh places and on
// checkpoints in turns: one wins, the other is told, what is there is the
// winner's, whole, and nothing else is there that nobody told of.
func TestTwoSavers(t *testing.T) {
	for _, name := range []string{"versitygw", "minio", "gcs", "azure"} {
		t.Run(name, func(t *testing.T) {
			c := clouds[name](t)
			for round := range 50 {
				if err := twoSavers(t, c, round); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
		})
	}
}

func twoSavers(t *testing.T, c cloud, round int) error {
	m, ctx := matrix{rows: 64, cols: 64}, t.Context()
	folder := fmt.Sprintf("savers/%d", round)
	plain := muxOf(c.open(t, folder))
	over := round%2 == 1
	if over {
		if err := m.save(ctx, 1, here, 9, dcp.SaveOptions{Mux: plain}); err != nil {
			return err
		}
	}
	var all sync.WaitGroup
	savers := make([]saver, 2)
	all.Add(len(savers))
	var eg errgroup.Group
	for i := range savers {
		meeting := &meeting{FileSystemBase: c.open(t, folder), all: &all}
		o := dcp.SaveOptions{Mux: muxOf(meeting), WriterOptions: dcp.WriterOptions{Overwrite: over}}
		eg.Go(func() error {
			savers[i].save(ctx, m, 1+round%3, int64(i), o)
			meeting.once.Do(all.Done) // one that fails before keeps nobody waiting
			return nil
		})
	}
	_ = eg.Wait() // each saver has its error
	winner := 0
	if savers[0].err != nil {
		winner = 1
	}
	lost := savers[1-winner].err
	if err := savers[winner].err; err != nil || !errors.Is(lost, fsbase.ErrPrecondition) || errors.Is(lost, fs.ErrExist) == over {
		return fmt.Errorf("the outcomes are %s and %s", fmt.Sprint(err), fmt.Sprint(lost))
	}
	if err := m.load(ctx, here, int64(winner), m.byRows(2), dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Mux: plain}}); err != nil {
		return err
	}
	return allTold(t, c.open(t, folder), append(savers[0].left, savers[1].left...))
}

// allTold demands that each file that `.metadata` names is there, and no other
// but the replaced ones and those that were reported.
func allTold(t *testing.T, fsys fsbase.FileSystemBase, left []string) error {
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		return err
	}
	var named []string
	for _, r := range ck.Metadata().StorageData {
		named = append(named, r.Info.RelativePath)
	}
	files := list(t, fsys)
	if missing := without(named, files); len(missing) > 0 {
		return fmt.Errorf("%q are not there", missing)
	}
	known := slices.Concat(named, ck.Metadata().Previous, left, []string{".metadata"})
	if extra := without(files, known); len(extra) > 0 {
		return fmt.Errorf("nobody told of %q", extra)
	}
	return nil
}

// saver is the outcome of a save.
type saver struct {
	err  error
	left []string // of all ranks
}

func (s *saver) save(ctx context.Context, m matrix, n int, step int64, o dcp.SaveOptions) {
	reports := make([]dcp.SaveReport, n)
	s.err = ranks(n, func(g collective.Group) error {
		o := o
		o.Group, o.Report = g, &reports[g.Rank()]
		return m.saveRank(ctx, here, step, o)
	})
	for _, r := range reports {
		s.left = append(s.left, r.Left...)
	}
}

// meeting lets the savers of a round publish at once: none is let through
// before each has come that far.
type meeting struct {
	fsbase.FileSystemBase
	all  *sync.WaitGroup
	once sync.Once
}

func (m *meeting) meet(path string) {
	if path == ".metadata" {
		m.once.Do(m.all.Done)
		m.all.Wait()
	}
}

// AsCapability hands out all of the storage's, and has those meet that publish.
func (m *meeting) AsCapability(target any) bool {
	if !m.FileSystemBase.(fsbase.Capable).AsCapability(target) {
		return false
	}
	switch t := target.(type) {
	case *fsbase.ExclusiveCreator:
		*t = meetingCreator{*t, m}
	case *fsbase.Swapper:
		*t = meetingSwapper{*t, m}
	}
	return true
}

type meetingCreator struct {
	fsbase.ExclusiveCreator
	m *meeting
}

func (c meetingCreator) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	c.m.meet(path)
	return c.ExclusiveCreator.CreateExclusive(ctx, path)
}

type meetingSwapper struct {
	fsbase.Swapper
	m *meeting
}

func (s meetingSwapper) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	s.m.meet(path)
	return s.Swapper.CreateSwap(ctx, path, old)
}
