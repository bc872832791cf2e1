package torchfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

// edit changes the usual small archive: data.pkl, data/0, version.
func edit(change func(z *rawZip)) []byte {
	z := rawZip{entries: []rawEntry{
		entry("archive/data.pkl", []byte("pickle")), entry("archive/data/0", make([]byte, 24)), entry("archive/version", []byte("3\n")),
	}}
	change(&z)
	return z.bytes()
}

func all(z *rawZip, change func(e *rawEntry)) {
	for i := range z.entries {
		change(&z.entries[i])
	}
}

func named(names ...string) func(z *rawZip) {
	return func(z *rawZip) {
		for _, n := range names {
			z.entries = append(z.entries, entry(n, []byte("x")))
		}
	}
}

func with(name, data string) func(z *rawZip) {
	return func(z *rawZip) {
		e := entry("archive/"+name, []byte(data))
		for i := range z.entries {
			if z.entries[i].name == e.name {
				z.entries[i] = e
				return
			}
		}
		z.entries = append(z.entries, e)
	}
}

// payload is edit for one field of data/0.
func payload(change func(e *rawEntry)) func(z *rawZip) {
	return func(z *rawZip) { change(&z.entries[1]) }
}

func descriptors(z *rawZip) { all(z, func(e *rawEntry) { e.flags |= flagDescriptor }) }

// zip64Extra is a field with id 1.
func zip64Extra(values ...uint64) []byte {
	b := []byte{1, 0, byte(8 * len(values)), 0}
	for _, v := range values {
		b = le.AppendUint64(b, v)
	}
	return b
}

func TestOpen(t *testing.T) {
	long := strings.Repeat("c", 60000)
	tests := map[string]struct {
		change func(z *rawZip)
		want   ckpterr.Class
	}{
		"plain":                  {func(z *rawZip) {}, ""},
		"comment":                {func(z *rawZip) { z.comment = []byte("a comment") }, ""},
		"long comment":           {func(z *rawZip) { z.comment = []byte(long) }, ""},
		"end record in comment":  {func(z *rawZip) { z.comment = []byte(sigEnd + strings.Repeat("\x00", 18)) }, ckpterr.BadArchive},
		"zip64 end":              {func(z *rawZip) { z.zip64 = true }, ""},
		"zip64 end, count":       {func(z *rawZip) { z.zip64, z.count64 = true, 1 }, ckpterr.BadArchive},
		"zip64 end, only":        {func(z *rawZip) { z.zip64, z.ones = true, true }, ckpterr.BadArchive},
		"all ones, no zip64":     {func(z *rawZip) { z.ones = true }, ckpterr.BadArchive},
		"descriptors":            {descriptors, ""},
		"descriptors of 64 bits": {func(z *rawZip) { descriptors(z); all(z, func(e *rawEntry) { e.descriptor64 = true }) }, ""},
		"trailing bytes":         {func(z *rawZip) { z.trailing = make([]byte, 1000) }, ""},
		"other extra fields":     {payload(func(e *rawEntry) { e.extra = append([]byte("FB\x03\x00ZZZ"), "UT\x00\x00"...) }), ""},
		"torn extra field":       {payload(func(e *rawEntry) { e.extra = []byte("FB\xff\xffZ") }), ""},

		"leading junk":         {func(z *rawZip) { z.before = []byte("junk") }, ckpterr.BadArchive},
		"bytes before the end": {func(z *rawZip) { z.gap = []byte("junk") }, ckpterr.BadArchive},
		"count one too many":   {func(z *rawZip) { z.count = 1 }, ckpterr.BadArchive},
		"count one too few":    {func(z *rawZip) { z.count = -1 }, ckpterr.BadArchive},
		"count 65535":          {func(z *rawZip) { z.count = 65532 }, ckpterr.BadArchive},
		"no entries":           {func(z *rawZip) { z.entries = nil }, ckpterr.BadArchive},
		"directory too long":   {func(z *rawZip) { z.dirSize = 1 }, ckpterr.BadArchive},
		"directory too short":  {func(z *rawZip) { z.dirSize = -1 }, ckpterr.BadArchive},
		"directory elsewhere":  {func(z *rawZip) { z.dirOff = -46 }, ckpterr.BadArchive},
		"directory moved":      {func(z *rawZip) { z.dirOff, z.dirSize = 46, -46 }, ckpterr.BadArchive},
		"other disk":           {func(z *rawZip) { z.disk = 1 }, ckpterr.BadArchive},

		"no root":                 {func(z *rawZip) { all(z, func(e *rawEntry) { e.name = strings.TrimPrefix(e.name, "archive/") }) }, ckpterr.BadArchive},
		"empty root":              {func(z *rawZip) { all(z, func(e *rawEntry) { e.name = strings.TrimPrefix(e.name, "archive") }) }, ckpterr.BadArchive},
		"deep root":               {func(z *rawZip) { all(z, func(e *rawEntry) { e.name = "a/" + e.name }) }, ckpterr.BadArchive},
		"other root":              {func(z *rawZip) { all(z, func(e *rawEntry) { e.name = strings.Replace(e.name, "archive", "model", 1) }) }, ""},
		"one more root":           {named("brchive/x"), ckpterr.BadArchive},
		"root as a prefix":        {named("archives/x"), ckpterr.BadArchive},
		"NUL in a name":           {named("archive/a\x00b"), ckpterr.BadArchive},
		"the same name":           {named("archive/data/0"), ckpterr.BadArchive},
		"the same name but case":  {named("archive/Data.PKL"), ckpterr.BadArchive},
		"folder entries":          {func(z *rawZip) { z.entries = append(z.entries, entry("archive/", nil), entry("archive/data/", nil)) }, ""},
		"other entries":           {named("archive/extra", "archive/.data/serialization_id", "archive/code/x.py"), ""},
		"other name in header":    {payload(func(e *rawEntry) { e.localName = "archive/data/1" }), ckpterr.BadArchive},
		"other root in header":    {payload(func(e *rawEntry) { e.localName = "brchive/data/0" }), ckpterr.BadArchive},
		"shorter name in header":  {payload(func(e *rawEntry) { e.localName = "archive/data" }), ckpterr.BadArchive},
		"encrypted":               {func(z *rawZip) { all(z, func(e *rawEntry) { e.flags |= 1 }) }, ckpterr.BadArchive},
		"encrypted in header":     {payload(func(e *rawEntry) { e.localFlags = 1 }), ckpterr.BadArchive},
		"strongly encrypted":      {payload(func(e *rawEntry) { e.flags |= 1 << 6 }), ckpterr.BadArchive},
		"masked header":           {payload(func(e *rawEntry) { e.flags |= 1 << 13 }), ckpterr.BadArchive},
		"bzip2":                   {payload(func(e *rawEntry) { e.method = 12 }), ckpterr.BadArchive},
		"method in header":        {payload(func(e *rawEntry) { e.localMethod = 8 }), ckpterr.BadArchive},
		"size in header":          {payload(func(e *rawEntry) { e.localSize = 1 }), ckpterr.BadArchive},
		"checksum in header":      {payload(func(e *rawEntry) { e.localCRC = 1 }), ckpterr.BadArchive},
		"size in directory":       {payload(func(e *rawEntry) { e.centralSize = 1 }), ckpterr.BadArchive},
		"stored, two sizes":       {payload(func(e *rawEntry) { e.size = 25 }), ckpterr.BadArchive},
		"size 4 GiB - 1":          {payload(func(e *rawEntry) { e.centralSize = 0xffffffff - 24 }), ckpterr.BadArchive},
		"size 4 GiB - 2":          {payload(func(e *rawEntry) { e.centralSize = 0xfffffffe - 24 }), ckpterr.BadArchive},
		"zip64 sizes":             {payload(func(e *rawEntry) { e.centralSize, e.centralExtra = 0xffffffff-24, zip64Extra(24, 24) }), ""},
		"zip64 sizes cut":         {payload(func(e *rawEntry) { e.centralSize, e.centralExtra = 0xffffffff-24, zip64Extra(24) }), ckpterr.BadArchive},
		"zip64 sizes huge":        {payload(func(e *rawEntry) { e.centralSize, e.centralExtra = 0xffffffff-24, zip64Extra(1<<63, 1<<63) }), ckpterr.BadArchive},
		"zip64 sizes in header":   {payload(func(e *rawEntry) { e.localSize, e.extra = 0xffffffff-24, zip64Extra(24, 24) }), ""},
		"zip64 others in header":  {payload(func(e *rawEntry) { e.localSize, e.extra = 0xffffffff-24, zip64Extra(24, 25) }), ckpterr.BadArchive},
		"zip64 none in header":    {payload(func(e *rawEntry) { e.localSize = 0xffffffff - 24 }), ckpterr.BadArchive},
		"no descriptor":           {func(z *rawZip) { descriptors(z); z.entries[1].noDescriptor = true }, ckpterr.BadArchive},
		"no descriptor at end":    {func(z *rawZip) { descriptors(z); z.entries[2].noDescriptor = true }, ckpterr.BadArchive},
		"descriptor differs":      {func(z *rawZip) { descriptors(z); z.entries[1].descriptorSize = 1 }, ckpterr.BadArchive},
		"header at another entry": {payload(func(e *rawEntry) { e.header = -10 }), ckpterr.BadArchive},
		"header in the directory": {payload(func(e *rawEntry) { e.header = 150 }), ckpterr.BadArchive},
		"header far away":         {payload(func(e *rawEntry) { e.header = 1 << 30 }), ckpterr.BadArchive},
		"two entries, one header": {func(z *rawZip) {
			// data/1 lies where data/0 lies: the bytes of a bomb, used twice.
			e := z.entries[1]
			e.name, e.localName = "archive/data/1", "archive/data/0"
			e.header = -int64(localLen + len(e.name) + 24 + localLen + len("archive/version") + 2)
			z.entries = append(z.entries, e)
		}, ckpterr.BadArchive},
		"entry inside an entry": {func(z *rawZip) {
			inner := rawZip{entries: []rawEntry{entry("archive/data/9", []byte("y"))}}.bytes()
			z.entries[1].data = inner
			z.entries[1].crc = crc32.ChecksumIEEE(inner)
			z.entries[2].name, z.entries[2].header = "archive/data/9", -int64(len(inner))
			z.entries = append(z.entries, entry("archive/version", []byte("3")))
		}, ckpterr.BadArchive},

		"version 1":           {with("version", "1"), ""},
		"version 10":          {with("version", "10\n"), ""},
		"version 0":           {with("version", "0\n"), ckpterr.BadArchive},
		"version 11":          {with("version", "11\n"), ckpterr.BadArchive},
		"version text":        {with("version", "three\n"), ckpterr.BadArchive},
		"version empty":       {with("version", ""), ckpterr.BadArchive},
		"version negative":    {with("version", "-3\n"), ckpterr.BadArchive},
		"version long":        {with("version", strings.Repeat("0", 1000)+"3"), ckpterr.LimitExceeded},
		"version in .data":    {func(z *rawZip) { z.entries[2].name = "archive/.data/version" }, ""},
		"two versions, bad":   {with(".data/version", "99"), ckpterr.BadArchive},
		"version upper case":  {func(z *rawZip) { z.entries[2].name = "archive/VERSION" }, ckpterr.BadArchive},
		"version's checksum":  {func(z *rawZip) { z.entries[2].crc++ }, ckpterr.ChecksumMismatch},
		"version not checked": {func(z *rawZip) { z.entries[2].crc = 0 }, ""},
		"little":              {with("byteorder", "little"), ""},
		"big":                 {with("byteorder", "big"), ""},
		"middle":              {with("byteorder", "middle"), ckpterr.BadArchive},
		"byte order empty":    {with("byteorder", ""), ckpterr.BadArchive},
		"byte order newline":  {with("byteorder", "little\n"), ckpterr.BadArchive},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data := edit(test.change)
			_, err := OpenBytes(data, Limits{})
			if got := ckpterr.ClassOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("gave %v, want class %q", err, test.want)
			}
			// The same through a reader and with a payload too big for one read.
			z := func(z *rawZip) {
				test.change(z)
				z.entries = append(z.entries, entry("archive/data/big", make([]byte, wholeItem)))
			}
			if strings.Contains(name, "entries") || strings.Contains(name, "root") || strings.Contains(name, "directory") || strings.Contains(name, "header") {
				return // the change counts on the layout
			}
			data = edit(z)
			_, err = Open(bytes.NewReader(data), int64(len(data)), Limits{})
			if got := ckpterr.ClassOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("large, gave %v, want class %q", err, test.want)
			}
		})
	}
}

// TestOpenTruncated cuts a sound item everywhere: no prefix opens.
func TestOpenTruncated(t *testing.T) {
	data := smallItem(t)
	for n := range data {
		if _, err := OpenBytes(data[:n], Limits{}); ckpterr.ClassOf(err) != ckpterr.BadArchive {
			t.Fatalf("the first %d of %d bytes: %v", n, len(data), err)
		}
	}
}

func TestOpenLimits(t *testing.T) {
	data := edit(func(*rawZip) {})
	for _, lim := range []Limits{{Entries: 2}, {Directory: 100}} {
		if _, err := OpenBytes(data, lim); ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
			t.Errorf("%+v: %v", lim, err)
		}
	}
}

// TestOpenManyEntries has more names than are compared pair by pair.
func TestOpenManyEntries(t *testing.T) {
	many := func(last string) []byte {
		return edit(func(z *rawZip) {
			for i := range 5000 {
				z.entries = append(z.entries, entry(fmt.Sprintf("archive/data/%d", i+1), []byte{byte(i)}))
			}
			z.entries = append(z.entries, entry("archive/"+last, nil))
		})
	}
	data := many("last")
	a, err := Open(bytes.NewReader(data), int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, ok := a.Entry("data/4000")
	if b, err := a.ReadEntry(e, 10); !ok || err != nil || b[0] != 3999&0xff {
		t.Errorf("data/4000 is %v, %v, %v", ok, b, err)
	}
	if _, err := OpenBytes(many("DATA/77"), Limits{}); ckpterr.ClassOf(err) != ckpterr.BadArchive {
		t.Errorf("a name twice: %v", err)
	}
}

var errDisk = errors.New("disk on fire")

// failing fails at a byte offset.
type failing struct {
	io.ReaderAt
	at int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.at && f.at < off+int64(len(p)) {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, off)
}

func TestOpenReaderFails(t *testing.T) {
	data := tensorItem(make([]byte, 200000))
	for _, at := range []int64{0, int64(len(data)) - 1} {
		_, err := Open(failing{bytes.NewReader(data), at}, int64(len(data)), Limits{})
		if !errors.Is(err, errDisk) || ckpterr.ClassOf(err) != "" {
			t.Errorf("failing at %d gave %v", at, err)
		}
	}
	a, err := Open(failing{bytes.NewReader(data), 100000}, int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := a.Entry("data/0")
	if _, err := a.ReadEntry(e, 1<<20); !errors.Is(err, errDisk) {
		t.Errorf("ReadEntry gave %v", err)
	}
	if _, err := io.ReadAll(a.OpenEntry(e)); !errors.Is(err, errDisk) {
		t.Errorf("OpenEntry gave %v", err)
	}
	for _, n := range []int64{100, 1 << 20} {
		if _, err := Open(bytes.NewReader(make([]byte, 50)), n, Limits{}); ckpterr.ClassOf(err) != ckpterr.OutOfRange {
			t.Errorf("an item of %d bytes in a file of 50: %v", n, err)
		}
	}
	if _, err := Open(bytes.NewReader(nil), -1, Limits{}); ckpterr.ClassOf(err) != ckpterr.OutOfRange {
		t.Errorf("a negative size: %v", err)
	}
}
