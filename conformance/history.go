package conformance

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// act is what a client of a history does to the name.
type act string

const (
	actWrite     act = "write"
	actExclusive act = "create"
	actSwap      act = "swap"
	actRemove    act = "remove"
	actRead      act = "read"
	actExists    act = "exists"
	actStat      act = "stat"
)

// asked is a call on the one name of a history. Contents are numbers from 1;
// 0 is absence.
type asked struct {
	act   act
	next  int // what a write would put there
	old   int // what a swap wants to replace
	who   int
	start int64
}

// told is the answer to it.
type told struct {
	found   int  // what a look has seen
	done    bool // of a write: it is there; of Exists: something is
	unknown bool // whether it is there, nobody says
}

// history records what clients do to one name.
type history struct {
	clock atomic.Int64

	mu  sync.Mutex
	ops []porcupine.Operation
}

func (h *history) ask(who int, a asked) asked {
	a.who, a.start = who, h.clock.Add(1)
	return a
}

// answer records the end of a call. One whose outcome is unknown may take
// effect at any time from now on.
func (h *history) answer(a asked, t told) {
	end := h.clock.Add(1)
	if t.unknown {
		end = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: a.who, Input: a, Call: a.start, Output: t, Return: end})
}

// step is what one name does: it takes calls one after the other. It returns
// false when it cannot have answered so.
func step(there int, a asked, t told) (bool, int) {
	holds := a.act == actWrite || a.act == actExclusive && there == 0 || a.act == actSwap && there == a.old
	switch a.act {
	case actWrite, actExclusive, actSwap:
		if holds && (t.done || t.unknown) {
			return true, a.next
		}
		return t.unknown || !holds && !t.done, there
	case actRemove:
		return true, 0
	case actExists:
		return t.done == (there != 0), there
	}
	return t.found == there, there
}

var oneName = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		ok, next := step(state.(int), input.(asked), output.(told))
		return ok, next
	},
	Hash: func(state any) uint64 { return uint64(state.(int)) },
}

// enough is how long porcupine may search. Histories are so short that it
// needs milliseconds.
const enough = 30 * time.Second

// linearize tells in what the history is not that of one name that takes one
// call at a time, "" if it is.
func (h *history) linearize() string {
	res, info := porcupine.CheckOperationsVerbose(oneName, h.ops, enough)
	if res == porcupine.Ok {
		return ""
	}
	explained := 0
	for _, orders := range info.PartialLinearizationsOperations() {
		for _, order := range orders {
			explained = max(explained, len(order))
		}
	}
	if res == porcupine.Unknown {
		return fmt.Sprintf("no verdict on %d calls within %v", len(h.ops), enough)
	}
	return fmt.Sprintf("no order of these calls, each between its begin and its end, explains more than %d of %d answers:%s",
		explained, len(h.ops), h)
}

// String lists the calls in the order of their beginnings.
func (h *history) String() string {
	ops := slices.SortedFunc(slices.Values(h.ops), func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var b strings.Builder
	for _, op := range ops {
		end := fmt.Sprint(op.Return)
		if op.Return == math.MaxInt64 {
			end = "…"
		}
		fmt.Fprintf(&b, "\n  %d–%s client %d: %v → %v", op.Call, end, op.ClientId, op.Input, op.Output)
	}
	return b.String()
}

func (a asked) String() string {
	switch a.act {
	case actWrite, actExclusive:
		return fmt.Sprintf("%s %d", a.act, a.next)
	case actSwap:
		return fmt.Sprintf("swap %d for %d", a.old, a.next)
	}
	return string(a.act)
}

func (t told) String() string {
	switch {
	case t.unknown:
		return "unknown"
	case t.found != 0:
		return fmt.Sprint(t.found)
	case t.done:
		return "yes"
	}
	return "no"
}
