package dcp_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

var errNoAnswer = errors.New("no answer")

// lose makes the answers of commits of matching names get lost, with the effect
// done (After) or not (Before).
func lose(phase memfs.Phase, match func(path string) bool) memfs.Hook {
	return func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpCommit && op.Phase == phase && match(op.Path) {
			return errors.Join(fsbase.ErrCommitUnknown, errNoAnswer)
		}
		return nil
	}
}

func isPlain(path string) bool    { return plainName.MatchString(path) }
func isMetadata(path string) bool { return path == ".metadata" }

var plainName = regexp.MustCompile(`^__\d+_\d+\.distcp$`)

// TestLostAnswerAtPlainName: the file may be there, so it is left alone, and
// the rank writes another.
func TestLostAnswerAtPlainName(t *testing.T) {
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		fsys := memfs.New()
		fsys.SetHook(lose(phase, isPlain))
		if err := saveJob(t.Context(), fsys, 2, 2, dcp.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		fsys.SetHook(nil)
		if got := stepOf(t, fsys); got != 2 {
			t.Errorf("%s: step %d", phase, got)
		}
		plain := slices.DeleteFunc(names(t, fsys), func(n string) bool { return !isPlain(n) })
		if want := map[memfs.Phase]int{memfs.Before: 0, memfs.After: 2}[phase]; len(plain) != want {
			t.Errorf("%s: plain names %v, want %d", phase, plain, want)
		}
	}
}

// TestLostAnswerAtDataCommit: nothing is published, which the error says, and
// the files with the attempt's own names are removed.
func TestLostAnswerAtDataCommit(t *testing.T) {
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		fsys := memfs.New()
		if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		before := names(t, fsys)
		fsys.SetHook(lose(phase, func(n string) bool { return strings.HasPrefix(n, "__1_") }))
		err := saveJob(t.Context(), fsys, 2, 2, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: true}})
		fsys.SetHook(nil)
		var failed *dcp.CheckpointError
		if !errors.As(err, &failed) || errors.Is(err, fsbase.ErrCommitUnknown) {
			t.Errorf("%s: %v", phase, err)
		}
		if got := stepOf(t, fsys); got != 1 {
			t.Errorf("%s: step %d", phase, got)
		}
		if d := cmp.Diff(before, names(t, fsys)); d != "" {
			t.Errorf("%s: %s", phase, d)
		}
	}
}

// TestLostAnswerAtPublish: asking again finds that it was published, or
// publishes.
func TestLostAnswerAtPublish(t *testing.T) {
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		for _, overwrite := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				fsys := memfs.New()
				if overwrite {
					if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				lost := 0
				fsys.SetHook(lose(phase, func(n string) bool {
					if !isMetadata(n) || lost == 3 {
						return false
					}
					lost++ // by the coordinator alone
					return true
				}))
				o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: overwrite}}
				if err := saveJob(t.Context(), fsys, 2, 2, o); err != nil {
					t.Fatal(err)
				}
				fsys.SetHook(nil)
				if got := stepOf(t, fsys); got != 2 || lost == 0 {
					t.Errorf("step %d, %d answers lost", got, lost)
				}
			})
		}
	}
}

// TestRetryAfterCommitUnknown never answers a publication: nothing is removed,
// and a retry with the same SaveID settles it.
func TestRetryAfterCommitUnknown(t *testing.T) {
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		for _, overwrite := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				fsys := memfs.New()
				if overwrite {
					if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				removed, deaf := 0, false
				unanswered := lose(phase, isMetadata)
				fsys.SetHook(func(ctx context.Context, op memfs.Op) error {
					if op.Kind == memfs.OpRemove {
						removed++
					}
					return unanswered(ctx, op)
				})
				o := dcp.WriterOptions{Overwrite: overwrite, SaveID: "the save"}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				// With an After that is never answered Publish finds its own
				// content by reading, unless nothing can be read either.
				if phase == memfs.After {
					unanswered = func(_ context.Context, op memfs.Op) error {
						if isMetadata(op.Path) && (op.Kind == memfs.OpCommit && op.Phase == memfs.After || op.Kind == memfs.OpOpen && deaf) {
							deaf = true
							return errors.Join(fsbase.ErrCommitUnknown, errNoAnswer)
						}
						return nil
					}
				}
				err := saveJob(ctx, fsys, 2, 2, dcp.SaveOptions{WriterOptions: o})
				fsys.SetHook(nil)
				if !errors.Is(err, fsbase.ErrCommitUnknown) || removed > 0 {
					t.Fatalf("%s: %v, %d removals", phase, err, removed)
				}
				before := names(t, fsys)
				var report dcp.SaveReport
				state := jobState(2, 0, 1)
				if _, err := dcp.SaveFS(t.Context(), fsys, state, dcp.SaveOptions{WriterOptions: o, Report: &report}); err != nil {
					t.Fatal(err)
				}
				if got := stepOf(t, fsys); got != 2 || report.AlreadySaved != (phase == memfs.After) {
					t.Errorf("%s: step %d, %+v", phase, got, report)
				}
				if phase == memfs.After {
					if d := cmp.Diff(before, names(t, fsys)); d != "" {
						t.Error(d)
					}
				}
			})
		}
	}
}
