package verify_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	_ "github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/verify"
)

const fixtures = "../testdata/fixtures"

func Example() {
	ctx := context.Background()
	ck, err := dcp.Open(ctx, "../testdata/hostile/d15_missing_file")
	if err != nil {
		fmt.Println(err) // not a checkpoint, or too bad to look further
		return
	}
	rep, err := verify.Verify(ctx, ck, verify.Options{})
	if err != nil {
		fmt.Println(err) // the storage failed
		return
	}
	fmt.Println(rep.OK(), rep.Items)
	for _, f := range rep.Findings {
		fmt.Println(f)
	}
	// Output:
	// false 1
	// error: __9_9.distcp: w: MissingFile: the file is absent
	// warning: __0_0.distcp: StaleFile: 1229 bytes that no record names
}

// copied is a copy of a fixture to spoil.
func copied(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string) *dcp.Checkpoint {
	t.Helper()
	ck, err := dcp.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return ck
}

func check(t *testing.T, ck *dcp.Checkpoint, o verify.Options) *verify.Report {
	t.Helper()
	rep, err := verify.Verify(t.Context(), ck, o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// lines are the findings as "severity class file fqn".
func lines(rep *verify.Report) []string {
	out := []string{}
	for _, f := range rep.Findings {
		out = append(out, strings.TrimRight(fmt.Sprintf("%s %s %s %s", f.Severity, f.Class, f.File, f.FQN), " "))
	}
	return out
}

func TestSound(t *testing.T) {
	rep := check(t, open(t, filepath.Join(fixtures, "dist4_row")), verify.Options{})
	want := verify.Report{Findings: []verify.Finding{}, Tensors: 3, Objects: 2, Items: 11, Files: 4, Bytes: 16715}
	if diff := cmp.Diff(want, *rep, cmpopts.IgnoreUnexported(verify.Report{})); diff != "" {
		t.Error(diff)
	}
	if !rep.OK() || rep.FirstError() != nil {
		t.Error(rep.FirstError())
	}
}

// TestSpoilt spoils files in many ways; the findings come in a fixed order.
func TestSpoilt(t *testing.T) {
	dir := copied(t, "dist4_row")
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Remove(path("__1_0.distcp")),
		os.Truncate(path("__2_0.distcp"), 2000),
		os.WriteFile(path("__7_0.distcp"), []byte("left over"), 0o666),
		os.WriteFile(path("__8_0.distcp"), nil, 0o666), // of a rank without data
		os.WriteFile(path("notes.txt"), []byte("not ours"), 0o666),
		os.WriteFile(path(".metadata.tmp"), []byte("a save broke off"), 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	flip(t, path("__0_0.distcp"), 0)
	want := []string{
		"error BadArchive __0_0.distcp",
		"error MissingFile __1_0.distcp",
		"error OutOfRange __2_0.distcp",
		"warning StaleFile .metadata.tmp",
		"warning StaleFile __7_0.distcp",
	}
	var first *verify.Report
	for range 20 {
		rep := check(t, open(t, dir), verify.Options{})
		if first == nil {
			first = rep
		} else if diff := cmp.Diff(first.Findings, rep.Findings, cmpopts.IgnoreUnexported(verify.Finding{})); diff != "" {
			t.Fatalf("another order: %s", diff)
		}
	}
	// Without fqns: which items of a file are hit is not of interest.
	var got []string
	for _, f := range first.Findings {
		got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Class, f.File))
	}
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if ckpterr.ClassOf(first.FirstError()) != ckpterr.Class(first.Findings[0].Class) {
		t.Errorf("first error is %v", first.FirstError())
	}
	if n := strings.Count(strings.Join(got, "\n"), "MissingFile"); n != 1 {
		t.Errorf("%d findings of one absent file", n)
	}
	if first.Errors+first.Warnings != len(first.Findings) {
		t.Errorf("%d and %d in %d findings", first.Errors, first.Warnings, len(first.Findings))
	}
}

// flip changes one byte.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestEveryByteCounts: no byte of a payload can change without being found.
func TestEveryByteCounts(t *testing.T) {
	ck := open(t, filepath.Join(fixtures, "basic"))
	dir := copied(t, "basic")
	rec := ck.Records()[slices.IndexFunc(ck.Records(), func(r dcp.Record) bool { return r.FQN == "w" })]
	path := filepath.Join(dir, rec.File)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	item := whole[rec.Offset : rec.Offset+rec.Length]
	at := int(rec.Offset) + strings.Index(string(item), "\x00\x00\x80?") // 1.0, the second element
	for i := at - 4; i < at+20; i++ {
		flip(t, path, i)
		rep := check(t, open(t, dir), verify.Options{})
		if !errors.Is(rep.FirstError(), ckpterr.ChecksumMismatch) {
			t.Errorf("byte %d: %v", i, lines(rep))
		}
		flip(t, path, i)
	}
}

func TestMaxFindings(t *testing.T) {
	dir := copied(t, "file_per_item")
	files, err := filepath.Glob(filepath.Join(dir, "*.distcp"))
	if err != nil || len(files) < 3 {
		t.Fatal(err, files)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	rep := check(t, open(t, dir), verify.Options{MaxFindings: 2})
	if rep.Errors != len(files) || len(rep.Findings) != 2 || rep.OK() {
		t.Errorf("%d errors of %d files, %d findings", rep.Errors, len(files), len(rep.Findings))
	}
}

func TestProgress(t *testing.T) {
	var last, total int64
	check(t, open(t, filepath.Join(fixtures, "many_small")), verify.Options{Progress: func(done, of int64) {
		if done < last || done > of {
			t.Errorf("%d of %d after %d", done, of, last)
		}
		last, total = done, of
	}})
	if last != total || total == 0 {
		t.Errorf("ended at %d of %d", last, total)
	}
}

func TestCanceled(t *testing.T) {
	ck := open(t, filepath.Join(fixtures, "many_small"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rep, err := verify.Verify(ctx, ck, verify.Options{})
	if !errors.Is(err, context.Canceled) || rep == nil || rep.Errors > 0 {
		t.Errorf("%v, %+v", err, rep)
	}
}

func TestFixturesAreSound(t *testing.T) {
	warned := map[string]string{
		"crc_off": verify.NoChecksum, "fs_safetensors": verify.NoChecksum, "planner_user_type": verify.OpaquePlanner,
		"user_class": verify.UnknownClass, "dist4_no_collectives": verify.RankLocal, "hf_rank0": verify.NoChecksum,
	}
	dirs, err := os.ReadDir(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if d.Name() == "unknown_extension" {
			continue
		}
		ck, err := dcp.OpenWith(t.Context(), filepath.Join(fixtures, d.Name()), dcp.OpenOptions{TrustSet: true})
		if err != nil {
			t.Error(d.Name(), err)
			continue
		}
		rep := check(t, ck, verify.Options{})
		if !rep.OK() {
			t.Errorf("%s: %v", d.Name(), lines(rep))
		}
		if class, ok := warned[d.Name()]; ok {
			delete(warned, d.Name())
			if !slices.ContainsFunc(rep.Findings, func(f verify.Finding) bool { return f.Class == class }) {
				t.Errorf("%s: no %s in %v", d.Name(), class, lines(rep))
			}
		}
	}
	if len(warned) > 0 {
		t.Error("no such fixtures:", slices.Sorted(maps.Keys(warned)))
	}
}

func TestUnopened(t *testing.T) {
	_, err := dcp.Open(t.Context(), "../testdata/hostile/m01_os_system")
	rep := verify.Unopened(err)
	if rep.OK() || rep.FirstError() == nil || len(rep.Findings) != 1 || rep.Findings[0].Class != "UnsafePickle" || rep.Findings[0].Offset != 817 {
		t.Errorf("%+v", rep)
	}
}
