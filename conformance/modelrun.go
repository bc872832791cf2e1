package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var modelChecks = []Check{
	{
		// A fault that a program shows with probability q escapes R/2 of them
		// with (1-q)^(R/2): at the default of 200 rounds 0.1 % for q = 7 %.
		ID: "model/random", Clauses: modelClauses, Level: Must, Profile: Core,
		Doc: "Random programs of all calls, in one goroutine, answer as a map of names does.",
		run: checkModel,
	},
	{
		ID: "model/together", Clauses: append([]string{"O6"}, modelClauses...), Level: Must, Profile: Core,
		Doc: "Random programs in many folders at once answer as if each were alone.",
		run: checkModelTogether,
	},
}

var modelClauses = []string{
	"W1", "W4", "W5", "W11", "R1", "R2", "R3", "R5", "R6", "O1", "O2", "O3", "O4", "O5",
	"C2", "C3", "C4", "C6", "C7", "C8", "C9", "C10",
}

// instructions are the calls of programs. What is there twice comes twice as
// often.
var instructions = []func(m *machine, a, b, c byte){
	(*machine).create, (*machine).create, (*machine).create, (*machine).write, (*machine).write, (*machine).write,
	(*machine).commitWriter, (*machine).commitWriter, (*machine).commitWriter, (*machine).discard,
	(*machine).writeWhole, (*machine).writeWhole, (*machine).writeWhole, (*machine).copyStream,
	(*machine).upload, (*machine).upload, (*machine).copyStream, (*machine).rename, (*machine).rename,
	(*machine).removeOne, (*machine).removeOne, (*machine).removeMany, (*machine).mkdir, (*machine).late,
	(*machine).openReader, (*machine).openReader, (*machine).readOpen, (*machine).readOpen, (*machine).look1,
	(*machine).listSome, (*machine).readSome, (*machine).readSome, (*machine).change,
}

// wordSize is how many bytes of a program are one call: what, and its choices.
const wordSize = 4

// callsOfProgram is how long random programs are.
const callsOfProgram = 60

func randomProgram(rng *rand.Rand) []byte {
	p := make([]byte, wordSize*callsOfProgram)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

// execute runs a program in a folder of its own. It returns what went wrong,
// "" for nothing, and the calls up to that. Any bytes are a program.
func (t *trial) execute(program []byte, handles []*trial, dir string) (failure string, calls []string) {
	m := newMachine(handles, dir)
	if len(program) > 0 {
		m.focus = program[0]
	}
	own := m.record
	done := make(chan struct{})
	go func() { // which fatalf may end
		defer close(done)
		defer own.guard()
		for ; len(program) >= wordSize && !own.failed(); program = program[wordSize:] {
			instructions[int(program[0])%len(instructions)](m, program[1], program[2], program[3])
			m.turn++
		}
		if !own.failed() {
			m.logf("end")
			m.end()
		}
	}()
	<-done
	if own.failed() { // else end has removed everything
		t.mu.Lock()
		defer t.mu.Unlock()
		t.names = append(t.names, own.names...)
	}
	return own.detail(), m.trace
}

func checkModel(t *trial) {
	rng, handles := t.rng("programs"), t.handles()
	for run := range max(4, t.env.limits.Rounds/2) {
		program := randomProgram(rng)
		failure, calls := t.execute(program, handles, fmt.Sprintf("run-%d", run))
		if failure == "" {
			continue
		}
		if shorter, f, c := t.shrink(program, handles, run); f != "" {
			program, failure, calls = shorter, f, c
		}
		t.add(fmt.Sprintf("%s\nafter the calls\n  %s\nof the program %x", failure, strings.Join(calls, "\n  "), program))
		return
	}
}

// shrinkRuns bounds how often shrink tries.
const shrinkRuns = 300

// shrink leaves out of a program what its failure does not need. A failure that
// does not come again is "".
func (t *trial) shrink(program []byte, handles []*trial, run int) (short []byte, failure string, calls []string) {
	runs := 0
	fails := func(p []byte) bool {
		runs++
		f, c := t.execute(p, handles, fmt.Sprintf("run-%d-%d", run, runs))
		if f != "" {
			short, failure, calls = p, f, c
		}
		return f != ""
	}
	if !fails(program) {
		return program, "", nil
	}
	for step := len(program) / wordSize / 2; step > 0; step /= 2 {
		for at := 0; at < len(short) && runs < shrinkRuns; {
			end := min(len(short), at+step*wordSize)
			without := append(append([]byte(nil), short[:at]...), short[end:]...)
			if !fails(without) {
				at = end
			}
		}
	}
	return short, failure, calls
}

func checkModelTogether(t *trial) {
	handles := t.handles()
	for round := range max(2, t.env.limits.Rounds/40) {
		programs := make([][]byte, racers)
		rng := t.rng(fmt.Sprint("programs of round ", round))
		for i := range programs {
			programs[i] = randomProgram(rng)
		}
		t.each(racers, func(i int) {
			failure, calls := t.execute(programs[i], handles, fmt.Sprintf("round-%d/%d", round, i))
			if failure != "" {
				t.add(fmt.Sprintf("%s\nafter the calls\n  %s\nwhile %d other programs run", failure, strings.Join(calls, "\n  "), racers-1))
			}
		})
		if t.failed() {
			return
		}
	}
}
