package conformance

import (
	"bytes"

	"github.com/godcp/godcp/fsbase"
)

var alikeChecks = []Check{
	{
		ID: "info/versions-alike", Clauses: []string{"C4"}, Level: Must, Profile: Core,
		Doc: "Contents of one size have versions of their own when only a bit in the middle differs, when they have the same bytes in another order, whole parts among them, and when they have the same CRC-32 or CRC-32C.",
		run: checkVersionsAlike,
	},
	{
		ID: "names/beside", Clauses: []string{"N3", "C8"}, Level: Must, Profile: Core,
		Doc: "Names with the endings that storages give to files beside a stream are names like others, and no write of the one touches the other.",
		run: checkNamesBeside,
	},
}

func checkVersionsAlike(t *trial) {
	first, others := contentsAlike(300_000)
	t.wantVersions(append(others, first)...)
	for _, part := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 5 << 20, 8 << 20} {
		if whole := content(1, 2*part); len(whole) <= t.allowed(16<<20) {
			t.wantVersions(whole, append(bytes.Clone(whole[part:]), whole[:part]...))
		}
	}
}

// wantVersions demands that contents of one size have versions of their own.
func (t *trial) wantVersions(contents ...[]byte) {
	p := t.path("a")
	had := map[fsbase.Version]int{}
	for i, data := range contents {
		v := t.put(p, data).Version
		if other, ok := had[v]; ok {
			t.errorf("C4", "%q has the version %q, which it had with a content of the same size and other bytes (%d and %d)", p, v, other, i)
		}
		had[v] = i
	}
}

// besideEndings are of files that storages keep beside a stream.
var besideEndings = []string{
	".attrs", ".meta", ".metadata", ".json", ".info", ".etag", ".version", ".rev", ".lock", ".tmp", ".temp", ".part", ".partial", ".new", ".old", ".bak",
	".part0", ".part12", "-part-1", ".tmp0", ".001", ".0001", "-0", "_0", "-1", ".2", ".gz", ".zst", ".enc", ".sig", ".marker", ".deleted", ".upload", ".uploading",
	"~", ".swp", ".crc", ".crc32", ".md5", ".sha256", ".sum", ".idx", ".index", ".data", ".chunk", ".0", ".1", ".part-0", ".part.0", "#0", ":0", "@1",
}

func checkNamesBeside(t *trial) {
	p := t.path("dir/a")
	names := []string{p}
	t.put(p, content(0, 400))
	for i, end := range besideEndings {
		if t.accept(p+end, content(uint64(i+1), 400)) {
			names = append(names, t.path("dir/a"+end))
		}
	}
	beside := names[1:]
	data := map[string][]byte{}
	for i, name := range beside {
		data[name] = content(uint64(i+100), 300)
		t.put(name, data[name])
	}
	all := func() {
		for _, name := range beside {
			t.wantContent("N3", name, data[name])
		}
		if has[fsbase.Lister](t.fs) {
			t.wantList("C8", t.prefix("dir/"), names)
		}
	}
	data[p] = content(99, 500)
	t.put(p, data[p]) // whose files beside it would be written now
	all()
	t.wantContent("N3", p, data[p])
	t.remove(p) // and removed now
	names = beside
	all()
	t.wantAbsent("N3", p)
}
