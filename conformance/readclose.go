package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var readCloseChecks = []Check{
	{
		// What a reader gives back twice is given to the next two.
		ID: "read/close-again", Clauses: []string{"R5", "R3", "W4", "W9"}, Level: Must, Profile: Core,
		Doc: "A reader or a stream that is closed again, after others were opened or before, disturbs none of them.",
		run: checkReadCloseAgain,
	},
}

func checkReadCloseAgain(t *trial) {
	const n = 200_000
	paths, contents := make([]string, 4), make([][]byte, 4)
	for i := range paths {
		paths[i], contents[i] = t.path(fmt.Sprintf("dir/%d", i)), content(uint64(i), n)
		t.put(paths[i], contents[i])
	}
	// closed is a reader of which something was read, and that was closed so
	// many times.
	closed := func(times int) fsbase.ReadStream {
		r := t.open(paths[0])
		t.readAt(r, paths[0], contents[0], 100, 1000)
		t.readAt(r, paths[0], contents[0], 0, n)
		for range times {
			r.Close()
		}
		return r
	}
	for _, later := range []int{0, 2} { // Closes when others are open
		first := closed(3 - later)
		readers := make([]fsbase.ReadStream, len(paths))
		for i, p := range paths {
			readers[i] = t.open(p)
			t.readAt(readers[i], p, contents[i], 0, 10)
		}
		for range later {
			first.Close()
		}
		for _, off := range []int64{10, 1000, 150_000, 30} {
			for i, r := range readers {
				t.readAt(r, paths[i], contents[i], off, 3000)
			}
		}
		for _, r := range readers {
			r.Close()
		}
		t.closeWritersAgain(later, paths, contents)
	}
}

// closeWritersAgain is the same of streams.
func (t *trial) closeWritersAgain(later int, paths []string, contents [][]byte) {
	p := t.path("dir/first")
	first := t.create(p)
	t.write(first, p, contents[0])
	if later == 0 {
		if _, err := first.Commit(); err != nil {
			t.fatalf("Commit of %q: %v", p, err)
		}
	}
	for range 3 - later {
		first.Close()
	}
	writers := make([]fsbase.WriteStream, len(paths))
	for i, p := range paths {
		writers[i] = t.create(p)
		defer writers[i].Close()
		t.write(writers[i], p, contents[i][:50_000])
	}
	for range later {
		first.Close()
	}
	for i, w := range writers {
		t.write(w, paths[i], contents[i][50_000:])
	}
	for i, w := range writers {
		if _, err := w.Commit(); err != nil {
			t.errorf("W9", "Commit of %q after another stream was closed again: %v", paths[i], err)
			continue
		}
		t.wantContent("W9", paths[i], contents[i])
	}
}
