package cli

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/cupwriter"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/godcp/godcp/dcp"
)

// progressFlags are the flags of the verbs that may take long.
type progressFlags struct {
	mode  string
	quiet bool
}

var progressModes = []string{"auto", "plain", "json", "none"}

func (f *progressFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.mode, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "no progress, warnings or summary")
}

func (f *progressFlags) check() error {
	if !slices.Contains(progressModes, f.mode) {
		return usage("it is one of "+strings.Join(progressModes, ", "), "--progress %q", f.mode)
	}
	return nil
}

// unit is what a verb counts.
type unit struct {
	text      func(done, total int64) string
	decorated func() []decor.Decorator
}

var inBytes = unit{
	func(done, total int64) string { return sizeText(done) + " of " + sizeText(total) },
	func() []decor.Decorator {
		return []decor.Decorator{decor.CountersKibiByte("% .1f of % .1f"), decor.Name(" "), decor.AverageSpeed(decor.SizeB1024(0), "% .1f")}
	},
}

var inChecks = unit{
	func(done, total int64) string { return fmt.Sprintf("%d of %s", done, count(total, "check")) },
	func() []decor.Decorator { return []decor.Decorator{decor.CountersNoUnit("%d of %d checks")} },
}

// progress shows how much is done. set is for one goroutine at a time.
type progress struct {
	show   func(done, total int64, last bool)
	done   int64
	total  int64
	last   time.Time
	period time.Duration
	told   bool
}

// start chooses: auto is a bar on a terminal, else a line every five seconds,
// and nothing where stderr is to hold one JSON object.
func (f *progressFlags) start(a *app, verb string, u unit) *progress {
	mode := f.mode
	w := cupwriter.New(a.errOut, false)
	switch {
	case f.quiet, mode == "auto" && a.json:
		mode = "none"
	case mode == "auto" && w.IsTerminal():
		mode = "bar"
	case mode == "auto":
		mode = "plain"
	}
	p := &progress{last: time.Now()}
	switch mode {
	case "bar":
		p.show = bar(a, verb, u)
	case "plain":
		p.period = 5 * time.Second
		p.show = func(done, total int64, _ bool) {
			fmt.Fprintf(a.errOut, "dcp: %s: %d%% (%s)\n", verb, percent(done, total), u.text(done, total))
		}
	case "json":
		p.period = time.Second
		p.show = func(done, total int64, _ bool) {
			fmt.Fprintf(a.errOut, `{"progress": {"verb": %q, "done": %d, "total": %d}}`+"\n", verb, done, total)
		}
	}
	return p
}

func percent(done, total int64) int64 {
	if total <= 0 {
		return 100
	}
	return int64(float64(done) / float64(total) * 100)
}

// set takes the state of things and shows it if it is time.
func (p *progress) set(done, total int64) {
	p.done, p.total = done, total
	if p.show == nil || time.Since(p.last) < p.period {
		return
	}
	p.last = time.Now()
	p.told = true
	p.show(done, total, false)
}

// stop ends the display; lines that said something say how it ended.
func (p *progress) stop() {
	if p.show != nil && (p.told || p.period < 5*time.Second) {
		p.show(p.done, p.total, true)
	}
}

// follow watches what is read of these entries until the function that it
// returns is called.
func (p *progress) follow(ck *dcp.Checkpoint, entries []dcp.Entry) (stop func()) {
	var total int64
	for _, e := range entries {
		total += e.Bytes
	}
	start, quit := ck.BytesRead(), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(100 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				p.set(min(ck.BytesRead()-start, total), total)
			case <-quit:
				p.set(min(ck.BytesRead()-start, total), total)
				return
			}
		}
	})
	return func() { close(quit); wg.Wait() }
}

// bar draws on a terminal.
func bar(a *app, verb string, u unit) func(done, total int64, last bool) {
	draw := mpb.New(mpb.WithOutput(a.errOut), mpb.WithWidth(40))
	b := draw.AddBar(0,
		mpb.PrependDecorators(decor.Name("dcp: "+verb+" ")),
		mpb.AppendDecorators(u.decorated()...),
		mpb.BarRemoveOnComplete(),
	)
	return func(done, total int64, last bool) {
		if last {
			b.Abort(true)
			draw.Wait()
			return
		}
		b.SetTotal(max(total, done+1), false)
		b.SetCurrent(done)
	}
}
