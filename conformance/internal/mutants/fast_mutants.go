package mutants

import (
	"context"
	"io"

	"github.com/godcp/godcp/fsbase"
)

// fast makes faults of what WithoutSync returns alone.
func fast(f faults) faults {
	return faults{withoutSync: func(v *variant) fsbase.FileSystemBase { return newVariant(v.unsynced(), f) }}
}

// muted hides a capability.
type muted struct{ *variant }

func (m muted) AsCapability(target any) bool {
	switch t := target.(type) {
	case *fsbase.Swapper:
		return false
	case *fsbase.ExclusiveCreator:
		*t = m.variant
	case *fsbase.Uploader:
		*t = m.variant
	case *fsbase.RangeReader:
		*t = m.variant
	case *fsbase.Stater:
		*t = m.variant
	case *fsbase.Lister:
		*t = m.variant
	case *fsbase.Copier:
		*t = m.variant
	case *fsbase.RemoveAller:
		*t = m.variant
	default:
		return false
	}
	return true
}

var fastMutants = []Mutant{
	{
		Name:  "without sync conditions are ignored",
		Kills: []string{"capability/without-sync"},
		faults: fast(lax(func(_ *variant, w *writer, _ fsbase.Condition) (fsbase.Info, error) {
			return w.Commit()
		})),
	},
	{
		Name:  "without sync an Upload loses a byte",
		Kills: []string{"capability/without-sync"},
		faults: fast(uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Upload(ctx, p, src, max(size-1, 0), cond)
		})),
	},
	{
		Name:  "without sync a write shows before it is committed",
		Kills: []string{"capability/without-sync"},
		faults: fast(writing(func(v *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				if len(w.data) > 4096 {
					_, _ = v.put("write", w.path, w.data[:4096], fsbase.Condition{})
				}
				return n, err
			}}
		})),
	},
	{
		Name:   "without sync there is no Swapper",
		Kills:  []string{"capability/without-sync"},
		faults: faults{withoutSync: func(v *variant) fsbase.FileSystemBase { return muted{newVariant(v.unsynced(), faults{})} }},
	},
}
