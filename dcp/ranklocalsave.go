package dcp

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// RankLocal is a rank's place in a save without collectives.
type RankLocal = metadata.RankLocal

// saveRankLocal is save for a rank that does not talk to the others. Its steps
// are those of a save of all ranks.
func (s *saver) saveRankLocal(state map[string]any, o SaveOptions) (*metadata.Metadata, error) {
	at := *o.NoCollectives
	if err := checkRankLocal(o); err != nil {
		return nil, failedStep("plan", at.Rank, err)
	}
	s.check = false // MergeRankLocal compares
	open := s.open
	s.open = func() (StorageWriter, error) {
		w, err := open()
		if err != nil {
			return nil, err
		}
		return &rankLocalWriter{FileSystemWriter: w.(*FileSystemWriter), at: at}, nil
	}
	plan, err := s.planRankLocal(state)
	if err != nil {
		return nil, failedStep("plan", at.Rank, err)
	}
	md, err := s.writeRankLocal(plan)
	if err == nil {
		return md, nil
	}
	if !errors.Is(err, fsbase.ErrCommitUnknown) {
		s.abandon()
	}
	return nil, failedStep("write", at.Rank, err)
}

func failedStep(step string, rank int, err error) error {
	return &CheckpointError{Step: step, Failures: map[int]error{rank: err}}
}

func checkRankLocal(o SaveOptions) error {
	at := *o.NoCollectives
	switch {
	case at.Rank < 0 || at.Rank >= at.WorldSize:
		return fmt.Errorf("NoCollectives: rank %d of %d: %w", at.Rank, at.WorldSize, fs.ErrInvalid)
	case o.SaveID == "":
		return fmt.Errorf("NoCollectives: no SaveID, which is to be the same on all ranks: %w", fs.ErrInvalid)
	case o.Group != nil:
		return fmt.Errorf("NoCollectives: there is a Group: %w", fs.ErrInvalid)
	case o.StorageWriter != nil || o.SerializationFormat != SerializationTorchSave:
		return fmt.Errorf("NoCollectives: only a FileSystemWriter made by Save writes such sets: %w", errors.ErrUnsupported)
	}
	return nil
}

func (s *saver) planRankLocal(state map[string]any) (*planner.SavePlan, error) {
	plan, err := s.localPlan(state)
	if err != nil {
		return nil, err
	}
	if p, ok := s.p.(planner.RankLocalPlanner); ok {
		plan, s.md, err = p.CreateRankLocalPlan(plan)
	} else {
		var plans []*planner.SavePlan
		if plans, s.md, err = s.p.CreateGlobalPlan([]*planner.SavePlan{plan}); err == nil && len(plans) != 1 {
			err = fmt.Errorf("the planner made %d plans of 1", len(plans))
		}
		if err == nil {
			plan = plans[0]
		}
	}
	if err != nil {
		return nil, err
	}
	plans, err := s.w.PrepareGlobalPlan(s.ctx, []*planner.SavePlan{plan})
	if err != nil {
		return nil, err
	}
	return plans[0], nil
}

func (s *saver) writeRankLocal(plan *planner.SavePlan) (*metadata.Metadata, error) {
	plan, err := s.p.FinishPlan(plan)
	if err != nil {
		return nil, err
	}
	results, err := s.w.WriteData(s.ctx, plan, s.p)
	if err != nil {
		return nil, err
	}
	return s.w.Finish(s.ctx, s.md, [][]WriteResult{results})
}
