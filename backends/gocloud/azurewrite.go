package gocloud

import (
	"context"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// CreateExclusive begins a write that commits only if nothing has the name.
func (f azure) CreateExclusive(ctx context.Context, p string) (fsbase.WriteStream, error) {
	return f.create(ctx, p, fsbase.IfAbsent())
}

// CreateSwap begins a write that commits only if the name has the version old.
func (f azure) CreateSwap(ctx context.Context, p string, old fsbase.Version) (fsbase.WriteStream, error) {
	return f.create(ctx, p, fsbase.IfVersion(old))
}

func (f azure) create(ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
	const op = "create"
	if err := cond.Check(op, p); err != nil {
		return nil, err
	}
	if err := f.checkWrite(ctx, op, p); err != nil {
		return nil, err
	}
	return &azureStream{ctx: ctx, pub: f.publication(p, cond)}, nil
}

// azureStream is one write. What does not exceed a block is kept in memory and
// goes in one request at Commit; of more, full blocks go while they are
// written, and are put together at Commit. It is for one goroutine.
//
// Azure keeps the uncommitted blocks of all writers of a name in one place, and
// drops them when any of them commits. So a stream of several blocks fails when
// somebody else commits that name meanwhile.
type azureStream struct {
	ctx     context.Context
	pub     *publication
	content []byte
	written int64
	err     error // of an earlier Write: W6
	done    bool
}

func (w *azureStream) Write(b []byte) (int, error) {
	if w.done {
		return 0, &fs.PathError{Op: "write", Path: w.pub.path, Err: fs.ErrClosed}
	}
	if w.err == nil {
		w.err = fsbase.CheckWrite(w.ctx, "write", w.pub.path)
	}
	n := len(b)
	for w.err == nil && len(b) > 0 {
		if int64(len(w.content)) == w.pub.fs.block {
			w.err = fail(w.ctx, "write", w.pub.path, w.stage())
			continue
		}
		k := min(int64(len(b)), w.pub.fs.block-int64(len(w.content)))
		w.content, b = append(w.content, b[:k]...), b[k:]
		w.written += k
	}
	if w.err != nil {
		return 0, w.err
	}
	return n, nil
}

// stage sends the block that is full.
func (w *azureStream) stage() error {
	err := w.pub.stage(w.ctx, w.pub.nextBlock(), w.content)
	w.content = nil // a request that was given up may be at it yet
	return err
}

func (w *azureStream) Commit() (fsbase.Info, error) {
	const op = "commit"
	if w.done {
		return fsbase.Info{}, &fs.PathError{Op: op, Path: w.pub.path, Err: fs.ErrClosed}
	}
	defer w.Close()
	if w.err != nil {
		return fsbase.Info{}, w.err
	}
	if err := fsbase.CheckWrite(w.ctx, op, w.pub.path); err != nil {
		return fsbase.Info{}, err
	}
	if len(w.pub.blocks) == 0 {
		info, err := w.pub.send(w.ctx, w.content)
		return info, fsbase.PathError(op, w.pub.path, err)
	}
	if err := w.stage(); err != nil {
		return fsbase.Info{}, fail(w.ctx, op, w.pub.path, err)
	}
	info, err := w.pub.commit(w.ctx, w.written)
	return info, fsbase.PathError(op, w.pub.path, err)
}

// Close forgets. Blocks that were sent stay invisible, and the service removes
// them after a week.
func (w *azureStream) Close() error {
	w.done, w.content = true, nil
	return nil
}
