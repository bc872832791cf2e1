//go:build unix

package processes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/collective/natsgroup"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// taskEnv holds, as JSON, what a process does that is a rank.
const taskEnv = "GODCP_TEST_RANK_TASK"

// task is what all ranks of a job do.
type task struct {
	Dir   string
	Saves []int64 // steps, one after another
	Async bool    // in the background, with a group of their own
	Load  int64   // and then this step is loaded, if it is not 0

	// Fate strikes a rank in the last save, before its n-th call to the others.
	Fate  string // "kill" or "stop"; "" for none
	Rank  int
	Calls int

	CallTimeout, Silence time.Duration

	Joined string // a folder where ranks leave a file when they have joined
}

func (t task) joined(rank int) string { return filepath.Join(t.Joined, strconv.Itoa(rank)) }

// report is what a rank has to say at the end.
type report struct {
	Rank    int
	Err     string
	Culprit int  // whom Err names; -1 for nobody
	Unknown bool // whether the checkpoint was published
	Took    time.Duration
	Left    string // what ran after Close
}

func TestMain(m *testing.M) {
	if text := os.Getenv(taskEnv); text != "" {
		var t task
		if err := json.Unmarshal([]byte(text), &t); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		r := t.run()
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// run is the life of a rank.
func (t task) run() report {
	r := report{Culprit: -1}
	err := t.work(&r)
	if err != nil {
		r.Err, r.Unknown = err.Error(), errors.Is(err, fsbase.ErrCommitUnknown)
		var e *collective.RankError
		if errors.As(err, &e) {
			r.Culprit = e.Rank
		}
	}
	if err := goleak.Find(); err != nil {
		r.Left = err.Error()
	}
	return r
}

func (t task) work(r *report) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	g, err := natsgroup.FromEnv(ctx, natsgroup.Options{
		CallTimeout: t.CallTimeout, Silence: t.Silence, Heartbeat: 200 * time.Millisecond, JoinTimeout: patience,
	})
	if err != nil {
		return err
	}
	defer g.Close()
	r.Rank = g.Rank()
	if t.Joined != "" {
		if err := os.WriteFile(t.joined(g.Rank()), nil, 0o600); err != nil {
			return err
		}
	}
	fsys, err := local.New(t.Dir)
	if err != nil {
		return err
	}
	if t.Async {
		if err := t.saveInBackground(ctx, g); err != nil {
			return err
		}
		t.Saves = nil
	}
	for i, step := range t.Saves {
		f := &fated{Group: g, task: t}
		f.off = i < len(t.Saves)-1 || t.Fate == "" || t.Rank != g.Rank()
		state, err := makeState(step, g.Rank(), g.Size())
		if err != nil {
			return err
		}
		began := time.Now()
		_, err = dcp.SaveFS(ctx, fsys, state, dcp.SaveOptions{Group: f, WriterOptions: dcp.WriterOptions{Overwrite: true}})
		r.Took = time.Since(began)
		if err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
	}
	if t.Load == 0 {
		return nil
	}
	return errors.Join(loadState(ctx, fsys, t.Load, g.Rank(), g.Size()), g.Barrier(ctx))
}

// saveInBackground saves every step while the ranks talk of other things.
func (t task) saveInBackground(ctx context.Context, g *natsgroup.Group) error {
	background, err := g.Another(ctx, "background")
	if err != nil {
		return err
	}
	defer background.Close()
	for _, step := range t.Saves {
		state, err := makeState(step, g.Rank(), g.Size())
		if err != nil {
			return err
		}
		o := dcp.SaveOptions{Group: background, WriterOptions: dcp.WriterOptions{Overwrite: true}}
		h, err := dcp.AsyncSave(ctx, t.Dir, state, dcp.AsyncSaveOptions{SaveOptions: o})
		if err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		for range 10 {
			if err := g.Barrier(ctx); err != nil {
				return err
			}
		}
		if _, err := h.Wait(); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
	}
	return nil
}

// fated is a group whose rank meets its fate before one of its calls.
type fated struct {
	collective.Group
	task task
	off  bool
	n    int
}

func (f *fated) strike() {
	if f.n++; f.off || f.n != f.task.Calls {
		return
	}
	sig := syscall.SIGKILL
	if f.task.Fate == "stop" {
		sig = syscall.SIGSTOP
	}
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		panic(err)
	}
	time.Sleep(time.Second) // a stop strikes some time, and a continued rank goes on late
}

func (f *fated) Gather(ctx context.Context, root int, data []byte) ([][]byte, error) {
	f.strike()
	return f.Group.Gather(ctx, root, data)
}

func (f *fated) Scatter(ctx context.Context, root int, data [][]byte) ([]byte, error) {
	f.strike()
	return f.Group.Scatter(ctx, root, data)
}

func (f *fated) Broadcast(ctx context.Context, root int, data []byte) ([]byte, error) {
	f.strike()
	return f.Group.Broadcast(ctx, root, data)
}
