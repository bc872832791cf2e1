package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// copyRace copies a stream while it is overwritten by others of its size, so
// that only the bytes tell a mixture.
func (t *trial) copyRace(rounds, size int) {
	from := t.path("from")
	contents := [2][]byte{content(1, size), content(2, size)}
	t.put(from, contents[0])
	free := make(chan string, racers) // targets: each Copy has one to itself
	for i := range racers {
		free <- t.path(fmt.Sprintf("to/%d", i))
	}
	t.watch(rounds, func(round int) { t.put(from, contents[1-round%2]) }, func() {
		to := <-free
		defer func() { free <- to }()
		_, err := as[fsbase.Copier](t).Copy(t.ctx, from, to, fsbase.Condition{})
		if errors.Is(err, fsbase.ErrChanged) {
			return
		} else if errors.Is(err, fs.ErrNotExist) {
			t.errorf("W2", "Copy of %q, which is overwritten meanwhile, finds nothing: %v", from, err)
			return
		} else if err != nil {
			t.errorf("C9", "Copy of %q, which is overwritten meanwhile: %v", from, err)
			return
		}
		got, err := t.read(to)
		if err != nil || !bytes.Equal(got, contents[0]) && !bytes.Equal(got, contents[1]) {
			t.errorf("C9", "a Copy of %q (%d bytes), which was overwritten meanwhile, is a mixture: %v; against one content %s; against the other %s",
				from, size, err, difference(got, contents[0]), difference(got, contents[1]))
		}
	})
}
