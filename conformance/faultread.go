package conformance

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

var faultReadChecks = []Check{
	{
		ID: "faults/refused-read", Clauses: []string{"E4", "O1", "R3", "C6", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "What cannot be read because the storage is too busy is ErrThrottled, and never absent.",
		run: func(t *trial) { t.deniedRead(t.env.faults.Refuse, fsbase.ErrThrottled) },
	},
	{
		ID: "faults/forbidden-read", Clauses: []string{"E4", "O1", "R3", "C6", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanForbid},
		Doc: "What the caller may not read is fs.ErrPermission, and never absent.",
		run: func(t *trial) { t.deniedRead(t.env.faults.Forbid, fs.ErrPermission) },
	},
	{
		ID: "faults/lost-read", Clauses: []string{"E4", "O1", "R3", "C6", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanLose},
		Doc: "What is read and not answered is asked for again, or an error, and never absent.",
		run: func(t *trial) { t.deniedRead(t.env.faults.Lose, nil) },
	},
	{
		ID: "faults/truncated", Clauses: []string{"R3", "C6", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanTruncate},
		Doc: "An answer whose body ends early is asked for again or an error: never short data, nor the end of the stream.",
		run: checkTruncated,
	},
	{
		ID: "faults/refused-list", Clauses: []string{"C8", "E4", "E1"}, Level: Must, Profile: List, Needs: []Capability{CanRefuse, Lister},
		Doc: "A listing that fails, at its first page or a later one, ends with an error, not as if it were whole.",
		run: func(t *trial) {
			parts, names := 0, t.putMany()
			slices.Sort(names)
			for _, c := range []struct {
				arm   Arm
				class error
			}{{t.env.faults.Refuse, fsbase.ErrThrottled}, {t.env.faults.Forbid, fs.ErrPermission}, {t.env.faults.Lose, nil}, {t.env.faults.Truncate, nil}} {
				if c.arm != nil {
					parts += t.deniedList(names, c.arm, c.class)
				}
			}
			t.fruitless(parts)
		},
	},
}

// deniedRead demands that reads which meet the fault are of a class, or
// succeed because they were tried again.
func (t *trial) deniedRead(arm Arm, class error) {
	p, absent, whole := t.path("dir/a"), t.path("dir/absent"), content(1, 70_000)
	t.put(p, whole)
	parts := 0
	for name, there := range map[string][]byte{p: whole, absent: nil} {
		for what, look := range t.looks(name, there) {
			for _, times := range []int{0, 1} {
				var right bool
				var err error
				if !t.mustStrike(arm, Fault{On: ToRead, Times: times}, func() { right, err = look() }) {
					continue
				}
				parts++
				t.wantTold(what+", which the storage denies", err)
				if !right && !isDenied(err, class) {
					t.errorf("E4", "%s(%q), which the storage denies: %v, which is not %v alone", what, name, err, class)
				}
			}
		}
	}
	t.fruitless(parts)
	r := t.open(p)
	defer r.Close()
	buf := make([]byte, 1000)
	var n int
	var err error
	t.under(arm, Fault{On: ToRead}, func() { n, err = r.ReadAt(buf, 5000) })
	t.wantTold("ReadAt, which the storage denies", err)
	if d := difference(buf[:n], whole[5000:6000]); !isDenied(err, class) && (err != nil || d != "") {
		t.errorf("R3", "ReadAt of %q, which the storage denies: %v, which is not %v alone; %s", p, err, class, d)
	}
	t.wantContent("R3", p, whole)
}

// looks are the calls that ask whether name is there, and tell whether the
// answer is right.
func (t *trial) looks(name string, there []byte) map[string]func() (bool, error) {
	right := func(err error) bool {
		return err == nil && there != nil || errors.Is(err, fs.ErrNotExist) && there == nil
	}
	looks := map[string]func() (bool, error){
		"OpenStream": func() (bool, error) {
			got, err := t.read(name)
			return right(err) && difference(got, there) == "", err
		},
		"Exists": func() (bool, error) {
			ok, err := t.fs.Exists(t.ctx, name)
			if err == nil && ok != (there != nil) {
				t.errorf("O1", "Exists(%q), which the storage denies: %v, nil", name, ok)
			}
			return err == nil && ok == (there != nil), err
		},
	}
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		looks["Stat"] = func() (bool, error) {
			info, err := s.Stat(t.ctx, name)
			return right(err) && info.Size == int64(len(there)), err
		}
	}
	if r, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		looks["ReadRanges"] = func() (bool, error) {
			buf := make([]byte, 1000)
			_, err := r.ReadRanges(t.ctx, name, "", []fsbase.Range{{Offset: 5000, Dst: buf}})
			if err == nil && there != nil && difference(buf, there[5000:6000]) != "" {
				t.errorf("C6", "ReadRanges(%q), which the storage denies, is nil and reads other bytes", name)
			}
			return right(err), err
		}
	}
	return looks
}

func checkTruncated(t *trial) {
	p, whole := t.path("a"), content(1, 70_000)
	t.put(p, whole)
	parts := 0
	for _, f := range []Fault{{On: ToRead}, {On: ToRead, Times: 1}, {On: ToRead, Skip: 1, Times: 1}} {
		for _, span := range [][2]int{{0, 70_000}, {0, 1000}, {60_000, 10_000}, {65_000, 10_000}} {
			want := whole[span[0]:min(len(whole), span[0]+span[1])]
			what := fmt.Sprintf("of %d bytes at %d of %q, whose answer ends early,", span[1], span[0], p)
			r := t.open(p)
			buf := make([]byte, span[1])
			var n int
			var err error
			_, ok := t.under(t.env.faults.Truncate, f, func() { n, err = r.ReadAt(buf, int64(span[0])) })
			r.Close()
			if !ok {
				continue
			}
			parts++
			t.wantTold("ReadAt whose answer ends early", err)
			if d := difference(buf[:n], want[:min(n, len(want))]); d != "" {
				t.errorf("R3", "ReadAt %s reads other bytes: %s", what, d)
			} else if n < len(want) && (err == nil || err == io.EOF) {
				t.errorf("R3", "ReadAt %s: %d, %v", what, n, err)
			}
			if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok && span[0]+span[1] <= len(whole) {
				clear(buf)
				t.under(t.env.faults.Truncate, f, func() {
					_, err = c.ReadRanges(t.ctx, p, "", []fsbase.Range{{Offset: int64(span[0]), Dst: buf}})
				})
				t.wantTold("ReadRanges whose answer ends early", err)
				if d := difference(buf, want); err == nil && d != "" {
					t.errorf("C6", "ReadRanges %s: no error, %s", what, d)
				}
			}
		}
	}
	t.fruitless(parts)
}

// deniedList returns how many faults the harness had.
func (t *trial) deniedList(names []string, arm Arm, class error) (parts int) {
	for _, f := range []Fault{
		{On: ToList},
		{On: ToList, Times: 1},
		{On: ToList, Skip: 1},
		{On: ToList, Skip: 1, Times: 1},
		{On: ToList, Skip: 2},
		{On: ToList, Skip: 2, Times: 1},
		{On: ToList, Skip: 3, Times: 1},
		{On: ToList, Skip: 4, Times: 1},
	} {
		var got []string
		var last error
		_, ok := t.under(arm, f, func() {
			for info, err := range as[fsbase.Lister](t).List(t.ctx, t.prefix("many/")) {
				if last != nil {
					t.errorf("C8", "List goes on after the error %v", last)
				}
				if last = err; err == nil {
					got = append(got, info.Path)
				}
			}
		})
		if !ok {
			continue
		}
		parts++
		t.wantTold("List, which the storage denies", last)
		switch {
		case last == nil && !slices.Equal(got, names):
			t.errorf("C8", "List of %d names, of which the storage denies a part, yields %d and no error", len(names), len(got))
		case last != nil && class != nil:
			t.wantDenied(last, "List, which the storage denies", class)
		}
	}
	return parts
}
