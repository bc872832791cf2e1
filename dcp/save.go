package dcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// SaveOptions say how to save. The zero value saves from one process and
// replaces nothing.
type SaveOptions struct {
	// Group joins the ranks of the save; nil means that there is only one.
	// All ranks call Save, each with its part of the state.
	Group collective.Group

	// NoCollectives, if not nil, saves without a word between ranks, of which
	// this says which one calls: torch's use_collectives=False. Each rank's part
	// is published by itself, as `__R.metadata`, and nobody knows when all are
	// there; MergeRankLocal makes a checkpoint of them. Group is nil then, and
	// SaveID is given: the same on all ranks, another for every save, as it is
	// all that tells the parts of one save from those of another. Such a set
	// replaces nothing: every save needs a folder of its own. CheckReplicas does not
	// apply, as the merge compares. The metadata that Save returns is that of this
	// rank.
	NoCollectives *RankLocal

	// Planner decides what is written; nil means planner.DefaultSavePlanner.
	Planner planner.SavePlanner

	// StorageWriter writes it; nil means a FileSystemWriter with the options
	// below, or for SerializationSafetensors a HuggingFaceStorageWriter.
	StorageWriter StorageWriter
	WriterOptions

	// CheckReplicas fails the save if what several ranks have under one name is
	// not the same: torch keeps what one of them has. It reads everything once
	// more, to sum it; Resolvers are asked twice. The DefaultSavePlanner
	// compares.
	CheckReplicas bool

	// PlanCache, if not nil, spares saves of an unchanged state most of the
	// planning. Ranks may do with one or without.
	PlanCache *PlanCache

	// Report, if not nil, receives what this rank's writer did, unless that is
	// StorageWriter.
	Report *SaveReport

	Mux *fsbase.Mux // nil means fsbase.DefaultMux
}

// Save writes the checkpoint of all ranks to url and returns its metadata on
// every rank: torch's save.
//
// state is nested maps and slices of *tensor.Tensor, *ShardedTensor and plain
// Go values. What several ranks hold is written once. Either the new checkpoint
// is there afterwards, whole and durable, or whatever was there before still
// is; every rank gets the same outcome. An error is a *CheckpointError. If
// errors.Is finds fsbase.ErrCommitUnknown in it, the checkpoint may have been
// published; saving again with the same SaveID settles it. What
// SerializationSafetensors can promise of this is said at
// HuggingFaceStorageWriter.
//
// Nothing runs on after Save returns.
func Save(ctx context.Context, url string, state map[string]any, o SaveOptions) (*metadata.Metadata, error) {
	return save(ctx, state, o, func() (StorageWriter, error) {
		if w := o.StorageWriter; w != nil {
			if url == "" {
				return w, nil
			}
			return w, w.Reset(ctx, url)
		}
		fsys, err := muxOr(o.Mux).Open(ctx, url)
		if err != nil {
			return nil, err
		}
		return newWriter(fsys, url, o), nil
	})
}

// SaveFS is Save to the root of fsys.
func SaveFS(ctx context.Context, fsys fsbase.FileSystemBase, state map[string]any, o SaveOptions) (*metadata.Metadata, error) {
	return save(ctx, state, o, func() (StorageWriter, error) {
		return newWriter(fsys, "", o), nil
	})
}

// reporter is a writer of this package.
type reporter interface {
	StorageWriter
	Report() SaveReport
}

// newWriter is the writer of this package for the options.
func newWriter(fsys fsbase.FileSystemBase, id string, o SaveOptions) reporter {
	if o.SerializationFormat != SerializationSafetensors {
		return NewFileSystemWriter(fsys, id, o.WriterOptions)
	}
	return NewHuggingFaceStorageWriter(fsys, id, HuggingFaceOptions{
		WriterOptions: o.WriterOptions, SaveDistributed: o.Group != nil && o.Group.Size() > 1,
	})
}

// coordinator is the rank that plans for all and publishes.
const coordinator = 0

func rankOf(o *SaveOptions) int {
	switch {
	case o.NoCollectives != nil:
		return o.NoCollectives.Rank
	case o.Group != nil:
		return o.Group.Rank()
	}
	return 0
}

// save opens the writer as a part of the first step, so that a rank that cannot
// does not leave the others waiting.
func save(ctx context.Context, state map[string]any, o SaveOptions, open func() (StorageWriter, error)) (*metadata.Metadata, error) {
	s := &saver{ctx: ctx, open: open, p: o.Planner, g: o.Group, check: o.CheckReplicas, cache: o.PlanCache}
	if s.g == nil {
		s.g = collective.Single()
	}
	if s.p == nil {
		s.p = &planner.DefaultSavePlanner{}
	}
	var md *metadata.Metadata
	var err error
	if o.NoCollectives != nil {
		md, err = s.saveRankLocal(state, o)
	} else {
		md, err = s.save(state)
	}
	if w, ok := s.w.(reporter); ok && o.Report != nil && o.StorageWriter == nil {
		*o.Report = w.Report()
	}
	return md, err
}

// saver is one rank's part of one save.
type saver struct {
	ctx   context.Context
	open  func() (StorageWriter, error)
	w     StorageWriter // what open gave
	p     planner.SavePlanner
	g     collective.Group
	check bool               // replicas
	cache *PlanCache         // nil without
	md    *metadata.Metadata // on the coordinator
}

func (s *saver) save(state map[string]any) (*metadata.Metadata, error) {
	plan, err := s.plan(state)
	if err != nil {
		return nil, err
	}
	return s.write(plan)
}

func (s *saver) leads() bool { return s.g.Rank() == coordinator }

// plan is the step "plan": every rank says what it has, the coordinator what
// everybody writes. It is done twice if a plan that a rank took for known is not.
func (s *saver) plan(state map[string]any) (*planner.SavePlan, error) {
	var local *planner.SavePlan
	var sent planMessage
	reply, err := s.planStep(func() (m planMessage, err error) {
		if local, err = s.localPlan(state); err == nil {
			sent, err = s.message(local, false)
		}
		return sent, err
	})
	if err == nil && reply.Resend {
		reply, err = s.planStep(func() (m planMessage, err error) {
			sent, err = s.message(local, true)
			return sent, err
		})
	}
	if err != nil {
		return nil, err
	}
	return s.settle(sent, reply), nil
}

func (s *saver) planStep(local func() (planMessage, error)) (planReply, error) {
	return collective.ReduceScatter(s.ctx, s.g, "plan", coordinator, local, s.globalPlan)
}

// globalPlan runs on the coordinator.
func (s *saver) globalPlan(ms []planMessage) ([]planReply, error) {
	replies := make([]planReply, len(ms))
	key := s.keyOf(ms)
	md, resend := s.known(ms, key)
	if resend {
		for i := range replies {
			replies[i].Resend = true
		}
		return replies, nil
	}
	plans := make([]*planner.SavePlan, len(ms))
	for i, m := range ms {
		if plans[i] = m.Plan; md != nil {
			plans[i] = &planner.SavePlan{}
		}
	}
	s.md = md
	var err error
	if md == nil {
		if plans, s.md, err = s.p.CreateGlobalPlan(plans); err != nil {
			return nil, err
		}
		s.remember(key, s.md)
	}
	if plans, err = s.w.PrepareGlobalPlan(s.ctx, plans); err != nil {
		return nil, err
	}
	if len(plans) != len(replies) {
		return nil, fmt.Errorf("%d plans for %d ranks", len(plans), len(replies))
	}
	for i, p := range plans {
		replies[i] = planReply{Key: key, Cached: md != nil, Plan: p}
	}
	return replies, nil
}

func (s *saver) localPlan(state map[string]any) (_ *planner.SavePlan, err error) {
	if s.w, err = s.open(); err != nil {
		return nil, err
	}
	plain, err := statesOf(state)
	if err != nil {
		return nil, err
	}
	if err := s.p.SetUpPlanner(plain, s.w.StorageMeta(), s.leads()); err != nil {
		return nil, err
	}
	if err := s.w.SetUpStorageWriter(s.leads(), s.g.Rank()); err != nil {
		return nil, err
	}
	plan, err := s.p.CreateLocalPlan()
	if err == nil && s.check {
		err = sumItems(s.ctx, plan, s.p)
	}
	if err != nil {
		return nil, err
	}
	return s.w.PrepareLocalPlan(plan)
}

// write is the step "write": every rank writes, the coordinator publishes.
func (s *saver) write(plan *planner.SavePlan) (*metadata.Metadata, error) {
	// handed tells that the checkpoint may have been published for all that this
	// rank knows: the coordinator has begun to finish, another has handed over
	// its results.
	handed := false
	body, err := collective.AllReduce(s.ctx, s.g, "write", coordinator,
		func() ([]wireResult, error) {
			plan, err := s.p.FinishPlan(plan)
			if err != nil {
				return nil, err
			}
			results, err := s.w.WriteData(s.ctx, plan, s.p)
			handed = err == nil && !s.leads()
			return toWire(results), err
		},
		func(wires [][]wireResult) (body []byte, err error) {
			results := make([][]WriteResult, len(wires))
			for rank, w := range wires {
				results[rank] = fromWire(w)
			}
			handed = true
			if s.md, err = s.w.Finish(s.ctx, s.md, results); err != nil || s.g.Size() == 1 {
				return nil, err
			}
			if body, err = metadata.Encode(s.md); err != nil {
				err = fmt.Errorf("published: %w: %w", fsbase.ErrCommitUnknown, err)
			}
			return body, err
		})
	var failed *CheckpointError
	switch {
	case err == nil && s.leads():
		return s.md, nil
	case err == nil:
		return metadata.Decode(body)
	case !errors.As(err, &failed) && handed:
		// The group broke, and only the coordinator knows what came of it.
		return nil, fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, err)
	case !errors.As(err, &failed), !errors.Is(err, fsbase.ErrCommitUnknown):
		// Nothing was published, nor will be.
		s.abandon()
	}
	return nil, err
}

// abandonTime bounds the removal of what a failed attempt wrote, which goes on
// when the context of the save is done.
const abandonTime = 30 * time.Second

func (s *saver) abandon() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), abandonTime)
	defer cancel()
	s.w.Abandon(ctx)
}

// CheckpointError is the failure of a step of a save, "plan" or "write":
// torch's CheckpointException. Every rank gets the same.
type CheckpointError = collective.StepError
