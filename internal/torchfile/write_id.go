package torchfile

import (
	"fmt"
	"strings"
)

// torch's serialization id is two decimal numbers of 20 digits: one of all
// record names, one of all checksums. The names lie in a std::unordered_set, so
// the first one depends on how libstdc++ hashes and orders them. No reader
// checks it, but the same content has the same id whoever writes it.

func serializationID(names, crcs uint64) []byte {
	return fmt.Appendf(nil, "%020d%020d", names, crcs)
}

// addCRC combines the checksums before r with that of r. torch takes them out
// of its own writes: whatever begins like a data descriptor counts as one.
func (r *record) addCRC(h uint64) uint64 {
	if len(r.data) >= 8 && string(r.data[:4]) == sigDescriptor {
		h = hashCombine(h, uint64(le.Uint32(r.data[4:])))
	}
	if r.size == 0 {
		return h
	}
	return hashCombine(h, uint64(r.crc))
}

// hashCombine is c10::hash_combine.
func hashCombine(seed, value uint64) uint64 {
	return seed ^ (value + 0x9e3779b9 + seed<<6 + seed>>2)
}

// The usual archives have no storage or one.
var fewNames = [2]uint64{hashNames(0), hashNames(1)}

// namesHash is the first number of an archive with n storages.
func namesHash(n int) uint64 {
	if n < len(fewNames) {
		return fewNames[n]
	}
	return hashNames(n)
}

func hashNames(n int) uint64 {
	it := Item{storages: make([][]byte, n)}
	recs := it.records(nil)
	hashes := make([]uint64, len(recs)-1) // the id itself does not count
	for i := range hashes {
		hashes[i] = stdHash(strings.TrimPrefix(recs[i].name, writtenRoot))
	}
	var h uint64
	for _, i := range unorderedSet(hashes) {
		h = hashCombine(h, hashes[i])
	}
	return h
}

// unorderedSet returns the indexes of hashes in the order in which a
// std::unordered_set of libstdc++ has them after it got them one by one: a
// list, in which a newcomer goes before the first of its bucket, or else to the
// front.
func unorderedSet(hashes []uint64) []int {
	const end = -1
	next := make([]int, len(hashes)+1) // of i at i+1; next[0] is the front
	next[0] = end
	before := map[uint64]int{} // by bucket, the link that leads to its first
	buckets := uint64(1)
	insert := func(i int) {
		b := hashes[i] % buckets
		link, ok := before[b]
		if !ok {
			if first := next[0]; first != end {
				before[hashes[first]%buckets] = i + 1
			}
			before[b] = 0
		}
		next[i+1], next[link] = next[link], i
	}
	sizes := bucketCounts[:]
	for i := range hashes {
		if uint64(i) == buckets || i == 0 {
			if len(sizes) > 0 {
				buckets, sizes = sizes[0], sizes[1:]
			}
			clear(before)
			list := next[0]
			next[0] = end
			for list != end {
				j := list
				list = next[j+1]
				insert(j)
			}
		}
		insert(i)
	}
	order := make([]int, 0, len(hashes))
	for i := next[0]; i != end; i = next[i+1] {
		order = append(order, i)
	}
	return order
}

// bucketCounts are the sizes that a growing set goes through.
var bucketCounts = [...]uint64{
	13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10273, 20753, 42043, 85229, 172933, 351061, 712697, 1447153,
}

// stdHash is std::hash<std::string> of libstdc++ on 64 bits, a MurmurHash64A.
func stdHash(s string) uint64 {
	const mul = 0xc6a4a7935bd1e995
	mix := func(v uint64) uint64 { return v ^ v>>47 }
	h := 0xc70f6907 ^ uint64(len(s))*mul
	b := []byte(s)
	for ; len(b) >= 8; b = b[8:] {
		h = (h ^ mix(le.Uint64(b)*mul)*mul) * mul
	}
	if len(b) > 0 {
		var rest [8]byte
		copy(rest[:], b)
		h = (h ^ le.Uint64(rest[:])) * mul
	}
	return mix(mix(h) * mul)
}
