package conformance

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The checks here hold much at once: whoever has a number of slots, connections
// or files for that, and waits for one that is held, waits for ever.
var heldChecks = []Check{
	{
		ID: "list/nested-deep", Clauses: []string{"C8"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "Listings within the loops over others, many deep, get to their end.",
		run: checkNestedDeep,
	},
	{
		ID: "upload/own-source", Clauses: []string{"C5", "O6"}, Level: Must, Profile: Core, Needs: []Capability{Uploader},
		Doc: "Many Uploads at once whose sources read from the same file system end.",
		run: checkOwnSource,
	},
}

// held is how much is held at once: more than the slots that people allow.
const held = 32

func checkNestedDeep(t *trial) {
	t, cancel := t.soon()
	defer cancel()
	for _, name := range []string{"in/a", "in/b"} {
		t.put(t.path(name), nil)
	}
	var list func(depth int) error
	list = func(depth int) error {
		n := 0
		for _, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("in/")) {
			if n++; err == nil && n == 1 && depth < held {
				err = list(depth + 1)
			}
			if err != nil {
				return err
			}
		}
		if n != 2 {
			return fmt.Errorf("listing %d within others yields %d names instead of 2", depth, n)
		}
		return nil
	}
	if err := list(1); err != nil {
		t.errorf("C8", "%d listings within each other: %v", held, err)
	}
}

func checkOwnSource(t *trial) {
	t, cancel := t.soon()
	defer cancel()
	from, data := t.path("from"), content(1, 70_000)
	t.put(from, data)
	var asked atomic.Int64
	t.each(held, func(i int) {
		// Each waits for all the others, if they come soon.
		meet := sync.OnceFunc(func() {
			asked.Add(1)
			for start := time.Now(); asked.Load() < held && time.Since(start) < 50*time.Millisecond; {
				time.Sleep(time.Millisecond)
			}
		})
		p := t.path(fmt.Sprintf("to/%d", i))
		src := readerAt(func(b []byte, off int64) (int, error) {
			meet()
			r, err := t.fs.OpenStream(t.ctx, from)
			if err != nil {
				return 0, err
			}
			defer r.Close()
			return r.ReadAt(b, off)
		})
		if _, err := as[fsbase.Uploader](t).Upload(t.ctx, p, src, int64(len(data)), fsbase.Condition{}); err != nil {
			t.errorf("O6", "Upload of %q, one of %d at once that read from the same file system: %v", p, held, err)
			return
		}
		t.wantContent("C5", p, data)
	})
}
