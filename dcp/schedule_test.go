package dcp_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
)

// actor is in the context of each saver, so that a hook knows whose call it is.
type actor struct{}

func as(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, actor{}, name)
}

// schedule runs two actors on one memfs, one step at a time: a goroutine of an
// actor that has used up its steps waits in its next call.
type schedule struct {
	mu      sync.Mutex
	turn    *sync.Cond
	steps   map[string]int  // that an actor may still make; negative means any number
	stopped map[string]bool // waits for more
	ended   map[string]bool

	made    map[string]string // file to who committed it
	removed map[string]string // file to who removed it

	published map[string]bool // has committed .metadata
	clock     int
	looked    map[string]int // when an actor first looked for .metadata
	committed map[string]int // when it published
}

func newSchedule(fsys *memfs.FS) *schedule {
	s := &schedule{
		steps: map[string]int{}, stopped: map[string]bool{}, ended: map[string]bool{},
		made: map[string]string{}, removed: map[string]string{}, published: map[string]bool{},
		looked: map[string]int{}, committed: map[string]int{},
	}
	s.turn = sync.NewCond(&s.mu)
	fsys.SetHook(s.hook)
	return s
}

func (s *schedule) hook(ctx context.Context, op memfs.Op) error {
	who, _ := ctx.Value(actor{}).(string)
	if who == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clock++; op.Phase == memfs.After {
		switch op.Kind {
		case memfs.OpOpen:
			if s.looked[who] == 0 && isMetadata(op.Path) {
				s.looked[who] = s.clock
			}
		case memfs.OpCommit:
			s.made[op.Path] = who
			if isMetadata(op.Path) {
				s.published[who], s.committed[who] = true, s.clock
			}
		case memfs.OpRemove:
			s.removed[op.Path] = who
		}
	}
	for s.steps[who] == 0 {
		s.stopped[who] = true
		s.turn.Broadcast()
		s.turn.Wait()
	}
	s.stopped[who] = false
	s.steps[who]--
	return nil
}

// start lets an actor begin; it stops at its first call.
func (s *schedule) start(who string, run func()) {
	go func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ended[who] = true
			s.turn.Broadcast()
		}()
		run()
	}()
}

// allow lets an actor make n more steps, and returns when it has made them or
// has ended. It tells whether the actor has ended.
func (s *schedule) allow(who string, n int) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps[who], s.stopped[who] = n, false
	s.turn.Broadcast()
	for !s.ended[who] && !(s.steps[who] == 0 && s.stopped[who]) {
		s.turn.Wait()
	}
	return s.ended[who]
}

func (s *schedule) finish(who string) { s.allow(who, -1) }

// foreign lists what an actor removed that another one committed and has not
// published.
func (s *schedule) foreign() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bad []string
	for name, who := range s.removed {
		if owner := s.made[name]; owner != "" && owner != who && !s.published[owner] {
			bad = append(bad, who+" removed "+name+" of "+owner)
		}
	}
	slices.Sort(bad)
	return bad
}

// names lists what is there.
func names(t testing.TB, fsys *memfs.FS) []string {
	t.Helper()
	var all []string
	for info, err := range fsys.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Path)
	}
	return all
}

func isData(path string) bool { return strings.HasSuffix(path, ".distcp") }
