package cli

import (
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// saveset [-differ] FOLDER ID RANKS: ranks save without collectives; a part that
// is there stays.
func saveset(ts *testscript.TestScript, neg bool, args []string) {
	differ := len(args) > 0 && args[0] == "-differ"
	if differ {
		args = args[1:]
	}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: saveset [-differ] folder id ranks")
	}
	world, err := strconv.Atoi(args[2])
	ts.Check(err)
	folder := ts.MkAbs(args[0])
	for rank := range world {
		if _, err := os.Stat(filepath.Join(folder, "__"+strconv.Itoa(rank)+".metadata")); err == nil {
			continue
		}
		row, err := tensor.FromSlice([]float32{float32(2 * rank), float32(2*rank + 1)}, 1, 2)
		ts.Check(err)
		all, err := tensor.FromSlice([]int64{1, 2, 3}, 3)
		ts.Check(err)
		state := map[string]any{"all": all, "step": int64(7), "w": &dcp.ShardedTensor{
			DType: tensor.Float32, Size: []int64{int64(world), 2},
			Shards: []dcp.Shard{{Offsets: []int64{int64(rank), 0}, Tensor: row}},
		}}
		if differ {
			state["step"] = int64(rank)
		}
		_, err = dcp.Save(context.Background(), folder, state, dcp.SaveOptions{
			NoCollectives: &dcp.RankLocal{Rank: rank, WorldSize: world},
			WriterOptions: dcp.WriterOptions{SaveID: args[1]},
		})
		ts.Check(err)
	}
}

// copyall FROM TO copies the files of a folder.
func copyall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copyall from to")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}
