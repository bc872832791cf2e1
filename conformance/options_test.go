package conformance_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// noting tells the names that are written.
type noting struct {
	fsbase.FileSystemBase
	names *[]string
}

func (n noting) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	*n.names = append(*n.names, path)
	return n.FileSystemBase.CreateStream(ctx, path)
}

func TestInFolder(t *testing.T) {
	for given, want := range map[string]string{"scratch/of/mine": "scratch/of/mine/", "": "conformance-"} {
		options := []conformance.Option{conformance.Only("operations/exists")}
		if given != "" {
			options = append(options, conformance.InFolder(given))
		}
		var names []string
		if _, err := conformance.Verify(t.Context(), noting{mutants.New(), &names}, options...); err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return !strings.HasPrefix(n, want) }) {
			t.Errorf("in folder %q: %q", given, names)
		}
	}
	for _, bad := range []string{"", ".", "..", "/tmp", "a//b", "a/"} {
		if _, err := conformance.Verify(t.Context(), mutants.New(), conformance.InFolder(bad)); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("folder %q: %v", bad, err)
		}
	}
}

func TestWithProgress(t *testing.T) {
	var got [][2]int
	_, err := conformance.Verify(t.Context(), mutants.New(), conformance.Only("operations/exists", "operations/remove", "names/root"),
		conformance.WithProgress(func(done, total int) { got = append(got, [2]int{done, total}) }))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][2]int{{0, 3}, {1, 3}, {2, 3}, {3, 3}}, got); d != "" {
		t.Error(d)
	}
}

func TestWithSeed(t *testing.T) {
	rep, err := conformance.Verify(t.Context(), mutants.New(), conformance.Only("names/root"), conformance.WithSeed(1<<63))
	if err != nil || rep.Seed != 1<<63 {
		t.Errorf("%v %+v", err, rep)
	}
}

func TestVerdict(t *testing.T) {
	check := func(l conformance.Level, r conformance.Result) conformance.CheckResult {
		return conformance.CheckResult{Level: l, Result: r}
	}
	pass, advice := check(conformance.Must, conformance.Pass), check(conformance.Should, conformance.Fail)
	fail, excepted := check(conformance.Must, conformance.Fail), check(conformance.Must, conformance.Excepted)
	absent := check(conformance.Must, conformance.Absent)
	for _, c := range []struct {
		of     int
		checks []conformance.CheckResult
		want   string
	}{
		{2, []conformance.CheckResult{pass, pass}, "conforms: of 2 checks 2 ran, 2 passed"},
		{2, []conformance.CheckResult{pass, advice}, "conforms: of 2 checks 2 ran, 1 passed, 1 failed"},
		{3, []conformance.CheckResult{pass, excepted, absent}, "conforms: of 3 checks 2 ran, 1 passed, 1 excepted, 1 absent"},
		{9, []conformance.CheckResult{pass, pass}, "no MUST check failed: of 9 checks 2 ran, 2 passed"},
		{9, []conformance.CheckResult{pass, fail}, "does not conform, 1 MUST check failed: of 9 checks 2 ran, 1 passed, 1 failed"},
		{2, []conformance.CheckResult{fail, fail}, "does not conform, 2 MUST checks failed: of 2 checks 2 ran, 0 passed, 2 failed"},
	} {
		rep := conformance.Report{Suite: conformance.Suite{Checks: c.of}, Checks: c.checks}
		if got := rep.Verdict(); got != c.want {
			t.Errorf("%q instead of %q", got, c.want)
		}
	}
}
