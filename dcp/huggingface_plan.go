package dcp

import (
	"encoding/gob"
	"maps"
	"slices"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/safetensors"
)

// hfJob is the coordinator's decision about an attempt, in each rank's
// SavePlan.StorageData.
type hfJob struct {
	SaveID, Attempt string
	Done            bool // the checkpoint of this SaveID is there already

	Shard   int            // in the names of the rank's files; 0 for whole tensors
	Index   map[string]int // of the file of each of the rank's tensors; nil means 1
	Highest int

	First, Count int // the rank's files in the set, numbered from 1
	Files        int // in the set
}

func init() { gob.Register(hfJob{}) }

// hfFile is one file of a rank.
type hfFile struct {
	name   string
	number int // in the set
	items  []planner.WriteItem
}

// files deals items out.
func (j *hfJob) files(items []planner.WriteItem) []hfFile {
	byIndex := map[int][]planner.WriteItem{}
	for _, it := range items {
		i := 1
		if j.Index != nil {
			i = j.Index[it.Index.FQN]
		}
		byIndex[i] = append(byIndex[i], it)
	}
	if len(items) == 0 && j.Count > 0 { // a checkpoint of nothing is one, too
		byIndex[1] = nil
	}
	files := make([]hfFile, 0, len(byIndex))
	for n, i := range slices.Sorted(maps.Keys(byIndex)) {
		name := safetensors.ModelName(i, j.Highest)
		if j.Shard > 0 {
			name = safetensors.ShardName(j.Shard, i, j.Highest)
		}
		files = append(files, hfFile{name, j.First + n, byIndex[i]})
	}
	return files
}

// jobs are the decisions for all ranks, and the files that there will be.
func (w *HuggingFaceStorageWriter) jobs(plans []*planner.SavePlan) (jobs []hfJob, names []string) {
	common := hfJob{SaveID: w.o.SaveID, Attempt: newNonce(), Highest: 1, First: 1}
	for _, i := range w.hf.FQNToIndexMapping {
		common.Highest = max(common.Highest, i)
	}
	for rank, p := range plans {
		j := common
		j.First += len(names)
		if w.hf.SaveDistributed {
			j.Shard = rank + 1
		}
		if w.hf.FQNToIndexMapping != nil {
			j.Index = map[string]int{}
			for _, it := range p.Items {
				j.Index[it.Index.FQN] = w.hf.FQNToIndexMapping[it.Index.FQN]
			}
		}
		files := j.files(p.Items)
		j.Count = len(files)
		for _, f := range files {
			names = append(names, f.name)
		}
		jobs = append(jobs, j)
	}
	if len(names) == 0 {
		jobs[coordinator].Count = 1
		names = append(names, jobs[coordinator].files(nil)[0].name)
	}
	for rank := range jobs {
		jobs[rank].Files = len(names)
	}
	return jobs, names
}
