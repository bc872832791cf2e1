package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// The checks here let what is told of a stream meet its replacement.
var raceLookChecks = []Check{
	{
		// A version that nobody has committed is no finding: of one that is
		// replaced just now a storage may tell another.
		ID: "race/infos", Clauses: []string{"R2", "C6", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "While a stream is overwritten with others of other sizes, everything that looks tells size and version of one of them.",
		run: checkInfosRace,
	},
	{
		// An Info that is asked for afterwards is another's in every round in
		// which two publish at once.
		ID: "race/own-info", Clauses: []string{"W11"}, Level: Must, Profile: Core,
		Doc: "Of those that publish under one name at once, in every way, each is told the Info of its own content.",
		run: checkOwnInfoRace,
	},
}

func checkInfosRace(t *trial) {
	p := t.path("dir/a")
	var mu sync.Mutex
	committed := map[fsbase.Version]int64{}
	told := map[string]map[fsbase.Version]int64{} // by who told it
	note := func(who string, info fsbase.Info, err error) {
		if errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
			return // which other checks judge
		} else if err != nil {
			t.errorf(infoClauses[who], "%s of %q, which is overwritten meanwhile: %v", who, p, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if told[who] == nil {
			told[who] = map[fsbase.Version]int64{}
		}
		if size, ok := told[who][info.Version]; ok && size != info.Size {
			t.errorf(infoClauses[who], "%s of %q tells the version %q with %d bytes and with %d", who, p, info.Version, size, info.Size)
		}
		told[who][info.Version] = info.Size
	}
	sizes := []int{10, 3000, 500, 70}
	publish := func(round int) {
		info := t.put(p, content(uint64(round), sizes[round%len(sizes)]+round))
		mu.Lock()
		defer mu.Unlock()
		committed[info.Version] = info.Size
	}
	publish(0)
	looks := t.infoLooks(p)
	t.watch(max(10, t.env.limits.Rounds/2), func(round int) { publish(round + 1) }, func() {
		for who, look := range looks {
			info, err := look()
			note(who, info, err)
		}
	})
	for who, infos := range told {
		for v, size := range infos {
			if want, ok := committed[v]; ok && want != size {
				t.errorf(infoClauses[who], "%s of %q, while it is overwritten, tells the version %q with %d bytes, which was committed with %d", who, p, v, size, want)
			}
		}
	}
}

// infoClauses are what a wrong Info breaks, by who tells it.
var infoClauses = map[string]string{"OpenStream": "R2", "Stat": "C7", "ReadRanges": "C6", "List": "C8"}

// infoLooks are all calls that tell the Info of p.
func (t *trial) infoLooks(p string) map[string]func() (fsbase.Info, error) {
	looks := map[string]func() (fsbase.Info, error){"OpenStream": func() (fsbase.Info, error) {
		r, err := t.fs.OpenStream(t.ctx, p)
		if err != nil {
			return fsbase.Info{}, err
		}
		defer r.Close()
		return r.Info(), nil
	}}
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		looks["Stat"] = func() (fsbase.Info, error) { return s.Stat(t.ctx, p) }
	}
	if r, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		looks["ReadRanges"] = func() (fsbase.Info, error) {
			return r.ReadRanges(t.ctx, p, "", []fsbase.Range{{Dst: make([]byte, 5)}})
		}
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		looks["List"] = func() (found fsbase.Info, err error) {
			err = fs.ErrNotExist
			for info, lerr := range l.List(t.ctx, p) {
				if lerr != nil || info.Path == p {
					found, err = info, lerr
				}
			}
			return found, err
		}
	}
	return looks
}

func checkOwnInfoRace(t *trial) {
	p := t.path("dir/a")
	var ways []way
	for _, w := range t.ways() {
		if w.cond == "" {
			ways = append(ways, w)
		}
	}
	prepared := make([]publication, racers)
	for i := range prepared {
		own := t.on(t.fs)
		own.root = t.prefix(fmt.Sprintf("from-%d", i))
		prepared[i] = ways[i/2%len(ways)].begin(own, p, content(uint64(i+1), 200+i))
	}
	for round := range max(racers, t.env.limits.Rounds/4) {
		versions := make([]fsbase.Version, racers)
		t.together(contenders(round), func(i int) func() {
			who := (2*round + i) % racers // both of one way in most rounds
			w := ways[who/2%len(ways)]
			return func() {
				info, err := prepared[who](t, fsbase.Condition{})
				if err != nil {
					t.errorf("W11", "round %d: %s to %q among others: %v", round, w.what, p, err)
				} else if versions[who] = info.Version; info.Size != int64(200+who) {
					t.errorf("W11", "round %d: %s of %d bytes to %q among others tells the size %d", round, w.what, 200+who, p, info.Size)
				}
			}
		})
		seen := map[fsbase.Version]int{}
		for who, v := range versions {
			if other, ok := seen[v]; ok && v != "" {
				t.errorf("W11", "round %d: writers %d and %d of %q, of other contents, are both told the version %q", round, other, who, p, v)
			}
			seen[v] = who
		}
	}
}
