package conformance

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

var listChecks = []Check{
	{
		ID: "list/order", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A listing is recursive, has streams only, each once, in byte order of the whole names.",
		run: checkListOrder,
	},
	{
		ID: "list/prefix", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A prefix is raw bytes: it may end within a name, and is no folder.",
		run: checkListPrefix,
	},
	{
		ID: "list/info", Clauses: []string{"C8", "C4"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A listed Info has the size and the version that a reader finds.",
		run: checkListInfo,
	},
	{
		ID: "list/unfinished", Clauses: []string{"C8", "W4", "W1"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "Writes that are open, closed or lost are not listed, nor is anything temporary of them.",
		run: checkListUnfinished,
	},
	{
		ID: "list/stop", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A consumer may stop at any element and list again.",
		run: checkListStop,
	},
	{
		ID: "list/cancelled", Clauses: []string{"C8", "O5", "E1"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "A done context is an error of the sequence, which then ends.",
		run: checkListCancelled,
	},
	{
		ID: "list/escape", Clauses: []string{"N1"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "No prefix lists anything but valid paths that have it.",
		run: checkListEscape,
	},
}

func checkListOrder(t *trial) {
	names := t.putTree()
	if err := t.fs.Mkdir(t.ctx, t.prefix("tree/d/empty")); err != nil {
		t.fatalf("Mkdir: %v", err)
	}
	t.wantList("C8", t.prefix("tree/"), names)
	t.wantList("C8", t.prefix(""), names)
	for _, name := range []string{"tree/d/aa/x", "tree/e"} {
		if err := t.fs.RmFile(t.ctx, t.path(name)); err != nil {
			t.fatalf("RmFile: %v", err)
		}
		names = slices.DeleteFunc(names, func(n string) bool { return n == t.prefix(name) })
		t.wantList("C8", t.prefix("tree/"), names)
	}
}

func checkListPrefix(t *trial) {
	names := t.putTree()
	t.put(t.path("other/"+t.prefix("tree/")+"x"), nil) // which has prefixes within
	for _, prefix := range []string{
		"tree/d/a", "tree/d/a-", "tree/d/aa", "tree/d/aa/", "tree/d", "tree/d/", "tree/d.", "tree/e", "tree/C",
		"tre", "tree/none", "tree/e/", "tree/d/aa/b/c/d", "none/at/all/",
	} {
		full := t.prefix(prefix)
		t.wantList("C8", full, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, full) }))
	}
}

func checkListInfo(t *trial) {
	for i, n := range []int{0, 1, 5000} {
		t.put(t.path(fmt.Sprintf("dir/%d", i)), content(uint64(i), n))
	}
	for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("dir/")) {
		if err != nil {
			t.errorf("C8", "List(%q): %v", t.prefix("dir/"), err)
			return
		}
		if info.Version == "" {
			t.errorf("C4", "List tells the version %q of %q", info.Version, info.Path)
		}
		t.wantInfo("C8", "List", info, t.info(info.Path))
	}
}

func checkListUnfinished(t *trial) {
	kept := t.path("dir/kept")
	t.put(kept, []byte("kept"))
	only := func(clause string) { t.wantList(clause, t.prefix(""), []string{kept}) }
	for _, n := range []int{300_000, t.largeSize()} {
		for _, p := range []string{t.path("dir/new"), kept, t.path("other/new")} {
			w := t.create(p)
			defer w.Close()
			t.write(w, p, content(1, n))
			only("W1")
			w.Close()
			only("W4")
		}
	}
	if c, ok := fsbase.As[fsbase.ExclusiveCreator](t.fs); ok {
		_, _ = t.commit(func() (fsbase.WriteStream, error) { return c.CreateExclusive(t.ctx, kept) }, []byte("x"))
		only("C8")
	}
	if c, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		for _, p := range []string{t.path("dir/up"), kept} {
			for _, n := range []int{4, 300_000} {
				data := content(1, n)
				look := sync.OnceFunc(func() { t.wantListed("C8", t.prefix(""), []string{kept}) })
				src := &faultySource{data: data, failAt: -1, onRead: func(int64) { look() }}
				if _, err := c.Upload(t.ctx, p, src, int64(n), fsbase.Condition{}); err != nil {
					t.errorf("C8", "Upload to %q whose source lists: %v", p, err)
				}
				if p != kept {
					t.remove(p)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(t.ctx)
	p := t.path("dir/cancelled")
	w := t.with(ctx).create(p)
	t.write(w, p, content(1, 300_000))
	cancel()
	_, _ = w.Commit()
	w.Close()
	only("W4")
}

func checkListStop(t *trial) {
	names := t.putTree()
	slices.Sort(names)
	for stop := range names {
		var got []string
		for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("tree/")) {
			if err != nil {
				t.fatalf("List: %v", err)
			}
			got = append(got, info.Path)
			if len(got) > stop {
				break
			}
		}
		if !slices.Equal(got, names[:stop+1]) {
			t.errorf("C8", "List of which %d names are taken yields %q instead of %q", stop+1, got, names[:stop+1])
		}
	}
	seq := as[fsbase.Lister](t).List(t.ctx, t.prefix("tree/"))
	for range 2 { // a sequence may be ranged over again
		n := 0
		for range seq {
			n++
		}
		if n != len(names) {
			t.errorf("C8", "a sequence that is ranged over again yields %d names instead of %d", n, len(names))
		}
	}
}

func checkListCancelled(t *trial) {
	names := t.putTree()
	list := func(t *trial) error {
		var last error
		n := 0
		for _, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("tree/")) {
			if last != nil {
				t.errorf("C8", "List goes on after the error %v", last)
			}
			last = err
			n++
		}
		if n > 1 {
			t.errorf("O5", "List under a done context yields %d elements", n)
		}
		return last
	}
	t.wantCancelled("List", list)
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		got, last := t.endWithin("C8", "List", want, func(ctx context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range as[fsbase.Lister](t).List(ctx, t.prefix("tree/")) {
					if !yield(info.Path, err) {
						return
					}
				}
			}
		})
		// What was fetched before the end may still come: all, or an error.
		if last == nil && len(got) != len(names) {
			t.errorf("C8", "List whose context ends within (%v) just ends after %d of %d names", want, len(got), len(names))
		}
	}
}

func checkListEscape(t *trial) {
	t.put(t.path("a"), []byte("x"))
	for _, prefix := range []string{"..", "../", "/", "/etc/pass", "//", "./", "a/../", t.prefix("none/../")} {
		for info, err := range as[fsbase.Lister](t).List(t.ctx, prefix) {
			if err == nil {
				t.errorf("N1", "List(%q) yields %q", prefix, info.Path)
				break
			}
		}
	}
}
