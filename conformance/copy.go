package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var copyChecks = []Check{
	{
		ID: "copy/copies", Clauses: []string{"C9", "W11"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copy makes the same bytes under another name, in new folders and over what is there, and the source stays.",
		run: checkCopy,
	},
	{
		ID: "copy/independent", Clauses: []string{"C9"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Source and copy are two streams: neither follows what becomes of the other.",
		run: checkCopyIndependent,
	},
	{
		ID: "copy/absent", Clauses: []string{"C9", "R1"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copy of an absent source is fs.ErrNotExist and leaves the target.",
		run: func(t *trial) {
			from, fresh, old := t.path("from"), t.path("fresh"), t.path("old")
			t.put(old, []byte("kept"))
			for _, to := range []string{fresh, old} {
				_, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
				t.wantNotExist("R1", err, "Copy of the absent %q to %q", from, to)
			}
			t.wantAbsent("C9", fresh)
			t.wantContent("C9", old, []byte("kept"))
		},
	},
	{
		ID: "copy/self", Clauses: []string{"C9"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copy of a stream to itself, whether it succeeds or not, leaves its content.",
		run: func(t *trial) {
			for _, n := range []int{1, 3000, t.largeSize()} {
				p, data := t.path("a"), content(1, n)
				t.put(p, data)
				_, _ = as[fsbase.Copier](t).Copy(t.ctx, p, p, fsbase.Condition{})
				t.wantContent("C9", p, data)
			}
		},
	},
	{
		ID: "copy/self-condition", Clauses: []string{"C9", "C2", "C3"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copy of a stream to itself under a condition that does not hold is refused like any other.",
		run: func(t *trial) {
			p, data := t.path("a"), content(1, 3000)
			stale := t.put(p, content(2, 3000)).Version
			t.put(p, data)
			for _, w := range t.waysOf("C9") {
				switch w.cond {
				case ifAbsent:
					_, err := as[fsbase.Copier](t).Copy(t.ctx, p, p, fsbase.IfAbsent())
					t.wantLost(err, "%s of %q to itself", w.what, p)
				case ifVersion:
					_, err := as[fsbase.Copier](t).Copy(t.ctx, p, p, fsbase.IfVersion(stale))
					t.wantIs("C3", err, fmt.Sprintf("%s of %q to itself, which has another,", w.what, p), fsbase.ErrPrecondition)
				}
				t.wantContent("C9", p, data)
			}
		},
	},
	{
		ID: "copy/conditions", Clauses: []string{"C9", "C2", "C3", "C4"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copy keeps its condition. One that the storage cannot keep is errors.ErrUnsupported.",
		run: func(t *trial) {
			from, data := t.path("from"), content(7, 3000)
			t.put(from, data)
			t.conditions("Copy", data, func(p string, cond fsbase.Condition) (fsbase.Info, error) {
				return as[fsbase.Copier](t).Copy(t.ctx, from, p, cond)
			})
			t.wantContent("C9", from, data)
		},
	},
	{
		ID: "copy/cancelled", Clauses: []string{"O5"}, Level: Must, Profile: Core, Needs: []Capability{Copier},
		Doc: "Copy under a done context fails with the context's error and copies nothing.",
		run: func(t *trial) {
			from, to := t.path("from"), t.path("to")
			t.put(from, []byte("x"))
			t.wantCancelled("Copy", func(t *trial) error {
				_, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
				return err
			})
			t.wantAbsent("O5", to)
		},
	},
}

func checkCopy(t *trial) {
	taken := t.path("taken")
	for i, n := range []int{0, 3000, t.largeSize()} {
		from, data := t.path(fmt.Sprintf("from/%d", n)), content(uint64(i), n)
		source := t.put(from, data)
		t.put(taken, content(9, 5000))
		for _, to := range []string{t.path(fmt.Sprintf("new/folder/%d", n)), taken} {
			info, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
			if err != nil {
				t.errorf("C9", "Copy of %q (%d bytes) to %q: %v", from, n, to, err)
				continue
			}
			t.wantContent("C9", to, data)
			t.wantContent("C9", from, data)
			t.wantInfo("C9", "OpenStream of the source", t.info(from), source)
			if info.Path != to || info.Size != int64(n) || info.Version == "" {
				t.errorf("W11", "Copy of %q (%d bytes) to %q tells path %q, size %d, version %q", from, n, to, info.Path, info.Size, info.Version)
			}
			t.wantInfo("W11", "OpenStream", t.info(to), info)
		}
	}
}

func checkCopyIndependent(t *trial) {
	for i, n := range t.atMost(3000, 100_000, 3<<20) { // which some storages keep in pieces that they count
		from, to := t.path(fmt.Sprintf("from-%d/a", i)), t.path(fmt.Sprintf("to-%d/a", i))
		first, second := content(1, n), content(2, n)
		t.put(from, first)
		again := func() {
			if _, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{}); err != nil {
				t.fatalf("Copy(%q, %q): %v", from, to, err)
			}
		}
		again()
		t.put(from, second)
		t.wantContent("C9", to, first)
		again()
		t.put(to, first)
		t.wantContent("C9", from, second)
		again()
		t.remove(to)
		t.wantContent("C9", from, second)
		again()
		t.remove(from)
		t.wantContent("C9", to, second)
		if !has[fsbase.RemoveAller](t.fs) {
			continue
		}
		for _, gone := range []string{"from", "to"} {
			t.put(from, first)
			again()
			t.removeAll(t.prefix(fmt.Sprintf("%s-%d/", gone, i)))
			t.wantContent("C9", map[string]string{"from": to, "to": from}[gone], first)
		}
	}
}
