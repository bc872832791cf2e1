package mutants

import (
	"io/fs"
)

var closeMutants = []Mutant{
	{
		Name:  "Close publishes",
		Kills: []string{"write/close-discards", "list/unfinished", "interleaving/close-one"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{close: func() error {
				if !w.over {
					_, err := w.Commit()
					return err
				}
				return nil
			}}
		}),
	},
	{
		Name:  "Close removes what is there",
		Kills: []string{"write/close-discards"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{close: func() error {
				if !w.over {
					v.unlink(w.path)
				}
				return w.Close()
			}}
		}),
	},
	{
		Name:  "Close after Commit is an error",
		Kills: []string{"write/close-again"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{close: func() error {
				if w.over {
					return failed("close", w.path, fs.ErrClosed)
				}
				return w.Close()
			}}
		}),
	},
	{
		Name:  "Close after Commit removes",
		Kills: []string{"write/close-again"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{close: func() error {
				v.unlink(w.path)
				return w.Close()
			}}
		}),
	},
	{
		Name:  "Close leaves a temporary file",
		Kills: []string{"write/residue"},
		faults: faults{residue: func(v *variant) []string {
			if v.disk.commits > 0 {
				return []string{".tmp-1"}
			}
			return nil
		}},
	},
}
