package conformance_test

import (
	"context"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// picky is a correct backend that refuses all names but plain ones, in every
// call, as N3 lets it.
type picky struct{ *mutants.Store }

// plain is nil for names of letters, digits and ".", "_", "-".
func plain(op string, names ...string) error {
	for _, name := range names {
		odd := strings.IndexFunc(name, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-", r)
		})
		if len(name) > 200 || odd >= 0 {
			return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
		}
	}
	return nil
}

func (p picky) CreateStream(ctx context.Context, name string) (fsbase.WriteStream, error) {
	if err := plain("create", name); err != nil {
		return nil, err
	}
	return p.Store.CreateStream(ctx, name)
}

func (p picky) CreateExclusive(ctx context.Context, name string) (fsbase.WriteStream, error) {
	if err := plain("create", name); err != nil {
		return nil, err
	}
	return p.Store.CreateExclusive(ctx, name)
}

func (p picky) CreateSwap(ctx context.Context, name string, old fsbase.Version) (fsbase.WriteStream, error) {
	if err := plain("create", name); err != nil {
		return nil, err
	}
	return p.Store.CreateSwap(ctx, name, old)
}

func (p picky) OpenStream(ctx context.Context, name string) (fsbase.ReadStream, error) {
	if err := plain("open", name); err != nil {
		return nil, err
	}
	return p.Store.OpenStream(ctx, name)
}

func (p picky) Rename(ctx context.Context, name, to string) error {
	if err := plain("rename", name, to); err != nil {
		return err
	}
	return p.Store.Rename(ctx, name, to)
}

func (p picky) Mkdir(ctx context.Context, name string) error {
	if err := plain("mkdir", name); err != nil {
		return err
	}
	return p.Store.Mkdir(ctx, name)
}

func (p picky) Exists(ctx context.Context, name string) (bool, error) {
	if err := plain("exists", name); err != nil {
		return false, err
	}
	return p.Store.Exists(ctx, name)
}

func (p picky) RmFile(ctx context.Context, name string) error {
	if err := plain("remove", name); err != nil {
		return err
	}
	return p.Store.RmFile(ctx, name)
}

func (p picky) Stat(ctx context.Context, name string) (fsbase.Info, error) {
	if err := plain("stat", name); err != nil {
		return fsbase.Info{}, err
	}
	return p.Store.Stat(ctx, name)
}

func (p picky) ReadRanges(ctx context.Context, name string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	if err := plain("read", name); err != nil {
		return fsbase.Info{}, err
	}
	return p.Store.ReadRanges(ctx, name, pin, ranges)
}

func (p picky) Upload(ctx context.Context, name string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	if err := plain("upload", name); err != nil {
		return fsbase.Info{}, err
	}
	return p.Store.Upload(ctx, name, src, size, cond)
}

func (p picky) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	if err := plain("copy", src, dst); err != nil {
		return fsbase.Info{}, err
	}
	return p.Store.Copy(ctx, src, dst, cond)
}

func (p picky) Reopen() fsbase.FileSystemBase { return p }

// TestPickyBackend runs the suite on a backend that may refuse what it refuses.
func TestPickyBackend(t *testing.T) {
	rep := verify(t, picky{mutants.New()}, conformance.WithLimits(quick),
		conformance.WithCrash(func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return picky{fsys.(picky).Crash().(*mutants.Store)}, nil
		}))
	for _, c := range rep.Checks {
		if c.Result != conformance.Pass && c.Level == conformance.Must {
			t.Errorf("%s: %s %s", c.ID, c.Result, c.Detail)
		}
	}
}

// TestUnsettledBackend runs the durable checks on a backend that makes durable
// what it must, and nothing else.
func TestUnsettledBackend(t *testing.T) {
	var durable []string
	for _, c := range conformance.Checks() {
		if c.Profile == conformance.Durable {
			durable = append(durable, c.ID)
		}
	}
	for _, c := range verify(t, mutants.NewUnsettled(), conformance.Only(durable...)).Checks {
		if c.Result != conformance.Pass {
			t.Errorf("%s: %s %s", c.ID, c.Result, c.Detail)
		}
	}
}
