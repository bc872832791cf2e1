package conformance

import (
	"context"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var cancelReadChecks = []Check{
	{
		ID: "cancel/read-memory", Clauses: []string{"R3", "C6"}, Level: Must, Profile: Core,
		Doc: "When ReadAt or ReadRanges has returned because its context ended meanwhile, the memory is the caller's again.",
		run: checkCancelledReadMemory,
	},
}

func checkCancelledReadMemory(t *trial) {
	const rounds, size = 20, 1 << 20
	p := t.path("a")
	t.put(p, content(1, size))
	reads := map[string]func(ctx context.Context, buf []byte){
		"R3": func(ctx context.Context, buf []byte) {
			if r, err := t.fs.OpenStream(ctx, p); err == nil {
				_, _ = r.ReadAt(buf, 0)
				r.Close()
			}
		},
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		reads["C6"] = func(ctx context.Context, buf []byte) {
			_, _ = c.ReadRanges(ctx, p, "", []fsbase.Range{{Dst: buf[:size/2]}, {Offset: size / 2, Dst: buf[size/2:]}})
		}
	}
	given := map[string][][]byte{}
	for clause, read := range reads {
		for i := range rounds {
			buf := make([]byte, size)
			ctx, cancel := context.WithCancel(t.ctx)
			timer := time.AfterFunc(time.Duration(i*i)*5*time.Microsecond, cancel)
			read(ctx, buf)
			giveBack(buf)
			timer.Stop()
			cancel()
			given[clause] = append(given[clause], buf)
		}
	}
	t.leftAlone("a read that was cancelled", given)
}
