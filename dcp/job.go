package dcp

import (
	"cmp"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// job is one stored item and everything that is wanted of it.
type job struct {
	info  *metadata.StorageInfo
	item  *metadata.Item
	chunk tensor.Box // zero for a bytes item
	reads []planner.ReadItem
}

// whole tells whether some read wants all of the chunk, or if none is known.
func (j job) whole() bool {
	return len(j.reads) == 0 || slices.ContainsFunc(j.reads, func(r planner.ReadItem) bool {
		return slices.Equal(r.Lengths, j.chunk.Sizes)
	})
}

// place adds the item's file, offset and fqn to an error.
func (j job) place(err error) error {
	p := ckpterr.Place{File: j.info.RelativePath, Offset: j.info.Offset, FQN: j.item.FQN}
	if len(j.info.TransformDescriptors) > 0 {
		p.Offset = -1 // offsets inside the unpacked item are not the file's
	}
	return ckpterr.At(err, p)
}

// jobs groups a plan by stored item, in the order of files and offsets.
func (r *reader) jobs(plan *planner.LoadPlan) ([]job, error) {
	at := make(map[*metadata.StorageInfo]int, len(plan.Items))
	jobs := make([]job, 0, len(plan.Items))
	for _, read := range plan.Items {
		it, ok := r.md.Find(read.StorageIndex.FQN)
		if !ok {
			return nil, &ckpterr.Error{Class: ckpterr.MissingItem, FQN: read.StorageIndex.FQN, Offset: -1}
		}
		info, ok := r.md.Storage(read.StorageIndex)
		if !ok {
			return nil, &ckpterr.Error{
				Class: ckpterr.MissingItem, FQN: it.FQN, Offset: -1,
				Err: ckpterr.New(ckpterr.MissingItem, "no storage record at %v", read.StorageIndex.Offset),
			}
		}
		i, seen := at[info]
		if !seen {
			j := job{info: info, item: it}
			if it.Tensor != nil {
				if j.chunk, ok = chunkOf(it, read.StorageIndex); !ok {
					return nil, &ckpterr.Error{Class: ckpterr.MissingItem, FQN: it.FQN, Offset: -1}
				}
			}
			i = len(jobs)
			at[info] = i
			jobs = append(jobs, j)
		}
		jobs[i].reads = append(jobs[i].reads, read)
	}
	slices.SortStableFunc(jobs, func(a, b job) int {
		return cmp.Or(cmp.Compare(a.info.RelativePath, b.info.RelativePath), cmp.Compare(a.info.Offset, b.info.Offset))
	})
	return jobs, nil
}

// chunkOf finds the chunk of an index, by its hint if that is right.
func chunkOf(it *metadata.Item, idx metadata.MetadataIndex) (tensor.Box, bool) {
	chunks := it.Tensor.Chunks
	if h := idx.Index; h >= 0 && h < len(chunks) && slices.Equal(chunks[h].Offsets, idx.Offset) {
		return chunks[h], true
	}
	for _, c := range chunks {
		if slices.Equal(c.Offsets, idx.Offset) {
			return c, true
		}
	}
	return tensor.Box{}, false
}

func missingRecord(fqn string) error {
	e := ckpterr.New(ckpterr.MissingItem, "no storage record")
	e.FQN = fqn
	return e
}
