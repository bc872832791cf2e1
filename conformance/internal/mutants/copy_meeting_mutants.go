package mutants

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// shared are contents that several names have, and how many are counted.
type shared struct {
	mu    sync.Mutex
	of    map[string]fsbase.Version // by name
	count map[fsbase.Version]int    // of copies
}

// counting makes faults in which Copies share one content, which goes when
// nobody is counted any more. count notes a Copy.
func counting(count func(s *shared, content fsbase.Version)) faults {
	s := &shared{of: map[string]fsbase.Version{}, count: map[fsbase.Version]int{}}
	f := copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
		o, ok := v.get(src)
		info, err := v.Store.Copy(ctx, src, dst, cond)
		if err != nil || !ok {
			return info, err
		}
		count(s, o.info.Version)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.of[dst], s.of[src] = o.info.Version, o.info.Version
		return info, nil
	})
	f.remove = func(v *variant, ctx context.Context, p string) error {
		err := v.Store.RmFile(ctx, p)
		if err == nil {
			s.drop(v, p)
		}
		return err
	}
	return f
}

// drop takes p from those that have its content.
func (s *shared) drop(v *variant, p string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.of[p]
	if !ok {
		return
	}
	delete(s.of, p)
	if s.count[content]--; s.count[content] >= 0 {
		return
	}
	for q, other := range s.of {
		if other == content {
			v.unlink(q)
		}
	}
}

// busy counts calls by name.
type busy struct {
	mu    sync.Mutex
	calls map[string]int
}

func (b *busy) begin(p string) (end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = map[string]int{}
	}
	b.calls[p]++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.calls[p]--
	}
}

func (b *busy) on(p string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[p]
}

var copyMeetingMutants = []Mutant{
	{
		Name:  "Copies of one stream at once are counted as one",
		Kills: []string{"race/copies"},
		faults: counting(func(s *shared, content fsbase.Version) {
			s.mu.Lock()
			n := s.count[content]
			s.mu.Unlock()
			yield()
			s.mu.Lock()
			defer s.mu.Unlock()
			s.count[content] = n + 1
		}),
	},
	{
		Name:  "RemoveAll removes what copies elsewhere share",
		Kills: []string{"copy/independent"},
		faults: func() faults {
			var mu sync.Mutex
			sources := map[fsbase.Version]fsbase.Version{} // by the version of the copy
			f := copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				o, _ := v.get(src)
				info, err := v.Store.Copy(ctx, src, dst, cond)
				if err == nil && len(o.data) > 0 {
					mu.Lock()
					defer mu.Unlock()
					sources[info.Version] = o.info.Version
				}
				return info, err
			})
			f.removeAll = func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					gone := map[fsbase.Version]bool{}
					for _, info := range v.infos(prefix) {
						gone[info.Version] = true
					}
					for p, err := range v.Store.RemoveAll(ctx, prefix) {
						if !yield(p, err) || err != nil {
							return
						}
					}
					mu.Lock()
					defer mu.Unlock()
					for _, info := range v.infos("") {
						if gone[sources[info.Version]] {
							v.unlink(info.Path)
						}
					}
				}
			}
			return f
		}(),
	},
	{
		Name:  "a swap that meets a Copy of its name is refused",
		Kills: []string{"race/swap-source"},
		faults: func() faults {
			var copies busy
			f := copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				end := copies.begin(src)
				defer end()
				yield()
				return v.Store.Copy(ctx, src, dst, cond)
			})
			f.writer = publishing(func(_ *variant, w *writer, _ []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
				if cond.Version() != "" && copies.on(w.path) > 0 {
					return fsbase.Info{}, failed("commit", w.path, fsbase.ErrPrecondition)
				}
				return publish()
			}).writer
			return f
		}(),
	},
	{
		Name:  "a Copy that meets two writes of its source has what they replaced, which is gone",
		Kills: []string{"race/copy-source"},
		faults: func() faults {
			var writes busy
			f := copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				for range 5 {
					if writes.on(src) > 1 {
						return v.put("copy", dst, []byte("gone"), cond)
					}
					time.Sleep(10 * time.Microsecond)
				}
				return v.Store.Copy(ctx, src, dst, cond)
			})
			f.writer = publishing(func(_ *variant, w *writer, _ []byte, _ fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
				end := writes.begin(w.path)
				defer end()
				yield()
				return publish()
			}).writer
			return f
		}(),
	},
}
