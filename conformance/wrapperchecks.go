package conformance

import (
	"fmt"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

var wrapperChecks = []Check{
	{
		ID: "wrapper/hands-out", Clauses: []string{"C1"}, Level: Must, Profile: Core,
		Doc: "Every capability of the backend inside is handed out, but for those that are hidden on purpose.",
		run: checkHandsOut,
	},
	{
		ID: "wrapper/bypass", Clauses: []string{"C1", "N1"}, Level: Must, Profile: Core,
		Doc: "What As finds is the wrapper's own, and does with names and bytes what the methods of the wrapper do.",
		run: checkBypass,
	},
	{
		ID: "wrapper/own-format", Clauses: []string{"W1"}, Level: Must, Profile: Core,
		Doc: "What the wrapper stores inside is, written through the wrapper, a content like any other.",
		run: checkOwnFormat,
	},
	{
		ID: "wrapper/asks", Clauses: []string{"R6", "W1"}, Level: Must, Profile: Core,
		Doc: "Every call is a call of the backend inside: nothing is answered from memory, nothing only seems done.",
		run: checkAsks,
	},
	{
		ID: "wrapper/bare", Clauses: []string{"C1"}, Level: Must, Profile: Core,
		Doc: "Around a backend without capabilities, what As still finds works.",
		run: checkBare,
	},
	{
		ID: "wrapper/errors", Clauses: []string{"E1", "E2"}, Level: Must, Profile: Core,
		Doc: "An error of the backend inside is an error, and stays reachable by errors.Is and errors.As.",
		run: checkWrappedErrors,
	},
	{
		ID: "wrapper/stream-errors", Clauses: []string{"E1", "E2"}, Level: Must, Profile: Core,
		Doc: "The same of Write, Commit and ReadAt: no write succeeds that failed inside.",
		run: checkWrappedStreamErrors,
	},
	{
		ID: "wrapper/tried-again", Clauses: []string{"W1", "W2", "W6", "E3", "O3", "C2", "C3", "C6", "R3"}, Level: Must, Profile: Core,
		Doc: "What fails once inside is not tried again without its condition, its pin or the bytes that had come or gone, and what may be done is not taken for another's, or for nothing.",
		run: checkTriedAgain,
	},
	{
		ID: "wrapper/counted-versions", Clauses: []string{"R2", "R3", "R6", "C6"}, Level: Must, Profile: Core,
		Doc: "Names that have equal versions inside, which only tell contents of one name apart, are not taken for each other.",
		run: checkCountedVersions,
	},
	{
		ID: "wrapper/error-paths", Clauses: []string{"E1", "N1"}, Level: Must, Profile: Core,
		Doc: "The path in an error is the one that the caller gave, not the one inside.",
		run: checkErrorPaths,
	},
	{
		ID: "wrapper/prefixed-names", Clauses: []string{"N1", "N3", "C8", "C10"}, Level: Must, Profile: Core,
		Doc: "A name that begins with the wrapper's prefix, once or twice, or has it within, is a name like any other.",
		run: checkPrefixedNames,
	},
	{
		ID: "wrapper/closes", Clauses: []string{"W4", "R5"}, Level: Must, Profile: Core,
		Doc: "Every stream of the backend inside that was not committed is closed with the caller's, also after a Write or Commit that failed, and with every other call.",
		run: checkInnerCloses,
	},
	{
		ID: "wrapper/contexts", Clauses: []string{"O5", "R7"}, Level: Must, Profile: Core,
		Doc: "The backend inside gets the caller's context: its values, and its end. A wrapper whose first call was under a done one works afterwards.",
		run: checkContexts,
	},
	{
		ID: "wrapper/held", Clauses: []string{"O5", "R7"}, Level: Must, Profile: Core,
		Doc: "A call under a done context, and an OpenStream whose context ends, does not wait for others that wait inside.",
		run: checkHeldInside,
	},
	{
		ID: "wrapper/outlived", Clauses: []string{"W1", "W2", "E3", "O7", "R3", "C6"}, Level: Must, Profile: Core,
		Doc: "No call inside that changes something, or has the caller's memory, outlives its call of the wrapper, but for a write that is ErrCommitUnknown.",
		run: checkOutlived,
	},
	{
		ID: "wrapper/own-answer", Clauses: []string{"R6"}, Level: Must, Profile: Core,
		Doc: "What looks after a commit does not get the answer that another got before it.",
		run: checkOwnAnswer,
	},
	{
		ID: "wrapper/escape", Clauses: []string{"N1", "C8", "C10"}, Level: Must, Profile: Core,
		Doc: "Through a wrapper with a prefix nothing outside the prefix can be seen or changed.",
		run: checkEscape,
	},
}

// WrapperChecks returns the checks that [RunWrapper] adds to the suite, in the
// order in which they run. The slice is the caller's.
func WrapperChecks() []Check { return slices.Clone(wrapperChecks) }

// everyCall is pathCalls with the calls that take a prefix.
func (t *trial) everyCall(good string) map[string]func(string) error {
	calls := t.pathCalls(good)
	if c, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		calls["List"] = func(p string) (last error) {
			for _, last = range c.List(t.ctx, p) {
			}
			return last
		}
	}
	if c, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		calls["RemoveAll"] = func(p string) (last error) {
			for _, last = range c.RemoveAll(t.ctx, p) {
			}
			return last
		}
	}
	return calls
}

func checkHandsOut(t *trial) {
	inside, outside := capabilitiesOf(t.env.wrapping.within(t.fs)), capabilitiesOf(t.fs)
	for _, c := range missing(inside, append(outside, t.env.hides...)) {
		t.errorf("C1", "the backend inside has the capability %s, and As does not find it in the wrapper", c)
	}
	for _, c := range t.env.hides {
		if slices.Contains(outside, c) {
			t.errorf("C1", "the harness says that %s is hidden, and As finds it", c)
		}
	}
}

func checkAsks(t *trial) {
	s, w := t.spied()
	p, good := t.path("dir/a"), t.path("good")
	looks := []string{"OpenStream", "Exists", "Stat", "ReadRanges", "List"}
	for op, call := range w.everyCall(good) {
		if op == "Mkdir" {
			continue // O4: it may do nothing
		}
		w.put(p, []byte("x"))
		w.put(good, []byte("y"))
		var err error
		if calls := s.during(nil, func() { err = call(p) }); len(calls) > 0 {
			continue
		}
		clause := "W1"
		if slices.Contains(looks, op) {
			clause = "R6"
		}
		t.errorf(clause, "%s(%q) returns %v, and the backend inside was not asked", op, p, err)
	}
}

func checkBare(t *trial) {
	s, _ := t.spied()
	s.bare = true
	outer := t.env.wrapping.wrap(s)
	for _, c := range capabilitiesOf(outer) {
		if c == ExclusiveCreator || c == Swapper {
			t.errorf("C1", "As finds %s in the wrapper, and the backend inside has nothing that it could be made of", c)
		}
	}
	checkHonest(t.on(outer))
}

// notes tells what a wrapper hides on purpose.
func (e *environment) notes() []string {
	if e.wrapping == nil || len(e.hides) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the wrapper hides on purpose what the backend inside may have: %v", e.hides)}
}
