package conformance_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// shy has every method of a Store and hands out only what shows says.
type shy struct {
	*mutants.Store
	shows func(target any) bool
}

func (s shy) AsCapability(target any) bool {
	if s.shows == nil || !s.shows(target) {
		return false
	}
	switch t := target.(type) {
	case *fsbase.Stater:
		*t = s.Store
	case *fsbase.Lister:
		*t = s.Store
	case *fsbase.ExclusiveCreator:
		*t = s.Store
	default:
		return false
	}
	return true
}

// notes returns the notes of a report, each cut before its explanation.
func notes(t *testing.T, fsys fsbase.FileSystemBase) []string {
	t.Helper()
	rep, err := conformance.Verify(t.Context(), fsys, conformance.WithLimits(quick))
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Conforms() {
		t.Errorf("what is not handed out is no failure: %s", rep.Verdict())
	}
	return rep.Notes
}

func TestUndeclared(t *testing.T) {
	store := mutants.New()
	got := notes(t, shy{Store: store})
	want := []string{
		"ExclusiveCreator", "Swapper", "Uploader", "RangeReader", "Stater", "Lister", "Copier", "RemoveAller", "PartLimiter", "Unsyncer",
	}
	if len(got) != len(want) {
		t.Fatalf("%d notes instead of %d: %q", len(got), len(want), got)
	}
	for i, n := range got {
		if !strings.HasPrefix(n, want[i]+" is there and not handed out, yet it passes ") {
			t.Errorf("%q of %s", n, want[i])
		}
	}
	for info := range store.List(t.Context(), "") {
		t.Errorf("%q is left", info.Path)
	}
}

func TestUndeclaredOnlyWhatIsHidden(t *testing.T) {
	shows := func(target any) bool {
		switch target.(type) {
		case *fsbase.Stater, *fsbase.Lister, *fsbase.ExclusiveCreator:
			return true
		}
		return false
	}
	for _, n := range notes(t, shy{Store: mutants.New(), shows: shows}) {
		if name, _, _ := strings.Cut(n, " "); name == "Stater" || name == "Lister" || name == "ExclusiveCreator" {
			t.Errorf("%q", n)
		}
	}
	for _, fsys := range []fsbase.FileSystemBase{mutants.New(), bare{mutants.New()}, mutants.Prefixed(mutants.New())} {
		if got := notes(t, fsys); len(got) > 0 {
			t.Errorf("%T: %q", fsys, got)
		}
	}
}

// unconditional is storage that takes conditions and ignores them, and so
// hides what it could not keep: as some S3 servers are used.
type unconditional struct{ shy }

func (u unconditional) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return u.CreateStream(ctx, path)
}

// panicking cannot even be asked.
type panicking struct{ shy }

func (panicking) Stat(context.Context, string) (fsbase.Info, error) { panic("never to be called") }

func TestUndeclaredThatDoesNotWork(t *testing.T) {
	for name, fsys := range map[string]fsbase.FileSystemBase{
		"ExclusiveCreator": unconditional{shy{Store: mutants.New()}},
		"Stater":           panicking{shy{Store: mutants.New()}},
	} {
		got := notes(t, fsys)
		for _, n := range got {
			if strings.HasPrefix(n, name+" ") {
				t.Errorf("%q", n)
			}
		}
		if len(got) != 9 {
			t.Errorf("%d notes of the 9 others: %q", len(got), got)
		}
	}
}

// TestUndeclaredDoesNotWriteElsewhere: what an embedded backend promotes works
// on the names inside. Nothing may be written there.
func TestUndeclaredDoesNotWriteElsewhere(t *testing.T) {
	store := mutants.New()
	got := notes(t, promoting{store, mutants.Prefixed(store)})
	var untried []string
	for _, n := range got {
		if name, _, ok := strings.Cut(n, " is there and not handed out. It was not tried"); ok {
			untried = append(untried, name)
		} else if !strings.HasPrefix(n, "PartLimiter") {
			t.Errorf("%q", n)
		}
	}
	if strings.Join(untried, " ") != "ExclusiveCreator Swapper Uploader Unsyncer" {
		t.Errorf("not tried: %q", untried)
	}
	for info := range store.List(t.Context(), "") {
		t.Errorf("%q is left", info.Path)
	}
}

// promoting embeds a backend to save its author work, overrides the methods,
// and hides the capabilities.
type promoting struct {
	*mutants.Store
	outer fsbase.FileSystemBase
}

func (p promoting) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return p.outer.CreateStream(ctx, path)
}

func (p promoting) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	return p.outer.OpenStream(ctx, path)
}

func (p promoting) Rename(ctx context.Context, a, b string) error { return p.outer.Rename(ctx, a, b) }

func (p promoting) Mkdir(ctx context.Context, path string) error { return p.outer.Mkdir(ctx, path) }

func (p promoting) Exists(ctx context.Context, path string) (bool, error) {
	return p.outer.Exists(ctx, path)
}

func (p promoting) RmFile(ctx context.Context, path string) error { return p.outer.RmFile(ctx, path) }
func (p promoting) AsCapability(any) bool                         { return false }

// blind hides methods that only write, so nothing shows where.
type blind struct{ fsbase.FileSystemBase }

func (blind) AsCapability(any) bool { return false }

func (blind) CreateExclusive(_ context.Context, path string) (fsbase.WriteStream, error) {
	return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("was called")}
}

func TestUndeclaredThatCannotBeSeen(t *testing.T) {
	got := notes(t, blind{mutants.New()})
	if len(got) != 1 || !strings.Contains(got[0], "It was not tried") {
		t.Errorf("%q", got)
	}
}
