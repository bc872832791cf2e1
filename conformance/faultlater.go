package conformance

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// The checks here let a fault meet the later requests of a read or a removal.
var faultLaterChecks = []Check{
	{
		ID: "faults/later-read", Clauses: []string{"R3", "C6", "E4", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanForbid},
		Doc: "Whichever request of a large ReadAt or of several ranges fails: all is read, or the error says why; it is never the end of the stream.",
		run: checkLaterRead,
	},
	{
		ID: "faults/later-page", Clauses: []string{"C10", "E4", "E1"}, Level: Must, Profile: List, Needs: []Capability{CanForbid, RemoveAller},
		Doc: "RemoveAll that may not list, or not a later page, yields that, and does not end as if it were done.",
		run: checkLaterPage,
	},
}

func checkLaterRead(t *trial) {
	p, whole := t.path("a"), content(1, t.severalParts())
	info := t.put(p, whole)
	r := t.open(p)
	defer r.Close()
	buf := make([]byte, len(whole))
	reads := map[string]func() ([]byte, error){"R3": func() ([]byte, error) {
		n, err := r.ReadAt(buf, 0)
		return buf[:n], err
	}}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		var ranges []fsbase.Range
		for off := 0; off < len(buf); off += len(buf)/3 + 1 {
			ranges = append(ranges, fsbase.Range{Offset: int64(off), Dst: buf[off:min(len(buf), off+len(buf)/3+1)]})
		}
		reads["C6"] = func() ([]byte, error) {
			_, err := c.ReadRanges(t.ctx, p, info.Version, ranges)
			return buf, err
		}
	}
	parts := 0
	for clause, read := range reads {
		for _, d := range []struct {
			arm   Arm
			class error
			times int
		}{{t.env.faults.Forbid, fs.ErrPermission, 0}, {t.env.faults.Forbid, fs.ErrPermission, 1}, {t.env.faults.Refuse, fsbase.ErrThrottled, 0}, {t.env.faults.Truncate, nil, 1}} {
			if d.arm == nil {
				continue
			}
			// denied returns false when there are fewer requests.
			denied := func(skip int) bool {
				clear(buf)
				var got []byte
				var err error
				struck, ok := t.under(d.arm, Fault{On: ToRead, Skip: skip, Times: d.times}, func() { got, err = read() })
				if !ok || struck == 0 {
					return false
				}
				parts++
				said := fmt.Sprintf("a read of %d bytes of %q, of which requests after %d are denied or end early (%d, 0 for all),", len(buf), p, skip, d.times)
				t.wantTold(said, err)
				t.wantReadOrClass(clause, said, got, whole, err, d.class)
				return true
			}
			skip := 0
			for skip < 4 && denied(skip) {
				skip++
			}
			if skip == 4 {
				t.oftenLast(skip-1, denied)
			}
		}
	}
	t.fruitless(parts)
}

// wantReadOrClass demands all bytes, or an error of the class, nil for any, and
// right bytes before it.
func (t *trial) wantReadOrClass(clause, said string, got, whole []byte, err, class error) {
	switch {
	case err == nil || err == io.EOF:
		if !bytes.Equal(got, whole) {
			t.errorf(clause, "%s: %v, and %s", said, err, difference(got, whole))
		}
	case !isDenied(err, class):
		t.errorf("E4", "%s: %v, which is not %v alone", said, err, class)
	case clause == "R3" && !bytes.Equal(got, whole[:len(got)]):
		t.errorf(clause, "%s: %d bytes, which are others", said, len(got))
	}
}

func checkLaterPage(t *trial) {
	var offered []Fault
	for _, f := range []Fault{{On: ToList}, {On: ToList, Skip: 1}, {On: ToList, Skip: 2}, {On: ToRemove, Skip: 1}} {
		if _, ok := t.under(t.env.faults.Forbid, f, func() {}); ok {
			offered = append(offered, f)
		}
	}
	t.fruitless(len(offered))
	names := t.putMany()
	parts := 0
	for _, f := range offered {
		gone := map[string]bool{}
		var last error
		struck, _ := t.under(t.env.faults.Forbid, f, func() {
			for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("many/")) {
				if last = err; err == nil {
					gone[name] = true
				}
			}
		})
		t.bulk(len(names), func(i int) {
			if i%100 == 0 {
				t.wantExists("C10", names[i], !gone[names[i]])
			}
			if gone[names[i]] {
				t.put(names[i], nil)
			}
		})
		if struck == 0 {
			continue // the names are fewer pages
		}
		parts++
		said := fmt.Sprintf("RemoveAll of %d names, which may %s %d times,", len(names), f.On, f.Skip)
		t.wantTold(said, last)
		if last != nil {
			t.wantDenied(last, said, fs.ErrPermission)
		} else if len(gone) < len(names) {
			t.errorf("C10", "%s yields %d and no error", said, len(gone))
		}
	}
	t.fruitless(parts)
}
