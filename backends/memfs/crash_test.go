package memfs_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func TestCrash(t *testing.T) {
	f := memfs.New()
	put(t, f, "synced", "1")
	put(t, f, "replaced", "1")
	put(t, f, "removed", "1")
	put(t, f, "moved", "1")
	loose := f.WithoutSync()
	put(t, loose, "new", "2")
	put(t, loose, "replaced", "2")
	if err := loose.RmFile(t.Context(), "removed"); err != nil {
		t.Fatal(err)
	}
	if err := loose.Rename(t.Context(), "moved", "to"); err != nil {
		t.Fatal(err)
	}
	w, err := f.CreateStream(t.Context(), "open")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Write([]byte("x"))

	before := map[string]string{"synced": "1", "replaced": "1", "removed": "1", "moved": "1"}
	if d := cmp.Diff(before, state(t, f.Crash())); d != "" {
		t.Errorf("Crash (-want +got):\n%s", d)
	}
	now := map[string]string{"synced": "1", "new": "2", "replaced": "2", "to": "1"}
	if d := cmp.Diff(now, state(t, f.CrashClone(memfs.CrashOptions{Percent: 100}))); d != "" {
		t.Errorf("CrashClone of 100 %% (-want +got):\n%s", d)
	}
	if d := cmp.Diff(now, state(t, f)); d != "" {
		t.Errorf("the original has changed (-want +got):\n%s", d)
	}
	// A clone is a storage of its own, durable as it stands.
	clone := f.CrashClone(memfs.CrashOptions{Percent: 100})
	put(t, clone, "more", "3")
	now["more"] = "3"
	if d := cmp.Diff(now, state(t, clone.Crash())); d != "" {
		t.Errorf("Crash of a clone (-want +got):\n%s", d)
	}
	if got := get(t, f, "more"); got != "absent" {
		t.Errorf("the original has what was written to the clone: %q", got)
	}
}

// A synced commit that others overtake between its becoming visible and
// durable neither brings the old content back nor takes the new one's chance.
func TestCrashAfterOvertaking(t *testing.T) {
	for durable, second := range map[string]bool{"first": false, "second": true} {
		f := memfs.New()
		f.SetHook(func(ctx context.Context, op memfs.Op) error {
			if op.Kind == memfs.OpCommit && op.Phase == memfs.After {
				f.SetHook(nil)
				if second {
					put(t, f, "a", "second")
				}
				put(t, f.WithoutSync(), "a", "third")
			}
			return nil
		})
		put(t, f, "a", "first")
		if got := get(t, f, "a"); got != "third" {
			t.Errorf("visible is %q", got)
		}
		if got := get(t, f.Crash(), "a"); got != durable {
			t.Errorf("durable is %q, want %q", got, durable)
		}
		if got := get(t, f.CrashClone(memfs.CrashOptions{Percent: 100}), "a"); got != "third" {
			t.Errorf("with luck %q", got)
		}
	}
}

// Unsynced content survives by blocks.
func TestCrashTears(t *testing.T) {
	f := memfs.New()
	body := strings.Repeat("x", 100*4096+10)
	put(t, f.WithoutSync(), "loose", body)
	if err := f.Rename(t.Context(), "loose", "name"); err != nil { // makes the name durable
		t.Fatal(err)
	}
	if got := get(t, f.Crash(), "name"); got != "" {
		t.Errorf("of what was never synced %d bytes survive", len(got))
	}
	if got := get(t, f.CrashClone(memfs.CrashOptions{Percent: 100}), "name"); got != body {
		t.Errorf("%d bytes survive instead of all", len(got))
	}
	torn := f.CrashClone(memfs.CrashOptions{Percent: 50, Seed: 7})
	got := get(t, torn, "name")
	kept, lost := 0, 0
	for b := range slices.Chunk([]byte(got), 4096) {
		switch {
		case bytes.Equal(b, []byte(body)[:len(b)]):
			kept++
		case bytes.Equal(b, make([]byte, len(b))):
			lost++
		default:
			t.Fatal("a block is torn")
		}
	}
	if kept < 20 || lost < 20 {
		t.Errorf("%d blocks survive, %d do not", kept, lost)
	}
	was, _ := f.Stat(t.Context(), "name")
	is, _ := torn.Stat(t.Context(), "name")
	if was.Version == is.Version || is.Size != int64(len(got)) {
		t.Errorf("torn content has the Info %+v", is)
	}
	if again := get(t, f.CrashClone(memfs.CrashOptions{Percent: 50, Seed: 7}), "name"); again != got {
		t.Error("the same seed gives another state")
	}
	if other := get(t, f.CrashClone(memfs.CrashOptions{Percent: 50, Seed: 8}), "name"); other == got {
		t.Error("another seed gives the same state")
	}
	// What a power loss has left cannot be lost by the next.
	if again := get(t, torn.Crash(), "name"); again != got {
		t.Error("the second power loss tears again")
	}
}

// Any history of synced and unsynced operations: after a power loss every name
// has the state that its last synced operation left, or a later one.
func TestCrashModel(t *testing.T) {
	names := []string{"a", "b", "c"}
	rapid.Check(t, func(rt *rapid.T) {
		f := memfs.New()
		loose := f.WithoutSync()
		// Of each name the states since it was synced last, the oldest first.
		// Contents are shorter than a block: lost content is empty.
		since := map[string][]string{"a": {"absent"}, "b": {"absent"}, "c": {"absent"}}
		firm := map[string]bool{} // contents that are synced
		does := func(name, body string, synced bool) {
			since[name] = append(since[name], body)
			if synced {
				since[name] = since[name][len(since[name])-1:]
			}
		}
		for i := range rapid.IntRange(0, 25).Draw(rt, "length") {
			synced := rapid.Bool().Draw(rt, "synced")
			fsys := loose
			if synced {
				fsys = f
			}
			name := rapid.SampledFrom(names).Draw(rt, "name")
			there := get(t, f, name)
			switch rapid.SampledFrom([]string{"write", "remove", "rename", "copy"}).Draw(rt, "kind") {
			case "write":
				body := fmt.Sprint("body ", i)
				firm[body] = synced
				put(t, fsys, name, body)
				does(name, body, synced)
			case "remove":
				if fsys.RmFile(t.Context(), name) == nil {
					does(name, "absent", synced)
				}
			case "rename":
				to := rapid.SampledFrom(names).Draw(rt, "to")
				if fsys.Rename(t.Context(), name, to) == nil {
					if to != name {
						does(name, "absent", synced)
					}
					does(to, there, synced)
				}
			case "copy":
				to := rapid.SampledFrom(names).Draw(rt, "to")
				if _, err := fsbase.Copy(t.Context(), fsys, name, to, fsbase.Condition{}); err == nil {
					// The copy is content of its own, synced or not, whatever the
					// original is: tell them apart by writing it.
					body := fmt.Sprint("copy ", i)
					firm[body] = synced
					put(t, fsys, to, body)
					does(to, there, synced)
					does(to, body, synced)
				}
			}
		}
		surviving := func(body string) []string {
			if firm[body] || body == "absent" {
				return []string{body}
			}
			return []string{body, ""}
		}
		least, most := f.Crash(), f.CrashClone(memfs.CrashOptions{Percent: 100})
		some := f.CrashClone(memfs.CrashOptions{Percent: 60, Seed: rapid.Uint64().Draw(rt, "seed")})
		for _, name := range names {
			if got, want := get(t, most, name), get(t, f, name); got != want {
				rt.Fatalf("%s is %q, and %q at 100 %%", name, want, got)
			}
			states := surviving(since[name][0])
			if got, want := get(t, least, name), states[len(states)-1]; got != want {
				rt.Fatalf("%s is %q after Crash, want %q", name, got, want)
			}
			var allowed []string
			for _, body := range since[name] {
				allowed = append(allowed, surviving(body)...)
			}
			if got := get(t, some, name); !slices.Contains(allowed, got) {
				rt.Fatalf("%s is %q after CrashClone, want one of %q", name, got, allowed)
			}
		}
	})
}

// A saver that writes data before its metadata: whenever the power fails, the
// metadata is absent or all that it names is whole.
func TestCrashAtEveryStep(t *testing.T) {
	f := memfs.New()
	complete := 0
	f.SetHook(func(ctx context.Context, op memfs.Op) error {
		clone := f.Crash()
		switch named := get(t, clone, ".metadata"); named {
		case "absent":
		case "0 1 2":
			complete++
			for name := range strings.FieldsSeq(named) {
				if got := get(t, clone, name); got != "data of "+name {
					t.Errorf("%v: %q is %q", op, name, got)
				}
			}
		default:
			t.Errorf("%v: half a metadata: %q", op, named)
		}
		return nil
	})
	var ranks sync.WaitGroup
	for i := range 3 {
		ranks.Go(func() {
			name := fmt.Sprint(i)
			if _, err := fsbase.WriteFile(t.Context(), f, name, []byte("data of "+name)); err != nil {
				t.Error(err)
			}
		})
	}
	ranks.Wait()
	if _, err := fsbase.Publish(t.Context(), f, ".metadata", []byte("0 1 2"), fsbase.IfAbsent()); err != nil {
		t.Error(err)
	}
	if complete != 1 {
		t.Errorf("complete at %d steps, want the last alone", complete)
	}
}

// Clones may be made while the storage is in use.
func TestCrashConcurrently(t *testing.T) {
	f := memfs.New()
	var workers sync.WaitGroup
	for i := range 4 {
		workers.Go(func() {
			for j := range 100 {
				fsys := fsbase.FileSystemBase(f)
				if j%2 == 1 {
					fsys = f.WithoutSync()
				}
				put(t, fsys, fmt.Sprint(i, "/", j%7), strings.Repeat("x", 5000))
			}
		})
		workers.Go(func() {
			for j := range 50 {
				clone := f.CrashClone(memfs.CrashOptions{Percent: 50, Seed: uint64(j)})
				put(t, clone.WithoutSync(), "a", "x")
				for name := range maps.Keys(state(t, clone.Crash())) {
					_ = get(t, f, name)
				}
			}
		})
	}
	workers.Wait()
}
