package dcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// written is a file of this attempt.
type written struct {
	name  string
	owned bool // the name has the nonce: nobody else can have made it
}

// WriteData writes the files of this rank, ThreadCount at once, and returns when
// all are committed and nothing runs on. One failing file fails all. (torch
// loses the error of a worker thread and publishes what is left.)
func (w *FileSystemWriter) WriteData(ctx context.Context, plan *planner.SavePlan, p planner.SavePlanner) ([]WriteResult, error) {
	prefix, ok := plan.StorageData.(StoragePrefix)
	if !ok {
		return nil, fmt.Errorf("plan was not prepared by this writer's global plan: %T", plan.StorageData)
	}
	if prefix.Done {
		return nil, nil
	}
	buckets := w.buckets(plan.Items)
	rs, err := w.inParallel(ctx, len(buckets), func(stop context.Context, n int) ([]WriteResult, error) {
		f := &fileWriter{w: w, stop: stop, p: p, prefix: prefix, n: n, items: bytesFirst(buckets[n])}
		return f.write(ctx)
	})
	if err != nil {
		return nil, err
	}
	return rs, ctx.Err()
}

// inParallel writes n files, ThreadCount at once. stop is done when one has
// failed; nothing runs on when it returns. Streams live in ctx: stop is done
// also when all have ended, which is not a reason for a commit to fail.
func (w *FileSystemWriter) inParallel(ctx context.Context, n int, write func(stop context.Context, n int) ([]WriteResult, error)) ([]WriteResult, error) {
	results := make([][]WriteResult, n)
	g, stop := errgroup.WithContext(ctx)
	g.SetLimit(w.o.ThreadCount)
	begun := 0
	for i := range n {
		if stop.Err() != nil {
			break
		}
		g.Go(func() (err error) {
			results[i], err = write(stop, i)
			return err
		})
		begun++
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if begun < n {
		return nil, ctx.Err()
	}
	return slices.Concat(results...), nil
}

// buckets are the items of each file.
func (w *FileSystemWriter) buckets(items []planner.WriteItem) [][]planner.WriteItem {
	if !w.o.FilePerItem {
		return planner.SplitBySizeAndType(w.o.ThreadCount, items)
	}
	each := make([][]planner.WriteItem, len(items))
	for i := range items {
		each[i] = items[i : i+1]
	}
	return each
}

// bytesFirst is the order in a file: objects, then tensors.
func bytesFirst(items []planner.WriteItem) []planner.WriteItem {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b planner.WriteItem) int {
		return boolInt(a.Type != planner.WriteByteIO) - boolInt(b.Type != planner.WriteByteIO)
	})
	return items
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fileWriter writes one file.
type fileWriter struct {
	w      *FileSystemWriter
	stop   context.Context // done when another file failed
	p      planner.SavePlanner
	prefix StoragePrefix
	n      int
	items  []planner.WriteItem
}

// write tries the plain name if the folder was fresh and the storage can create
// exclusively. Whoever finds it taken, or gets no answer, takes a name that
// nobody else has: nothing is ever opened for replacement.
func (f *fileWriter) write(ctx context.Context) ([]WriteResult, error) {
	stem := fmt.Sprintf("%s%d", f.prefix.Prefix, f.n)
	if _, exclusive := fsbase.As[fsbase.ExclusiveCreator](f.w.fsys); f.prefix.Fresh && exclusive {
		name := stem + DefaultSuffix
		rs, err := f.attempt(ctx, name, fsbase.IfAbsent())
		switch {
		case errors.Is(err, fs.ErrExist): // somebody else's
		case errors.Is(err, fsbase.ErrCommitUnknown):
			f.w.leave(name) // there or not, it is not needed
		default:
			f.w.note(written{name, false})
			return rs, err
		}
	}
	name := stem + "-" + f.prefix.Nonce + DefaultSuffix
	f.w.note(written{name, true})
	rs, err := f.attempt(ctx, name, fsbase.Condition{})
	if errors.Is(err, fsbase.ErrCommitUnknown) {
		err = unpublished{err}
	}
	return rs, err
}

// unpublished is the error of a file whose commit had no answer, and without
// which nothing is published: ErrCommitUnknown, which speaks of the checkpoint,
// is not found in it.
type unpublished struct{ err error }

func (e unpublished) Error() string { return "not published: " + e.err.Error() }

func (e unpublished) Is(target error) bool {
	return target != fsbase.ErrCommitUnknown && errors.Is(e.err, target)
}

func (e unpublished) As(target any) bool { return errors.As(e.err, target) }

func (f *fileWriter) attempt(ctx context.Context, name string, cond fsbase.Condition) ([]WriteResult, error) {
	if resident(f.p) && len(f.w.o.Extensions) == 0 { // else it cannot be laid out first
		rs, ok, err := f.upload(ctx, name, cond)
		if ok || err != nil {
			return rs, err
		}
	}
	return f.stream(ctx, name, cond)
}

func (w *FileSystemWriter) note(f written) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = append(w.files, f)
}

func (w *FileSystemWriter) count(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.BytesWritten += n
}

// Abandon removes the files of this rank's attempt, when nothing was published.
// A plain name is left: between a look and a removal another saver may have
// made it its own.
func (w *FileSystemWriter) Abandon(ctx context.Context) []string {
	before := len(w.report.Left)
	for _, f := range w.files {
		if f.owned {
			w.remove(ctx, f.name)
		} else if there, err := w.fsys.Exists(ctx, f.name); err != nil || there {
			w.leave(f.name)
		}
	}
	return w.report.Left[before:]
}

// result describes an item that was written.
func (f *fileWriter) result(it planner.WriteItem, info metadata.StorageInfo) WriteResult {
	return WriteResult{Index: it.Index, SizeInBytes: info.Length, StorageData: info}
}
