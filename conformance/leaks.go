package conformance

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var leakChecks = []Check{
	{
		ID: "leaks/goroutines", Clauses: []string{"W4", "R5"}, Level: Must, Profile: Core,
		Doc: "Streams that are closed, committed, lost, cancelled or failed, and listings that are left, leave no goroutine each.",
		run: checkGoroutines,
	},
	{
		ID: "leaks/files", Clauses: []string{"W4", "R5"}, Level: Must, Profile: Core,
		Doc: "They leave no file or connection open each.",
		run: checkFiles,
	},
	{
		ID: "leaks/slots", Clauses: []string{"W4"}, Level: Must, Profile: Core,
		Doc: "A thousand streams that are closed, before or after the end of their context, hold nothing that a later one waits for.",
		run: checkSlots,
	},
	{
		ID: "leaks/calls", Clauses: []string{"W4", "R5"}, Level: Must, Profile: Core,
		Doc: "Nor do a thousand calls of any kind that fail, or are left.",
		run: checkCallsLeave,
	},
	{
		ID: "leaks/large", Clauses: []string{"W4"}, Level: Must, Profile: Core,
		Doc: "Large streams that are closed, cancelled or fail leave no goroutine, and no file or connection open each.",
		run: checkLargeLeave,
	},
}

// leakRounds is how often each way to end is taken, and leaked how many of them
// make a leak: fewer are pools and connections that were set up meanwhile.
const (
	leakRounds = 48
	leaked     = leakRounds / 6
)

// checkGoroutines counts only goroutines that descend from the endings: they
// inherit a label.
func checkGoroutines(t *trial) {
	endings := t.endings()
	for _, what := range slices.Sorted(maps.Keys(endings)) {
		e := endings[what]
		for range 5 {
			e.end() // connections and workers that stay are made here
		}
		do, goroutines := t.descendants()
		do(leakRounds, e.end)
		if n := t.settle(leaked, goroutines); n > leaked {
			t.errorf(e.clause, "%d times %s leave %d goroutines", leakRounds, what, n)
			return
		}
	}
}

const labelKey = "conformance"

// labels numbers them: what another check has left has another one.
var labels atomic.Int64

// descendants returns a function that calls another so many times, and one that
// counts the goroutines there are which descend from these calls.
func (t *trial) descendants() (do func(times int, f func()), count func() int) {
	label := strconv.FormatInt(labels.Add(1), 10)
	do = func(times int, f func()) {
		pprof.Do(t.ctx, pprof.Labels(labelKey, label), func(context.Context) {
			for range times {
				f()
			}
		})
	}
	return do, func() int { return t.goroutines(label) }
}

// goroutines counts those with a label. The profile that people read is the one
// that tells labels without a decoder: "3 @ 0x…", then "# labels: {…}".
func (t *trial) goroutines(label string) (n int) {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		t.fatalf("the profile of goroutines: %v", err)
	}
	count := 0
	for line := range strings.Lines(b.String()) {
		if before, _, ok := strings.Cut(line, " @ "); ok {
			_, _ = fmt.Sscan(before, &count)
		}
		if strings.HasPrefix(line, "# labels: ") && strings.Contains(line, fmt.Sprintf("%q:%q", labelKey, label)) {
			n += count
		}
	}
	return n
}

// settle waits until count is no more than enough, for at most two seconds, and
// returns it.
func (t *trial) settle(enough int, count func() int) int {
	deadline := time.Now().Add(min(2*time.Second, t.env.limits.Timeout/10))
	for {
		n := count()
		if n <= enough || time.Now().After(deadline) {
			return n
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// checkFiles counts those of the whole process, among which a leak has to stand
// out.
func checkFiles(t *trial) {
	if _, err := openFiles(); err != nil {
		t.absent("this system does not tell which files are open: %v", err)
	}
	count := func() int {
		n, err := openFiles()
		if err != nil {
			t.fatalf("counting open files: %v", err)
		}
		return n
	}
	endings := t.endings()
	for _, what := range slices.Sorted(maps.Keys(endings)) {
		e := endings[what]
		for range 5 {
			e.end()
		}
		before := count()
		for range leakRounds {
			e.end()
		}
		if n := t.settle(before+leakRounds/2, count); n > before+leakRounds/2 {
			t.errorf(e.clause, "%d times %s leave %d files open", leakRounds, what, n-before)
			return
		}
	}
}

// openFiles counts the file descriptors of this process.
func openFiles() (int, error) {
	d, err := os.ReadDir("/dev/fd")
	return len(d), err
}
