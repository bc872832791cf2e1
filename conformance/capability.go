package conformance

import (
	"errors"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// Capability is something that a check needs and that may be absent: an
// optional interface of package fsbase, by its name, or something that only
// the harness can do.
type Capability string

// The capabilities of backends, each found by fsbase.As.
const (
	ExclusiveCreator Capability = "ExclusiveCreator"
	Swapper          Capability = "Swapper"
	Uploader         Capability = "Uploader"
	RangeReader      Capability = "RangeReader"
	Stater           Capability = "Stater"
	Lister           Capability = "Lister"
	Copier           Capability = "Copier"
	RemoveAller      Capability = "RemoveAller"
	PartLimiter      Capability = "PartLimiter"
	Unsyncer         Capability = "Unsyncer"
)

// The capabilities of harnesses.
const (
	CanReopen  Capability = "harness: Reopen"
	CanCrash   Capability = "harness: Crash"
	CanResidue Capability = "harness: Residue"

	CanLose        Capability = "harness: Faults.Lose"
	CanRefuse      Capability = "harness: Faults.Refuse"
	CanForbid      Capability = "harness: Faults.Forbid"
	CanTellLibrary Capability = "harness: Faults.Library"
	CanTruncate    Capability = "harness: Faults.Truncate"
)

// probes finds each capability of a backend.
var probes = []struct {
	name  Capability
	found func(fsbase.FileSystemBase) bool
}{
	{ExclusiveCreator, has[fsbase.ExclusiveCreator]},
	{Swapper, has[fsbase.Swapper]},
	{Uploader, has[fsbase.Uploader]},
	{RangeReader, has[fsbase.RangeReader]},
	{Stater, has[fsbase.Stater]},
	{Lister, has[fsbase.Lister]},
	{Copier, has[fsbase.Copier]},
	{RemoveAller, has[fsbase.RemoveAller]},
	{PartLimiter, has[fsbase.PartLimiter]},
	{Unsyncer, has[fsbase.Unsyncer]},
}

func has[T any](fsys fsbase.FileSystemBase) bool {
	_, ok := fsbase.As[T](fsys)
	return ok
}

// capabilitiesOf returns what fsbase.As finds, in the order of probes.
func capabilitiesOf(fsys fsbase.FileSystemBase) []Capability {
	found := []Capability{}
	for _, p := range probes {
		if p.found(fsys) {
			found = append(found, p.name)
		}
	}
	return found
}

// missing returns what of need is not in have.
func missing(need, have []Capability) []Capability {
	return slices.DeleteFunc(slices.Clone(need), func(c Capability) bool {
		return slices.Contains(have, c)
	})
}

// as is fsbase.As for a check whose Needs name the capability.
func as[T any](t *trial) T {
	c, ok := fsbase.As[T](t.fs)
	if !ok {
		t.fatalf("the capability %T is not there any more", &c)
	}
	return c
}

var capabilityChecks = []Check{
	{
		ID: "capability/honest", Clauses: []string{"C1"}, Level: Must, Profile: Core,
		Doc: "What As finds works: no capability that is there answers errors.ErrUnsupported.",
		run: checkHonest,
	},
	{
		ID: "capability/part-limits", Clauses: []string{"C1"}, Level: Must, Profile: Core,
		Needs: []Capability{PartLimiter},
		Doc:   "PartLimits are sizes: never negative, and a part fits into an object.",
		run:   checkPartLimits,
	},
	{
		ID: "capability/stat", Clauses: []string{"C7", "R1", "R6"}, Level: Must, Profile: Core,
		Needs: []Capability{Stater},
		Doc:   "Stat says what OpenStream's Info says, at once after a commit, and fs.ErrNotExist for what OpenStream cannot open.",
		run:   checkStat,
	},
	{
		ID: "capability/stat-cancelled", Clauses: []string{"O5"}, Level: Must, Profile: Core,
		Needs: []Capability{Stater},
		Doc:   "Stat under a done context fails with the context's error.",
		run: func(t *trial) {
			p := t.path("a")
			t.put(p, []byte("x"))
			t.wantCancelled("Stat", func(t *trial) error {
				_, err := as[fsbase.Stater](t).Stat(t.ctx, p)
				return err
			})
		},
	},
}

func checkHonest(t *trial) {
	src := t.path("src")
	info := t.put(src, []byte("source"))
	answer := func(c Capability, err error) {
		if errors.Is(err, errors.ErrUnsupported) {
			t.errorf("C1", "As finds %s, yet it answers %v", c, err)
		}
	}
	if c, ok := fsbase.As[fsbase.ExclusiveCreator](t.fs); ok {
		_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateExclusive(t.ctx, t.path("new")) }, nil)
		answer(ExclusiveCreator, err)
	}
	if c, ok := fsbase.As[fsbase.Swapper](t.fs); ok {
		_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateSwap(t.ctx, src, info.Version) }, nil)
		answer(Swapper, err)
	}
	if c, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		_, err := c.Upload(t.ctx, t.path("up"), source("x"), 1, fsbase.Condition{})
		answer(Uploader, err)
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		_, err := c.ReadRanges(t.ctx, src, "", nil)
		answer(RangeReader, err)
	}
	if c, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		_, err := c.Stat(t.ctx, src)
		answer(Stater, err)
	}
	if c, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for _, err := range c.List(t.ctx, t.prefix("src")) {
			answer(Lister, err)
		}
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		_, err := c.Copy(t.ctx, src, t.path("copy"), fsbase.Condition{})
		answer(Copier, err)
	}
	if c, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		for _, err := range c.RemoveAll(t.ctx, t.prefix("copy")) {
			answer(RemoveAller, err)
		}
	}
	if c, ok := fsbase.As[fsbase.Unsyncer](t.fs); ok && c.WithoutSync() == nil {
		t.errorf("C1", "As finds %s, yet WithoutSync returns nil", Unsyncer)
	}
}

func checkPartLimits(t *trial) {
	l := as[fsbase.PartLimiter](t).PartLimits()
	if l.Read < 0 || l.Write < 0 || l.MaxObject < 0 || l.ReadsInFlight < 0 {
		t.errorf("C1", "PartLimits has a negative member: %+v", l)
	}
	if l.MaxObject > 0 && max(l.Read, l.Write) > l.MaxObject {
		t.errorf("C1", "PartLimits has a part larger than MaxObject: %+v", l)
	}
}

func checkStat(t *trial) {
	for i := range 20 {
		p := t.path("dir/a")
		want := t.put(p, content(uint64(i), 100+i))
		got, err := as[fsbase.Stater](t).Stat(t.ctx, p)
		if err != nil {
			t.errorf("R6", "Stat(%q) after Commit: %v", p, err)
			return
		}
		t.wantInfo("C7", "Stat", got, want)
		t.wantInfo("C7", "OpenStream", t.info(p), got)
	}
	for _, name := range []string{"absent", "dir", "dir/a/below"} {
		p := t.path(name)
		_, err := as[fsbase.Stater](t).Stat(t.ctx, p)
		t.wantNotExist("R1", err, "Stat(%q), which is no stream", p)
	}
}
