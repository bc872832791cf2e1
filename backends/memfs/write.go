package memfs

import (
	"context"

	"github.com/godcp/godcp/fsbase"
)

// CreateStream begins a write.
func (f *FS) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, fsbase.Condition{})
}

// CreateExclusive begins a write that commits only if nothing has the name.
func (f *FS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, fsbase.IfAbsent())
}

// CreateSwap begins a write that commits only if the name has the version old.
func (f *FS) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	return f.create(ctx, path, fsbase.IfVersion(old))
}

func (f *FS) create(ctx context.Context, path string, cond fsbase.Condition) (fsbase.WriteStream, error) {
	op, err := f.begin(ctx, path, cond)
	if err != nil {
		return nil, err
	}
	buffer := fsbase.NewBufferWriter(ctx, path, func(ctx context.Context, content []byte) (fsbase.Info, error) {
		return f.publish(ctx, op, cond, content)
	})
	return &writeStream{WriteStream: buffer, disk: f.disk, ctx: ctx, op: op}, nil
}

// begin is the first step of a write. It returns the Op of the later ones.
func (f *FS) begin(ctx context.Context, path string, cond fsbase.Condition) (Op, error) {
	op := Op{Kind: OpCreate, Path: path, Stream: f.streams.Add(1)}
	if err := cond.Check("create", path); err != nil {
		return op, err
	}
	if err := fsbase.CheckWrite(ctx, "create", path); err != nil {
		return op, err
	}
	return op, f.do(ctx, op, nothing)
}

func (f *FS) publish(ctx context.Context, op Op, cond fsbase.Condition, content []byte) (fsbase.Info, error) {
	fl := newFile(content, !f.unsynced)
	op.Kind = OpCommit
	err := f.change(ctx, op, func(names map[string]*file) (map[string]*file, error) {
		return map[string]*file{op.Path: fl}, holds(cond, names[op.Path])
	})
	if err != nil {
		return fsbase.Info{}, err
	}
	return fl.infoAs(op.Path), nil
}

// writeStream is a buffer with hooks.
type writeStream struct {
	fsbase.WriteStream
	disk *disk
	ctx  context.Context
	op   Op
	err  error // of a hook of Write: W6
	done bool
}

func (w *writeStream) Write(p []byte) (n int, err error) {
	if w.done {
		return w.WriteStream.Write(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	w.op.Kind = OpWrite
	w.err = w.disk.do(w.ctx, w.op, func() (err error) {
		n, err = w.WriteStream.Write(p)
		return err
	})
	return n, w.err
}

func (w *writeStream) Commit() (fsbase.Info, error) {
	if !w.done && w.err != nil {
		w.done = true
		w.WriteStream.Close()
		return fsbase.Info{}, w.err
	}
	w.done = true
	return w.WriteStream.Commit()
}

func (w *writeStream) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	w.op.Kind = OpDiscard
	return w.disk.do(w.ctx, w.op, w.WriteStream.Close)
}
