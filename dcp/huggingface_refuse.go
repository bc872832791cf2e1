package dcp

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// refuse lists everything that cannot be in this checkpoint.
func (w *HuggingFaceStorageWriter) refuse(plans []*planner.SavePlan) error {
	bad := &refusals{told: map[string]bool{}}
	if !utf8.ValidString(w.o.SaveID) {
		bad.add("", fs.ErrInvalid, "SaveID %q is not UTF-8", w.o.SaveID)
	}
	for _, fqn := range slices.Sorted(maps.Keys(w.hf.FQNToIndexMapping)) {
		if i := w.hf.FQNToIndexMapping[fqn]; i < 1 {
			bad.add(fqn, fs.ErrInvalid, "FQNToIndexMapping says file %d, and the first is 1", i)
		}
	}
	for rank, plan := range plans {
		here := make(map[string]bool, len(plan.Items))
		for _, it := range plan.Items {
			w.refuseItem(bad, rank, it, here[it.Index.FQN])
			here[it.Index.FQN] = true
		}
	}
	if len(bad.list.Problems) == 0 {
		return nil
	}
	return &bad.list
}

func (w *HuggingFaceStorageWriter) refuseItem(bad *refusals, rank int, it planner.WriteItem, again bool) {
	fqn, d := it.Index.FQN, it.TensorData
	if d == nil {
		bad.add(fqn, errors.ErrUnsupported, "it is no tensor, and safetensors holds nothing else")
		return
	}
	if err := safetensors.CheckTensor(fqn, d.Properties.DType, d.Chunk.Sizes); err != nil {
		bad.add(fqn, errors.ErrUnsupported, "%v", err)
	}
	if again {
		bad.add(fqn, errors.ErrUnsupported, "rank %d has several chunks of it, and a file holds one", rank)
	}
	switch whole := !w.hf.SaveDistributed; {
	case whole && rank != coordinator:
		bad.add(fqn, errors.ErrUnsupported, "rank %d is to write it, and without SaveDistributed only rank %d writes", rank, coordinator)
	case whole && !d.Chunk.Equal(tensor.FullBox(d.Size)):
		bad.add(fqn, errors.ErrUnsupported, "the chunk %v is not all of %v, and without SaveDistributed tensors are written whole", d.Chunk, d.Size)
	}
	if _, named := w.hf.FQNToIndexMapping[fqn]; !named && w.hf.FQNToIndexMapping != nil {
		bad.add(fqn, planner.ErrBadValue, "FQNToIndexMapping does not name it")
	}
}

// refusals has one problem of each name: ranks have the same ones.
type refusals struct {
	list planner.PlanError
	told map[string]bool
}

func (r *refusals) add(fqn string, err error, format string, args ...any) {
	if r.told[fqn] {
		return
	}
	r.told[fqn] = true
	r.list.Problems = append(r.list.Problems, &planner.PlanProblem{FQN: fqn, Detail: fmt.Sprintf(format, args...), Err: err})
}
