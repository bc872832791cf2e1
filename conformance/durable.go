package conformance

import (
	"bytes"
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var durableChecks = []Check{
	{
		ID: "durable/commit", Clauses: []string{"W3", "W8"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A committed stream is there after a power loss, with its name and the folders that were made for it, by it or by Mkdir.",
		run: func(t *trial) {
			t.survives(func(p string, data []byte) error {
				_, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }, data)
				return err
			})
		},
	},
	{
		ID: "durable/exclusive", Clauses: []string{"W3", "C2"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, ExclusiveCreator},
		Doc: "The same after CreateExclusive, and the name stays taken.",
		run: func(t *trial) {
			after := t.survives(func(p string, data []byte) error {
				_, err := t.commit(t.createExclusive(p), data)
				return err
			})
			_, err := after.commit(after.createExclusive(t.path("new/folder/a")), nil)
			t.wantLost(err, "an exclusive commit of a name that was taken before a power loss")
		},
	},
	{
		ID: "durable/upload", Clauses: []string{"W3", "C5"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, Uploader},
		Doc: "The same after Upload.",
		run: func(t *trial) {
			t.survives(func(p string, data []byte) error {
				_, err := as[fsbase.Uploader](t).Upload(t.ctx, p, bytes.NewReader(data), int64(len(data)), fsbase.Condition{})
				return err
			})
		},
	},
	{
		ID: "durable/copy", Clauses: []string{"W3", "C9"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, Copier},
		Doc: "The same after Copy.",
		run: func(t *trial) {
			t.survives(func(p string, data []byte) error {
				from := t.path("from")
				t.put(from, data)
				_, err := as[fsbase.Copier](t).Copy(t.ctx, from, p, fsbase.Condition{})
				return err
			})
		},
	},
	{
		ID: "durable/overwrite", Clauses: []string{"W2", "W3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A power loss after an overwrite finds the new content, one during it the old.",
		run: checkCrashOverwrite,
	},
	{
		ID: "durable/swap", Clauses: []string{"W3", "C3"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash, Swapper},
		Doc: "A power loss after a swap finds the new content.",
		run: func(t *trial) {
			p, next := t.path("a"), content(2, 70_000)
			v := t.put(p, content(1, 3000)).Version
			if _, err := t.commit(t.createSwap(p, v), next); err != nil {
				t.fatalf("a swap of %q: %v", p, err)
			}
			t.crashed().wantContent("W3", p, next)
		},
	},
	{
		ID: "durable/uncommitted", Clauses: []string{"W1", "W3", "W4"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A power loss while streams are open leaves nothing of them under any name, and nothing that what is committed next suffers from.",
		run: checkCrashUncommitted,
	},
	{
		ID: "durable/without-sync", Clauses: []string{"C11"}, Level: Must, Profile: Core, Needs: []Capability{Unsyncer},
		Doc: "WithoutSync is the same storage with the same capabilities.",
		run: checkWithoutSync,
	},
}

// survives publishes streams of several sizes, loses power, and looks.
func (t *trial) survives(publish func(p string, data []byte) error) *trial {
	names := []string{"new/folder/a", "new/folder/b", "a", "large", "made/folder/a", "made/a"}
	sizes := []int{3000, 0, 1, t.largeSize(), 3000, 3000}
	if err := t.fs.Mkdir(t.ctx, t.prefix("made/folder")); err != nil {
		t.fatalf("Mkdir(%q): %v", t.prefix("made/folder"), err)
	}
	for i, name := range names {
		if err := publish(t.path(name), content(uint64(i), sizes[i])); err != nil {
			t.fatalf("publishing %q: %v", t.prefix(name), err)
		}
	}
	after := t.crashed()
	for i, name := range names {
		after.wantContent("W3", t.prefix(name), content(uint64(i), sizes[i]))
	}
	return after
}

func checkCrashOverwrite(t *trial) {
	done, under := t.path("dir/done"), t.path("dir/under-way")
	old, next := content(1, 3000), content(2, 70_000)
	t.put(done, old)
	t.put(under, old)
	t.put(done, next)
	w := t.create(under)
	defer w.Close()
	t.write(w, under, next)
	after := t.crashed()
	after.wantContent("W3", done, next)
	after.wantContent("W2", under, old)
}

func checkCrashUncommitted(t *trial) {
	for i, n := range []int{0, 100, t.largeSize()} {
		p := t.path(fmt.Sprintf("dir-%d/a", i))
		w := t.create(p)
		defer w.Close()
		t.write(w, p, content(1, n))
	}
	closed := t.path("dir-0/closed")
	w := t.create(closed)
	t.write(w, closed, content(2, 3000))
	w.Close()
	after := t.crashed()
	for i := range 3 {
		after.wantAbsent("W1", t.path(fmt.Sprintf("dir-%d/a", i)))
	}
	after.wantAbsent("W4", closed)
	if l, ok := fsbase.As[fsbase.Lister](after.fs); ok {
		for info, err := range l.List(t.ctx, t.prefix("")) {
			t.errorf("W1", "List after a power loss yields %q, %v, and nothing was committed", info.Path, err)
		}
	}
	for i, n := range t.atMost(70_000, 1<<20, t.largeSize()) { // a storage may take what is torn for its end
		open, next, data := t.path(fmt.Sprintf("open/%d", i)), t.path(fmt.Sprintf("next/%d", i)), content(uint64(i), 3000)
		w := after.create(open)
		defer w.Close()
		after.write(w, open, content(4, n))
		after = after.crashed()
		after.put(next, data)
		after = after.crashed()
		after.wantContent("W3", next, data)
		after.wantAbsent("W1", open)
	}
}

func checkWithoutSync(t *trial) {
	fast := t.on(as[fsbase.Unsyncer](t).WithoutSync())
	have := capabilitiesOf(t.fs)
	if lacks := missing(have, append(capabilitiesOf(fast.fs), Unsyncer)); len(lacks) > 0 {
		t.errorf("C11", "WithoutSync loses the capabilities %v", lacks)
	}
	for i, pair := range [][2]*trial{{t, fast}, {fast, t}} {
		writer, reader := pair[0], pair[1]
		p, data := t.path(fmt.Sprintf("dir/%d", i)), content(uint64(i), 3000)
		info := writer.put(p, data)
		reader.wantContent("C11", p, data)
		reader.wantInfo("C11", "OpenStream of the other handle", reader.info(p), info)
		w := writer.create(p)
		writer.write(w, p, []byte("x"))
		reader.wantContent("C11", p, data)
		w.Close()
		reader.wantContent("C11", p, data)
		if err := writer.fs.RmFile(t.ctx, p); err != nil {
			t.fatalf("RmFile(%q): %v", p, err)
		}
		reader.wantAbsent("C11", p)
	}
}
