package conformance

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/godcp/godcp/fsbase"
)

var foreignChecks = []Check{
	{
		ID: "swap/foreign", Clauses: []string{"C3"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "A version that no content has, or only one of another name, is a condition that does not hold, for every kind of write.",
		run: checkForeignVersions,
	},
	{
		ID: "ranged/foreign", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "A pin to a version that no content has, or only one of another name, is ErrChanged.",
		run: checkForeignPins,
	},
}

// foreignVersions are texts that are not v, the version of what is there, but
// like it, or none at all. Whoever compares versions in part, or takes what it
// cannot parse for no version, takes them for v or for anything.
func foreignVersions(v fsbase.Version) []fsbase.Version {
	turned := strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, string(v))
	all := []fsbase.Version{"garbage", "0", "*", "-1", v + "x", "x" + v, v + "0", v[:len(v)-1], v[1:], v[len(v)-1:], v[:1]}
	if fsbase.Version(turned) != v {
		all = append(all, fsbase.Version(turned))
	}
	// As numbers, tags and headers are read, these are v as well.
	all = append(all, "0"+v, "00"+v, "+"+v, " "+v, v+" ", v+"\n", v+"\x00", `"`+v+`"`, `W/"`+v+`"`)
	foreign := all[:0]
	for _, f := range all {
		if f != "" && f != v {
			foreign = append(foreign, f)
		}
	}
	return foreign
}

// putVersioned writes data until its version has more than one byte: of a
// number that is small nothing can be left away.
func (t *trial) putVersioned(p string, data []byte) (info fsbase.Info) {
	for range 20 {
		if info = t.put(p, data); len(info.Version) > 1 {
			break
		}
		t.put(p, content(9, 30))
	}
	return info
}

func checkForeignVersions(t *trial) {
	p, other, absent := t.path("a"), t.path("other"), t.path("absent")
	kept, data := content(1, 3000), content(2, 3000)
	info := t.putVersioned(p, kept)
	foreign := append(foreignVersions(info.Version), t.put(other, content(3, 3000)).Version)
	for _, w := range t.ways() {
		if w.cond != ifVersion {
			continue
		}
		publish, create := w.begin(t, p, data), w.begin(t, absent, data)
		for _, v := range foreign {
			if v == info.Version { // versions of two names may be one
				continue
			}
			_, err := publish(t, fsbase.IfVersion(v))
			t.wantStale(err, "%s to %q, which has the version %q, of the version %q", w.what, p, info.Version, v)
			t.wantContent("C3", p, kept)
			if now := t.info(p).Version; now != info.Version {
				t.errorf("C3", "%s of the version %q changes that of %q from %q to %q", w.what, v, p, info.Version, now)
				return
			}
			_, err = create(t, fsbase.IfVersion(v))
			t.wantStale(err, "%s to %q, which is not there, of the version %q", w.what, absent, v)
			if t.failed() {
				t.wantAbsent("C3", absent)
				return
			}
		}
		t.wantAbsent("C3", absent)
	}
}

func checkForeignPins(t *trial) {
	p, other := t.path("a"), t.path("other")
	data := content(1, 3000)
	info := t.putVersioned(p, data)
	foreign := append(foreignVersions(info.Version), t.put(other, content(3, 3000)).Version)
	for _, v := range foreign {
		if v == info.Version {
			continue
		}
		for _, ranges := range [][]fsbase.Range{nil, {{Offset: 100, Dst: make([]byte, 100)}}} {
			_, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, v, ranges)
			t.wantIs("C6", err, fmt.Sprintf("ReadRanges of %d ranges of %q, which has the version %q, pinned to %q", len(ranges), p, info.Version, v), fsbase.ErrChanged)
		}
	}
	buf := make([]byte, 100)
	if _, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, info.Version, []fsbase.Range{{Offset: 100, Dst: buf}}); err != nil || !bytes.Equal(buf, data[100:200]) {
		t.errorf("C6", "ReadRanges of %q pinned to its version: %v, %s", p, err, difference(buf, data[100:200]))
	}
}
