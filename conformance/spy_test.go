package conformance

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/conformance/internal/mutants"
)

// TestEveryCapabilityHasItsPlaces holds the tables that name capabilities to
// probes, which another test holds to package fsbase.
func TestEveryCapabilityHasItsPlaces(t *testing.T) {
	var all []Capability
	for _, p := range probes {
		all = append(all, p.name)
	}
	if d := cmp.Diff(all, capabilitiesOf(&spy{inner: mutants.New(), log: &log{}})); d != "" {
		t.Errorf("capabilities (-) and what a spy hands out (+):\n%s", d)
	}
	if got := capabilitiesOf(&spy{inner: mutants.New(), log: &log{}, bare: true}); len(got) > 0 {
		t.Errorf("a bare spy hands out %v", got)
	}
	var revealing []Capability
	for _, h := range hidden {
		revealing = append(revealing, h.name)
		for _, id := range h.checks {
			i := slices.IndexFunc(Checks(), func(c Check) bool { return c.ID == id })
			if i < 0 || !slices.Equal(Checks()[i].Needs, []Capability{h.name}) {
				t.Errorf("%s is no check of %s alone", id, h.name)
			}
		}
	}
	if d := cmp.Diff(all, revealing); d != "" {
		t.Errorf("capabilities (-) and those that are looked for when hidden (+):\n%s", d)
	}
	handing := []Capability{PartLimiter} // what it hands out does nothing
	for _, h := range handed {
		handing = append(handing, h.name)
		if _, ok := h.get(&spy{inner: mutants.New(), log: &log{}}).(planted); !ok {
			t.Errorf("the %s of a spy is not marked", h.name)
		}
		if h.get(bareStore{}) != nil {
			t.Errorf("%s is found where it is not", h.name)
		}
	}
	slices.Sort(all)
	slices.Sort(handing)
	if d := cmp.Diff(all, handing); d != "" {
		t.Errorf("capabilities (-) and those that must be the wrapper's own (+):\n%s", d)
	}
}

// bareStore has no capability.
type bareStore struct{ *mutants.Store }

func (bareStore) AsCapability(any) bool { return false }

func TestSuiteDigest(t *testing.T) {
	checks := Checks()
	was := suiteOf(checks)
	checks[0].Doc = "Put better."
	if got := suiteOf(checks); got != was {
		t.Errorf("%+v instead of %+v", got, was)
	}
	for name, change := range map[string]func(){
		"level":   func() { checks[1].Level = Should },
		"clauses": func() { checks[2].Clauses = nil },
		"needs":   func() { checks[3].Needs = []Capability{Lister} },
		"fewer":   func() { checks = checks[1:] },
	} {
		before := suiteOf(checks)
		if change(); suiteOf(checks).Digest == before.Digest {
			t.Errorf("%s: the same digest", name)
		}
	}
}
