// Package dcp saves, opens, loads and checks distributed checkpoints in the
// format of torch.distributed.checkpoint, on any storage.
//
//	md, err := dcp.Save(ctx, url, state, dcp.SaveOptions{Group: g}) // a transaction
//	ck, err := dcp.Open(ctx, "file:///models/run7/step-1000")
//	t, err := ck.Tensor(ctx, "model.layers.0.wq")     // all of it
//	rows, err := ck.Slice(ctx, "model.emb", box)      // only those bytes are read
//	rep, err := dcp.Load(ctx, url, state, dcp.LoadOptions{}) // any sharding
//
// # Which call for which use
//
// [Open] reads the metadata; a [Checkpoint] then lists entries, reads tensors,
// slices and objects, and needs no template. [Load] fills a state dict that
// the caller has, in whatever sharding its tensors are: torch's dcp.load.
// [FileSystemReader] and [HuggingFaceStorageReader] are the parts that Load is
// made of, for planners and storage of one's own.
//
// [Save] writes what the ranks of a job have, each its part; [AsyncSave] takes a
// snapshot and writes it in the background. Either the new checkpoint is there
// afterwards, whole and durable, or the old one still is, and every rank is told
// the same. [FileSystemWriter] and [HuggingFaceStorageWriter] are what Save
// writes with; a [Resolver] stands for a tensor that is not in memory.
//
// # Storage
//
// Backends are chosen by URL scheme and come in by blank import, so a program
// links only what it uses:
//
//	import _ "github.com/godcp/godcp/backends/local"
//
// # Trust
//
// Everything in a checkpoint is untrusted. Pickles are decoded to data and
// never run, paths stay inside the checkpoint, ranges inside their files, and
// memory within [Limits]. What is wrong in a checkpoint is a *ckpterr.Error.
package dcp

import (
	"github.com/google/uuid"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// ShardedTensor is this rank's part of a tensor that is spread over ranks.
type ShardedTensor = planner.ShardedTensor

// Shard is one local box of a ShardedTensor.
type Shard = planner.Shard

// FromLocal makes a ShardedTensor of a local tensor, a mesh and placements, see
// planner.FromLocal.
func FromLocal(t *tensor.Tensor, size []int64, mesh tensor.Mesh, rank int, placements ...tensor.Placement) (*ShardedTensor, error) {
	return planner.FromLocal(t, size, mesh, rank, placements...)
}

// Resolver stands for a tensor whose data is brought when it is saved.
type Resolver = planner.Resolver

// newID makes a save_id or load_id.
func newID() string { return uuid.NewString() }
