package conformance

import "github.com/godcp/godcp/fsbase"

var writeChecks = []Check{
	{
		ID: "write/commit-publishes", Clauses: []string{"W1"}, Level: Must, Profile: Core,
		Doc: "Commit publishes all bytes of all Writes, none of them included.",
		run: checkCommitPublishes,
	},
	{
		ID: "write/invisible-before-commit", Clauses: []string{"W1", "W2"}, Level: Must, Profile: Atomic,
		Doc: "Before Commit nothing is visible of a write, and what was there is.",
		run: checkInvisible,
	},
	{
		ID: "write/replaces", Clauses: []string{"W1"}, Level: Must, Profile: Core,
		Doc: "A shorter stream replaces a longer one, and nothing of it is left.",
		run: func(t *trial) {
			p := t.path("a")
			for i, n := range []int{5000, 10, 0, 70000} {
				t.put(p, content(uint64(i), n))
				t.wantContent("W1", p, content(uint64(i), n))
			}
		},
	},
	{
		ID: "write/missing-parents", Clauses: []string{"W8", "O4"}, Level: Must, Profile: Core,
		Doc: "A stream can be written below folders that nobody made.",
		run: func(t *trial) {
			p := t.path("nobody/made/these/a")
			info, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }, []byte("x"))
			if err != nil {
				t.errorf("W8", "writing %q: %v (%+v)", p, err, info)
				return
			}
			t.wantContent("O4", p, []byte("x"))
		},
	},
	{
		ID: "write/fresh-root", Clauses: []string{"W8", "R1", "O1", "O2"}, Level: Must, Profile: Core,
		Doc: "Before the first write a file system is empty, which is no error.",
		run: checkFreshRoot,
	},
	{
		ID: "write/buffer", Clauses: []string{"W10"}, Level: Must, Profile: Core,
		Doc: "The caller may use the memory of a Write, however long, again as soon as it returns, under every condition, and for another Write at once.",
		run: checkBuffer,
	},
}

func checkCommitPublishes(t *trial) {
	p := t.path("dir/a")
	w := t.create(p)
	defer w.Close()
	var want []byte
	for i, n := range []int{1, 0, 4095, 3, 65536, 0, 100_001} {
		part := content(uint64(i), n)
		t.write(w, p, part)
		want = append(want, part...)
	}
	if _, err := w.Commit(); err != nil {
		t.errorf("W1", "Commit of %q: %v", p, err)
		return
	}
	t.wantContent("W1", p, want)
	empty := t.path("dir/empty")
	w = t.create(empty)
	defer w.Close()
	if _, err := w.Commit(); err != nil {
		t.errorf("W1", "Commit of %q without a Write: %v", empty, err)
		return
	}
	t.wantContent("W1", empty, nil)
}

func checkInvisible(t *trial) {
	fresh, old := t.path("fresh"), t.path("old")
	before := content(1, 3000)
	t.put(old, before)
	var open []fsbase.WriteStream
	look := func() {
		t.wantAbsent("W1", fresh)
		t.wantContent("W2", old, before)
	}
	for _, p := range []string{fresh, old} {
		w := t.create(p)
		defer w.Close()
		open = append(open, w)
	}
	look()
	for i := range 3 {
		for j, w := range open {
			t.write(w, []string{fresh, old}[j], content(uint64(2+i), 200_000))
		}
		look()
	}
}

func checkFreshRoot(t *trial) {
	p := t.path("dir/a")
	t.wantAbsent("W8", p)
	_, err := t.read(p)
	t.wantNotExist("R1", err, "OpenStream(%q) before any write", p)
	t.wantExists("O1", p, false)
	t.rmAbsent("O2", p)
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for info, err := range l.List(t.ctx, t.prefix("")) {
			t.errorf("W8", "List before any write yields %q, %v", info.Path, err)
		}
	}
}
