package conformance

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// longestProgram bounds what Fuzz runs of its input.
const longestProgram = 300 * wordSize

// Fuzz runs programs of calls, which the fuzzer makes up, on a backend and on a
// model, as the check model/random does:
//
//	func FuzzModel(f *testing.F) { conformance.Fuzz(f, harness) }
//
// New, Reopen and Limits of the harness are used.
func Fuzz(f *testing.F, h Harness) {
	f.Helper()
	if h.New == nil {
		f.Fatal("conformance: Harness.New is required")
	}
	for seed := range uint64(8) {
		f.Add(randomProgram(rand.New(rand.NewPCG(seed, 0))))
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		env, err := newEnvironment(modelChecks, h.Limits, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := &trial{
			record: &record{check: modelChecks[0]}, ctx: t.Context(),
			fs: h.New(t), env: h.bind(t, env),
		}
		failure, calls := m.execute(program[:min(len(program), longestProgram)], m.handles(), "fuzz")
		if failure != "" {
			t.Errorf("%s\nafter the calls\n  %s", failure, strings.Join(calls, "\n  "))
		}
	})
}
