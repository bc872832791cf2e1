package redisfs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/custombackend/internal/redistest"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
	"github.com/godcp/godcp/verify"
)

const (
	ranks = 4
	rows  = 8
	cols  = 150_000 // the rows of a rank take more than one chunk
)

// TestSaveAndLoad saves, overwrites and reshards by URL, as any program does.
func TestSaveAndLoad(t *testing.T) {
	server := redistest.Start(t)
	for name, o := range map[string]dcp.WriterOptions{
		"plain": {},
		"zstd":  {Extensions: []dcp.StreamTransformExtension{dcp.ZStandard{}}},
	} {
		t.Run(name, func(t *testing.T) {
			url := server.URL("runs/" + name + "/step")
			for step := range 2 {
				o.Overwrite = step > 0
				if err := save(t.Context(), url, step, o); err != nil {
					t.Fatal(err)
				}
				if got, err := load(t.Context(), url); got != step || err != nil {
					t.Fatalf("loaded step %d, %v, saved %d", got, err, step)
				}
			}
			if err := save(t.Context(), url, 2, dcp.WriterOptions{}); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a save that may not overwrite: %v", err)
			}
			ck, err := dcp.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := verify.Verify(t.Context(), ck, verify.Options{})
			if err != nil || !rep.OK() {
				t.Errorf("verify: %v, %+v", err, rep)
			}
		})
	}
}

// TestSaveSurvivesKill kills the server again and again while one saves.
// Whenever it is back a whole checkpoint is there, none older than the last save
// that said nil.
func TestSaveSurvivesKill(t *testing.T) {
	server := redistest.Start(t)
	url := server.URL("run")
	if err := save(t.Context(), url, 0, dcp.WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	said, tried, failed := 0, 0, 0
	for round := range 8 {
		var saver sync.WaitGroup
		stop := make(chan struct{})
		saver.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				tried++
				if err := save(t.Context(), url, tried, dcp.WriterOptions{Overwrite: true}); err != nil {
					failed++
					t.Logf("save %d: %v", tried, err)
				} else {
					said = tried
				}
			}
		})
		time.Sleep(time.Duration(20*round)*time.Millisecond + rand.N(20*time.Millisecond))
		server.Restart(t)
		close(stop)
		saver.Wait()
		got, err := load(t.Context(), url)
		if err != nil || got < said || got > tried {
			t.Fatalf("round %d: step %d is there, %v; %d was the last that is saved, %d the last that was tried", round, got, err, said, tried)
		}
	}
	t.Logf("%d saves, %d failed", tried, failed)
}

// save saves a step from four ranks, each with two rows of "w" in which every
// number is the step.
func save(ctx context.Context, url string, step int, o dcp.WriterOptions) error {
	var eg errgroup.Group
	for _, g := range collective.InProcess(ranks) {
		eg.Go(func() error {
			mine, err := tensor.FromSlice(slices.Repeat([]float32{float32(step)}, rows/ranks*cols), rows/ranks, cols)
			if err != nil {
				return err
			}
			w := &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{rows, cols}, Shards: []dcp.Shard{
				{Offsets: []int64{int64(g.Rank() * rows / ranks), 0}, Tensor: mine},
			}}
			var rep dcp.SaveReport
			_, err = dcp.Save(ctx, url, map[string]any{"w": w, "step": step}, dcp.SaveOptions{Group: g, WriterOptions: o, Report: &rep})
			if err == nil && rep.Unguarded {
				err = errors.New("Redis has conditional writes, and the save did not use them")
			}
			return err
		})
	}
	return eg.Wait()
}

// load loads all of "w" by columns and returns the step that it is of.
func load(ctx context.Context, url string) (int, error) {
	var shards []dcp.Shard
	for i := range int64(3) {
		t, err := tensor.New(tensor.Float32, rows, cols/3)
		if err != nil {
			return 0, err
		}
		shards = append(shards, dcp.Shard{Offsets: []int64{0, i * cols / 3}, Tensor: t})
	}
	state := map[string]any{"step": nil, "w": &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{rows, cols}, Shards: shards}}
	if _, err := dcp.Load(ctx, url, state, dcp.LoadOptions{}); err != nil {
		return 0, err
	}
	step, ok := state["step"].(int64)
	if !ok {
		return 0, fmt.Errorf("the step is a %T", state["step"])
	}
	for _, s := range shards {
		data, err := tensor.Data[float32](s.Tensor)
		if err != nil {
			return 0, err
		}
		if i := slices.IndexFunc(data, func(x float32) bool { return x != float32(step) }); i >= 0 {
			return 0, fmt.Errorf("a checkpoint of step %d has a %v in it", step, data[i])
		}
	}
	return int(step), nil
}
