package conformance

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"

	"github.com/godcp/godcp/fsbase"
)

var infoChecks = []Check{
	{
		ID: "info/commit", Clauses: []string{"W11"}, Level: Must, Profile: Core,
		Doc: "The Info of Commit is the one that a reader of that version finds.",
		run: checkCommitInfo,
	},
	{
		ID: "info/commit-under-way", Clauses: []string{"W11"}, Level: Must, Profile: Core,
		Doc: "The Info of Commit is its own, also when another write of the name is open or came first.",
		run: checkInfoInterleaved,
	},
	{
		ID: "info/versions", Clauses: []string{"C4"}, Level: Must, Profile: Core,
		Doc: "Writes of equal size in quick succession have different versions, and a version stays.",
		run: checkVersions,
	},
	{
		ID: "info/checksum", Clauses: []string{"W11", "C6", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "A checksum of the storage, if it tells one, is that of the content.",
		run: checkChecksum,
	},
	{
		ID: "info/mod-time", Clauses: []string{"W12"}, Level: Should, Profile: Core,
		Doc: "The Info of a reader has a modification time.",
		run: func(t *trial) {
			p := t.path("a")
			t.put(p, []byte("x"))
			if t.info(p).ModTime.IsZero() {
				t.errorf("W12", "OpenStream(%q).Info().ModTime is zero, which means that nobody knows", p)
			}
		},
	},
}

func checkCommitInfo(t *trial) {
	p := t.path("dir/a")
	for i, n := range []int{0, 1, 70_000, 3} {
		info := t.put(p, content(uint64(i), n))
		if info.Path != p || info.Size != int64(n) || info.Version == "" {
			t.errorf("W11", "Commit of %d bytes to %q tells path %q, size %d, version %q", n, p, info.Path, info.Size, info.Version)
		}
		t.wantInfo("W11", "OpenStream", t.info(p), info)
	}
}

func checkInfoInterleaved(t *trial) {
	p := t.path("a")
	t.put(p, content(0, 10))
	first, second := t.create(p), t.create(p)
	defer first.Close()
	defer second.Close()
	t.write(first, p, content(1, 100))
	t.write(second, p, content(2, 2000))
	for i, w := range []fsbase.WriteStream{second, first} {
		info, err := w.Commit()
		if err != nil {
			t.fatalf("Commit %d of %q: %v", i, p, err)
		}
		if want := []int64{2000, 100}[i]; info.Size != want {
			t.errorf("W11", "Commit of %d bytes to %q tells the size %d", want, p, info.Size)
		}
		t.wantInfo("W11", "OpenStream", t.info(p), info)
	}
}

func checkVersions(t *trial) {
	p := t.path("a")
	seen := map[fsbase.Version]int{}
	for i := range max(300, t.env.limits.Rounds) { // more than a byte counts
		v := t.put(p, content(uint64(i), 64)).Version
		if v == "" {
			t.errorf("C4", "Commit of %q tells the version %q", p, v)
			return
		}
		if j, ok := seen[v]; ok {
			t.errorf("C4", "writes %d and %d of %q with different contents both have the version %q", j, i, p, v)
			return
		}
		seen[v] = i
		for range 2 {
			if got := t.info(p).Version; got != v {
				t.errorf("C4", "%q has the version %q and was committed as %q", p, got, v)
				return
			}
		}
	}
}

// digests are the algorithms that Checksum names.
var digests = map[string]func() hash.Hash{
	"crc32c": func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	// The polynomial of CRC-64/NVME, reflected.
	"crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"md5":       md5.New,
	"sha256":    sha256.New,
}

func checkChecksum(t *trial) {
	p := t.path("a")
	for i, n := range []int{0, 1, 70_000, t.largeSize()} {
		data := content(uint64(i), n)
		for _, w := range t.ways() {
			publish := w.begin(t, p, data)
			cond, _ := t.clear(w, p, nil)
			committed, err := publish(t, cond)
			if err != nil {
				t.fatalf("%s of %d bytes to %q: %v", w.what, n, p, err)
			}
			sums := map[string]fsbase.Checksum{w.what: committed.Sum, "OpenStream": t.info(p).Sum}
			t.lookedUpSums(p, sums)
			t.wantSums(p, data, sums)
		}
		t.wantSumsMoved(p, data)
	}
}

// wantSumsMoved looks at checksums when p, which has data, replaces another.
func (t *trial) wantSumsMoved(p string, data []byte) {
	to := t.path("moved")
	t.put(to, content(95, len(data)))
	if err := t.fs.Rename(t.ctx, p, to); err != nil {
		t.fatalf("Rename(%q, %q): %v", p, to, err)
	}
	sums := map[string]fsbase.Checksum{"OpenStream": t.info(to).Sum}
	t.lookedUpSums(to, sums)
	t.wantSums(to, data, sums)
}

// lookedUpSums adds what the other calls that look tell of p.
func (t *trial) lookedUpSums(p string, sums map[string]fsbase.Checksum) {
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		info, err := s.Stat(t.ctx, p)
		if err != nil {
			t.errorf("C7", "Stat(%q): %v", p, err)
		}
		sums["Stat"] = info.Sum
	}
	if r, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		info, err := r.ReadRanges(t.ctx, p, "", nil)
		if err != nil {
			t.errorf("C6", "ReadRanges of %q: %v", p, err)
		}
		sums["ReadRanges"] = info.Sum
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for info, err := range l.List(t.ctx, p) {
			if err != nil {
				t.errorf("C8", "List(%q): %v", p, err)
			} else if info.Path == p {
				sums["List"] = info.Sum
			}
		}
	}
}

// sumClauses are what a wrong checksum breaks, by who tells it: W11 where it is
// not said.
var sumClauses = map[string]string{"Stat": "C7", "ReadRanges": "C6", "List": "C8"}

// wantSums demands that each checksum that is told of path is that of data.
func (t *trial) wantSums(p string, data []byte, sums map[string]fsbase.Checksum) {
	for who, sum := range sums {
		if sum == (fsbase.Checksum{}) {
			continue
		}
		clause := cmp.Or(sumClauses[who], "W11")
		digest, ok := digests[sum.Algorithm]
		if !ok {
			t.errorf(clause, "%s of %q tells a checksum by the unknown algorithm %q", who, p, sum.Algorithm)
			continue
		}
		h := digest()
		h.Write(data)
		if want := base64.StdEncoding.EncodeToString(h.Sum(nil)); sum.Value != want {
			t.errorf(clause, "%s of %q (%d bytes) tells the %s %q instead of %q", who, p, len(data), sum.Algorithm, sum.Value, want)
		}
	}
}
