package natsgroup

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/collective"
)

func TestMessages(t *testing.T) {
	for _, m := range []message{
		{kind: beat, body: []byte{}},
		{
			kind: verdict, rank: math.MaxInt32, seq: math.MaxUint64, offset: math.MaxInt64, total: math.MaxInt64,
			call: call{255, math.MaxInt32}, world: math.MaxInt32, culprit: math.MaxInt32, known: math.MaxUint64,
			text: strings.Repeat("x", mostText), body: []byte("body"),
		},
	} {
		b := m.encode()
		if len(b)-len(m.body) > headroom-sealOverhead {
			t.Errorf("%d bytes beside the body", len(b)-len(m.body))
		}
		got, err := decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got, cmp.AllowUnexported(message{}, call{})); diff != "" {
			t.Error(diff)
		}
	}
	long, err := decode(message{kind: giveUp}.withError(&remoteError{strings.Repeat("y", 9999), 1}).encode())
	if err != nil || len(long.text) != mostText || !strings.Contains(long.err().Error(), "y") {
		t.Errorf("a long text: %d bytes, %v", len(long.text), err)
	}
}

// FuzzDecode: anything is a message or an error, and a message is what it says.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(message{kind: hello, rank: 3, world: 4, text: "box"}.encode())
	f.Add(message{kind: arrive, seq: 7, call: call{scatter, 1}, total: 99, body: []byte("abc")}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(m.encode())
		if diff := cmp.Diff(m, again, cmp.AllowUnexported(message{}, call{})); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		if in, err := newIncoming(m, 1<<20); err == nil {
			if in.done() {
				if all, err := in.payloads(8); err == nil && len(all) > 8 {
					t.Fatalf("%d payloads", len(all))
				}
			}
		}
	})
}

func TestErrorsTravel(t *testing.T) {
	for _, known := range knownErrors {
		err := message{}.withError(&collective.RankError{Rank: 3, Err: known}).err()
		n := 0
		for _, k := range knownErrors {
			if errors.Is(err, k) {
				n++
			}
		}
		if !errors.Is(err, known) || n != 1 || !strings.Contains(err.Error(), known.Error()) {
			t.Errorf("%v came as %v, which is %d errors", known, err, n)
		}
	}
}

// TestSeals: a message counts for its subject, its job and its token only.
func TestSeals(t *testing.T) {
	s, err := newSeal(quick)
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.close("a.b", []byte("text"))
	if bytes.Contains(sealed, []byte("text")) || len(sealed) != len("text")+sealOverhead {
		t.Errorf("%q", sealed)
	}
	if got, err := s.open("a.b", sealed); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.open("a.c", sealed); err == nil {
		t.Error("on another subject")
	}
	for name, o := range map[string]Options{
		"token": {Token: "another"}, "job": {Token: token, Job: "j"}, "name": {Token: token, Name: "n"}, "none": {},
	} {
		other, err := newSeal(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.open("a.b", sealed); err == nil {
			t.Errorf("with another %s", name)
		}
	}
}

func TestRoots(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range []Options{{Job: "a"}, {Job: "a", Name: "b"}, {Job: "a b"}, {Job: "a.b"}, {Job: "a.*.>"}, {Job: strings.Repeat("x", 99)}} {
		r := root(o)
		if seen[r] || strings.Count(r, ".") != 2 || strings.ContainsAny(r, " *>") {
			t.Errorf("%+v: %s", o, r)
		}
		seen[r] = true
	}
}

func TestLanes(t *testing.T) {
	var l lanes
	for rank := range transfers {
		for range 2 {
			if !l.enter(rank) {
				t.Fatalf("rank %d has to wait", rank)
			}
		}
	}
	for _, rank := range []int{20, 21, 22, 20} {
		if l.enter(rank) {
			t.Errorf("rank %d enters a full place", rank)
		}
	}
	l.exit(21) // it waits no more
	for _, want := range []int{20, 22} {
		if next, ok := l.exit(want - 20); !ok || next != want {
			t.Errorf("next is %d, %v, want %d", next, ok, want)
		}
	}
	if _, ok := l.exit(1); ok {
		t.Error("somebody was in line")
	}
}
