package conformance

import "github.com/godcp/godcp/fsbase"

// The checks here use one goroutine: what they find they find every time.
var interleavingChecks = []Check{
	{
		ID: "interleaving/names", Clauses: []string{"W9"}, Level: Must, Profile: Atomic,
		Doc: "Streams of different names that are written in turns do not mix.",
		run: func(t *trial) {
			t.interleave([]string{"a", "b", "dir/a", "dir/ab", "a.tmp", "c"}, []int{3, 0, 5, 1, 4, 2})
		},
	},
	{
		ID: "interleaving/one-name", Clauses: []string{"W9", "W11"}, Level: Must, Profile: Atomic,
		Doc: "Streams of one name that are written in turns: the last Commit wins, whole.",
		run: func(t *trial) {
			t.interleave([]string{"a", "a", "a", "a"}, []int{2, 0, 3, 1})
		},
	},
	{
		ID: "interleaving/close-one", Clauses: []string{"W9", "W4"}, Level: Must, Profile: Atomic,
		Doc: "Closing one of two streams of a name leaves the other.",
		run: checkCloseOne,
	},
	{
		ID: "interleaving/remove", Clauses: []string{"W9", "W1"}, Level: Must, Profile: Atomic,
		Doc: "A stream, small or large, that is open while its name is removed, renamed away, renamed to, copied to or begun by another still commits.",
		run: checkRemoveWhileOpen,
	},
	{
		ID: "interleaving/flattened", Clauses: []string{"W9", "N3"}, Level: Must, Profile: Atomic,
		Doc: "Streams, small or large, of names that would be equal if a folder were told by another character are written in turns and do not mix.",
		run: checkFlattened,
	},
}

// interleave opens a stream for each name, writes to all in turns, and commits
// them in the given order, looking at everything after each commit.
func (t *trial) interleave(names []string, order []int) {
	streams := make([]fsbase.WriteStream, len(names))
	written := make([][]byte, len(names))
	for i, name := range names {
		streams[i] = t.create(t.path(name))
		defer streams[i].Close()
	}
	for turn := range 10 {
		for i, w := range streams {
			part := content(uint64(100*turn+i), 5000*turn+i+1)
			t.write(w, names[i], part)
			written[i] = append(written[i], part...)
		}
	}
	visible := map[string][]byte{}
	for _, i := range order {
		p := t.path(names[i])
		info, err := streams[i].Commit()
		if err != nil {
			t.errorf("W9", "Commit of %q, stream %d of %d: %v", p, i+1, len(streams), err)
			continue
		}
		if info.Size != int64(len(written[i])) {
			t.errorf("W9", "Commit of %d bytes to %q tells the size %d", len(written[i]), p, info.Size)
		}
		visible[names[i]] = written[i]
		for _, name := range names {
			if want, ok := visible[name]; ok {
				t.wantContent("W9", t.path(name), want)
			} else {
				t.wantAbsent("W9", t.path(name))
			}
		}
	}
}

func checkCloseOne(t *trial) {
	p := t.path("a")
	for i := range 2 {
		pair := [2]fsbase.WriteStream{t.create(p), t.create(p)}
		data := content(uint64(i), 50_000)
		t.write(pair[i], p, data[:20_000])
		t.write(pair[1-i], p, content(9, 70_000))
		if err := pair[1-i].Close(); err != nil {
			t.errorf("W4", "Close of one of two streams of %q: %v", p, err)
		}
		if i == 0 {
			t.wantAbsent("W4", p)
		}
		t.write(pair[i], p, data[20_000:])
		if _, err := pair[i].Commit(); err != nil {
			t.errorf("W9", "Commit of %q after another stream of it was closed: %v", p, err)
		}
		pair[i].Close()
		t.wantContent("W9", p, data)
	}
}

func checkRemoveWhileOpen(t *trial) {
	away := t.path("away")
	takes := map[string]func(p string) error{
		"RmFile": func(p string) error { return t.fs.RmFile(t.ctx, p) },
		"Rename": func(p string) error {
			err := t.fs.Rename(t.ctx, p, away)
			t.wantContent("W9", away, content(1, 100))
			return err
		},
		"Close": func(p string) error { // of another stream
			w := t.create(p)
			t.write(w, p, content(3, t.largeSize()/2))
			return w.Close()
		},
		"RenameTo": func(p string) error {
			t.put(away, content(1, 100))
			return t.fs.Rename(t.ctx, away, p)
		},
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		takes["CopyTo"] = func(p string) error {
			t.put(away, content(1, 100))
			_, err := c.Copy(t.ctx, away, p, fsbase.Condition{})
			return err
		}
	}
	if has[fsbase.RemoveAller](t.fs) {
		takes["RemoveAll"] = func(p string) error { t.removeAll(p); return nil }
	}
	for what, take := range takes {
		for _, n := range []int{50_000, t.largeSize()} { // of which parts may have been sent
			p, data := t.path(what+"/a"), content(2, n)
			t.put(p, content(1, 100))
			w := t.create(p)
			defer w.Close()
			t.write(w, p, data[:n-10])
			if err := take(p); err != nil {
				t.fatalf("%s of %q: %v", what, p, err)
			}
			t.write(w, p, data[n-10:])
			if _, err := w.Commit(); err != nil {
				t.errorf("W9", "Commit of %d bytes to %q, after %s of the name: %v", n, p, what, err)
				continue
			}
			t.wantContent("W1", p, data)
		}
	}
}

func checkFlattened(t *trial) {
	for _, n := range []int{50_000, t.largeSize()} { // of which parts may have been sent
		var names []string
		for _, name := range []string{"dir/a", "dir_a", "dir-a", "dir.a", "dir%2Fa", "dir:a", "dira"} {
			if t.accept(t.path(name), nil) {
				names = append(names, t.path(name))
			}
		}
		streams := make([]fsbase.WriteStream, len(names))
		for i, p := range names {
			streams[i] = t.create(p)
			defer streams[i].Close()
		}
		half := func(i, turn int) []byte { return content(uint64(10*i+turn), n/2) }
		for turn := range 2 {
			t.bulk(len(names), func(i int) { t.write(streams[i], names[i], half(i, turn)) })
		}
		for i, p := range names {
			if _, err := streams[i].Commit(); err != nil {
				t.errorf("W9", "Commit of %d bytes to %q while streams of names like it are open: %v", n, p, err)
			}
		}
		t.bulk(len(names), func(i int) {
			t.wantContent("N3", names[i], append(half(i, 0), half(i, 1)...))
		})
	}
}
