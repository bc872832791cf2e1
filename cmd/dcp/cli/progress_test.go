package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := (&progressFlags{mode: "auto"}).start(&app{errOut: &out}, "verify", inBytes)
		for i := range int64(12) {
			p.set(i*10, 120)
			time.Sleep(time.Second)
		}
		p.set(120, 120)
		p.stop()
		want := "dcp: verify: 41% (50 B of 120 B)\ndcp: verify: 83% (100 B of 120 B)\ndcp: verify: 100% (120 B of 120 B)\n"
		if out.String() != want {
			t.Errorf("%q", out.String())
		}
	})
}

func TestProgressOfAShortRun(t *testing.T) {
	for _, f := range []progressFlags{{mode: "auto"}, {mode: "plain"}, {mode: "none"}, {mode: "json", quiet: true}} {
		var out strings.Builder
		p := f.start(&app{errOut: &out}, "verify", inBytes)
		p.set(1, 1)
		p.stop()
		if out.String() != "" {
			t.Errorf("%+v: %q", f, out.String())
		}
	}
}

func TestProgressJSON(t *testing.T) {
	r := runDCP(t, "verify", "--progress", "json", "--json", filepath.Join(testdata, "fixtures", "many_small"))
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	var last struct{ Progress struct{ Done, Total int64 } }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Progress.Done != last.Progress.Total || last.Progress.Total == 0 {
		t.Errorf("%v: %s", err, r.stderr)
	}
}

func TestProgressBar(t *testing.T) {
	for _, u := range []unit{inBytes, inChecks} {
		var out strings.Builder
		show := bar(&app{errOut: &out}, "verify", u)
		show(1, 10, false)
		show(10, 10, true) // must end
	}
}

func TestProgressOfChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := (&progressFlags{mode: "plain"}).start(&app{errOut: &out}, "conform", inChecks)
		time.Sleep(5 * time.Second)
		p.set(3, 9)
		if want := "dcp: conform: 33% (3 of 9 checks)\n"; out.String() != want {
			t.Errorf("%q", out.String())
		}
	})
}
