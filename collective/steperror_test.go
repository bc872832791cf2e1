package collective_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/fsbase"
)

var errOwn = errors.New("an error of the caller")

// TestStepErrors: whatever fails where, every rank gets the same, and the group
// goes on.
func TestStepErrors(t *testing.T) {
	damage := ckpterr.At(ckpterr.New(ckpterr.ChunkGap, "something is missing"), ckpterr.Place{FQN: "w", Offset: -1})
	storage := &fs.PathError{Op: "create", Path: "__1_0.distcp", Err: fsbase.ErrPrecondition}
	tests := []struct {
		name   string
		local  map[int]error
		reduce error
		want   map[int]error
	}{
		{"one rank", map[int]error{2: storage}, nil, map[int]error{2: storage}},
		{"root", map[int]error{0: damage}, nil, map[int]error{0: damage}},
		{"several", map[int]error{0: fs.ErrExist, 2: errOwn}, errOwn, map[int]error{0: fs.ErrExist, 2: errOwn}},
		{"reduce", nil, damage, map[int]error{0: damage}},
		{"all", map[int]error{0: errOwn, 1: storage, 2: damage}, nil, map[int]error{0: errOwn, 1: storage, 2: damage}},
	}
	ctx := t.Context()
	for kind, open := range kinds {
		groups := open(3)
		for _, tt := range tests {
			local := func(g collective.Group) func() (int, error) {
				return func() (int, error) { return 1, tt.local[g.Rank()] }
			}
			reduces := 0
			for step, run := range map[string]func(g collective.Group) error{
				"reduce-scatter": func(g collective.Group) error {
					_, err := collective.ReduceScatter(ctx, g, "s", 0, local(g), func([]int) ([]int, error) {
						reduces++
						return nil, tt.reduce
					})
					return err
				},
				"all-reduce": func(g collective.Group) error {
					_, err := collective.AllReduce(ctx, g, "s", 0, local(g), func([]int) (int, error) {
						reduces++
						return 0, tt.reduce
					})
					return err
				},
			} {
				for rank, err := range onAll(groups, run) {
					checkStepError(t, fmt.Sprintf("%s, %s, %s, rank %d", kind, tt.name, step, rank), err, tt.want, kind == "in process")
				}
			}
			if len(tt.local) > 0 && reduces > 0 {
				t.Errorf("%s: reduced what was not whole", tt.name)
			}
		}
	}
}

func checkStepError(t *testing.T, name string, err error, want map[int]error, shared bool) {
	t.Helper()
	var e *collective.StepError
	if !errors.As(err, &e) || e.Step != "s" {
		t.Errorf("%s: got %v", name, err)
		return
	}
	texts := func(m map[int]error) map[int]string {
		s := map[int]string{}
		for rank, err := range m {
			s[rank] = err.Error()
		}
		return s
	}
	if d := cmp.Diff(texts(want), texts(e.Failures)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
	for rank, w := range want {
		got := e.Failures[rank]
		if same := got == w; same != shared && w != error(fs.ErrExist) {
			t.Errorf("%s: the very error: %v, want %v", name, same, shared)
		}
		for _, is := range []error{fs.ErrExist, fsbase.ErrPrecondition, fsbase.ErrThrottled, ckpterr.ChunkGap} {
			if errors.Is(got, is) != errors.Is(w, is) || errors.Is(w, is) && !errors.Is(err, is) {
				t.Errorf("%s: rank %d: errors.Is(%v, %v) is %v", name, rank, got, is, errors.Is(got, is))
			}
		}
		var c *ckpterr.Error
		if errors.As(w, &c) && (ckpterr.ClassOf(got) != c.Class || !strings.Contains(got.Error(), c.FQN)) {
			t.Errorf("%s: rank %d: lost the class of %v: %v", name, rank, w, got)
		}
	}
}

func TestBroadcastError(t *testing.T) {
	for rank, err := range onAll(collective.InProcess(3), func(g collective.Group) error {
		_, err := collective.Broadcast(t.Context(), g, "s", 2, func() (int, error) { return 0, errOwn })
		return err
	}) {
		checkStepError(t, fmt.Sprint("rank ", rank), err, map[int]error{2: errOwn}, true)
	}
}

// TestBadReplies: too few replies, and values that cannot travel.
func TestBadReplies(t *testing.T) {
	ctx := t.Context()
	for name, run := range map[string]func(g collective.Group) error{
		"too few": func(g collective.Group) error {
			_, err := collective.ReduceScatter(ctx, g, "s", 0, func() (int, error) { return 1, nil },
				func([]int) ([]int, error) { return []int{1}, nil })
			return err
		},
		"a function": func(g collective.Group) error {
			_, err := collective.AllReduce(ctx, g, "s", 0, func() (int, error) { return 1, nil },
				func([]int) (func(), error) { return func() {}, nil })
			return err
		},
		"a function of one rank": func(g collective.Group) error {
			type value struct{ V any }
			_, err := collective.AllReduce(ctx, g, "s", 1, func() (value, error) {
				if g.Rank() == 0 {
					return value{func() {}}, nil
				}
				return value{1}, nil
			}, func([]value) (int, error) { return 1, nil })
			return err
		},
	} {
		for rank, err := range onAll(collective.InProcess(3), run) {
			var e *collective.StepError
			if !errors.As(err, &e) || len(e.Failures) != 1 || e.Failures[0] == nil {
				t.Errorf("%s: rank %d got %v", name, rank, err)
			}
		}
	}
}
