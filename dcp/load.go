package dcp

import (
	"context"
	"errors"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// LoadOptions say how to load. The zero value is strict: every leaf of the
// state dict must be in the checkpoint, with its size and dtype.
type LoadOptions struct {
	// AllowPartialLoad leaves leaves alone that the checkpoint does not have.
	AllowPartialLoad bool

	// DTypes says what to do when dtypes differ.
	DTypes planner.DTypePolicy

	// Planner decides what is read; nil means planner.DefaultLoadPlanner with
	// the two fields above.
	Planner planner.LoadPlanner

	// StorageReader reads it; nil means what suits the layout found at the URL.
	StorageReader StorageReader

	// ShareReads lets one rank of Group read what all ranks want alike, and send
	// it to the others: for replicated state, where storage is slower than the
	// group. Ranks fail together then. On its way is at most Limits.InFlight; what
	// is larger every rank reads for itself, and so does each where a nil leaf is
	// filled on one. It does nothing without a Group, or with a StorageReader.
	ShareReads bool

	OpenOptions
}

// LoadReport tells what a load did.
type LoadReport struct {
	planner.Report

	Items     int   // reads that were planned
	BytesRead int64 // from storage; by the function Load metadata included
}

// Finisher is implemented by planners that have something to do when all data
// was read.
type Finisher interface {
	FinishLoad() error
}

// Load fills state from the checkpoint at url: torch's load.
//
// state is nested maps and slices. Tensors (*tensor.Tensor, *ShardedTensor) are
// filled in place, in any sharding; every other leaf is replaced by the stored
// object, and a nil leaf by whatever is stored, tensors included. Top-level
// [Stateful] values are asked for their state and given it back.
//
// When Load returns an error, tensors may be filled in part; nothing else of
// state has changed, and no Stateful was given its state.
func Load(ctx context.Context, url string, state map[string]any, o LoadOptions) (*LoadReport, error) {
	if o.StorageReader != nil {
		o.ShareReads = false // ranks can fail before the others know
		if url != "" {
			if err := o.StorageReader.Reset(ctx, url); err != nil {
				return nil, err
			}
		}
		return load(ctx, o.StorageReader, state, o)
	}
	ck, err := OpenWith(ctx, url, o.OpenOptions)
	if err != nil {
		return nil, err
	}
	rep, err := ck.Load(ctx, state, o)
	if err == nil {
		rep.BytesRead += ck.BytesRead()
	}
	return rep, err
}

// LoadFS is Load from the root of fsys.
func LoadFS(ctx context.Context, fsys fsbase.FileSystemBase, state map[string]any, o LoadOptions) (*LoadReport, error) {
	ck, err := OpenFS(ctx, fsys, o.OpenOptions)
	if err != nil {
		return nil, err
	}
	return ck.Load(ctx, state, o)
}

// Load fills state from an opened checkpoint, see the function [Load].
func (ck *Checkpoint) Load(ctx context.Context, state map[string]any, o LoadOptions) (*LoadReport, error) {
	return load(ctx, openedReader{ck.reader.fork()}, state, o)
}

// openedReader has its metadata already.
type openedReader struct{ *FileSystemReader }

func (r openedReader) ReadMetadata(context.Context) (*metadata.Metadata, error) { return r.md, nil }

// StateDict loads without a template: everything, or what keys select, nested
// as it was saved. A key is an fqn or a prefix of one at a path boundary.
// torch: _load_state_dict_from_keys.
func (ck *Checkpoint) StateDict(ctx context.Context, keys ...string) (map[string]any, *LoadReport, error) {
	state := map[string]any{}
	rep, err := ck.Load(ctx, state, LoadOptions{Planner: &planner.EmptyStateDictLoadPlanner{Keys: keys}})
	if err != nil {
		return nil, nil, err
	}
	return state, rep, nil
}

func load(ctx context.Context, r StorageReader, state map[string]any, o LoadOptions) (*LoadReport, error) {
	p := o.Planner
	if p == nil {
		p = &planner.DefaultLoadPlanner{AllowPartialLoad: o.AllowPartialLoad, DTypes: o.DTypes}
	}
	plain, restore, err := withoutStatefuls(state)
	var plan *planner.LoadPlan
	var md *metadata.Metadata
	if err == nil {
		plan, md, err = makePlan(ctx, r, p, plain)
	}
	if o.ShareReads && o.Group != nil && o.Group.Size() > 1 {
		s := sharing{ctx: ctx, g: o.Group, r: r, md: md, p: p, limit: o.Limits.withDefaults().InFlight, failed: err}
		err = s.readData(plan)
	} else if err == nil {
		err = r.ReadData(ctx, plan, p)
	}
	if err != nil {
		return nil, err
	}
	if f, ok := p.(Finisher); ok {
		if err := f.FinishLoad(); err != nil {
			return nil, err
		}
	}
	rep := &LoadReport{Items: len(plan.Items)}
	if rp, ok := p.(interface{ Report() planner.Report }); ok {
		rep.Report = rp.Report()
	}
	if c, ok := r.(interface{ BytesRead() int64 }); ok {
		rep.BytesRead = c.BytesRead()
	}
	return rep, restore()
}

// makePlan runs the planning steps of a load that has one rank: itself.
func makePlan(ctx context.Context, r StorageReader, p planner.LoadPlanner, state map[string]any) (*planner.LoadPlan, *metadata.Metadata, error) {
	md, err := r.ReadMetadata(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := p.SetUpPlanner(state, md, true); err != nil {
		return nil, nil, err
	}
	if err := r.SetUpStorageReader(md, true); err != nil {
		return nil, nil, err
	}
	plan, err := p.CreateLocalPlan()
	if err != nil {
		return nil, nil, err
	}
	if plan, err = r.PrepareLocalPlan(plan); err != nil {
		return nil, nil, err
	}
	plans, err := p.CreateGlobalPlan([]*planner.LoadPlan{plan})
	if err != nil {
		return nil, nil, err
	}
	if plans, err = r.PrepareGlobalPlan(plans); err != nil {
		return nil, nil, err
	}
	if len(plans) != 1 {
		return nil, nil, errors.New("planner returned another number of plans than it got")
	}
	plan, err = p.FinishPlan(plans[0])
	return plan, md, err
}
