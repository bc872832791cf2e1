package metadata

import (
	"hash/maphash"
	"math"
	"slices"
	"sync"
)

// index finds items and storage records. It is made by Decode, or at the first
// look-up of a Metadata that was put together by hand.
type index struct {
	once  sync.Once
	seed  maphash.Seed
	items map[string]int32
	table []uint64 // open addressing, a power of two: hash<<32 | record index plus one
}

// Find returns the item of a name. The Metadata must not change after the
// first look-up.
func (m *Metadata) Find(fqn string) (*Item, bool) {
	m.index.once.Do(m.reindex)
	i, ok := m.index.items[fqn]
	if !ok {
		return nil, false
	}
	return &m.StateDictMetadata[i], true
}

// Storage returns where the bytes of idx lie. As in torch only FQN and Offset
// count; a nil Offset is a bytes item and differs from the empty one of a 0-dim
// tensor.
func (m *Metadata) Storage(idx MetadataIndex) (*StorageInfo, bool) {
	return m.storage(idx.FQN, idx.Offset)
}

// ChunkStorage returns where chunk i of a tensor item lies, or where a bytes
// item lies (i is ignored).
func (m *Metadata) ChunkStorage(it *Item, i int) (*StorageInfo, bool) {
	if it.Tensor == nil {
		return m.storage(it.FQN, nil)
	}
	return m.storage(it.FQN, notNil(it.Tensor.Chunks[i].Offsets))
}

// notNil makes the offset of a chunk: nil would be that of a bytes item.
func notNil(offset []int64) []int64 {
	if offset == nil {
		return []int64{}
	}
	return offset
}

func (m *Metadata) storage(fqn string, offset []int64) (*StorageInfo, bool) {
	i, ok := m.record(fqn, offset)
	if !ok {
		return nil, false
	}
	return &m.StorageData[i].Info, true
}

// record finds a record's place in StorageData.
func (m *Metadata) record(fqn string, offset []int64) (int, bool) {
	m.index.once.Do(m.reindex)
	x := &m.index
	slot, found := m.probe(fqn, offset, hash(maphash.String(x.seed, fqn), offset))
	return int(uint32(x.table[slot])) - 1, found
}

func (m *Metadata) reindex() {
	x := &m.index
	x.items = make(map[string]int32, len(m.StateDictMetadata))
	for i := range m.StateDictMetadata {
		x.items[m.StateDictMetadata[i].FQN] = int32(i)
	}
	m.indexRecords()
}

// dedup makes the index and lets the later of two equal records replace the
// earlier, in its place.
func (m *Metadata) dedup() { m.index.once.Do(m.reindex) }

func (m *Metadata) indexRecords() {
	x := &m.index
	x.seed = maphash.MakeSeed()
	n := 8
	for n < len(m.StorageData)*3/2 {
		n *= 2
	}
	x.table = make([]uint64, n)
	var hashes [64]uint64
	last, lastHash := "", maphash.String(x.seed, "")
	keep := 0
	for i := range m.StorageData {
		// Hashes in blocks: the processor then fetches many slots at a time.
		if i%len(hashes) == 0 {
			for j, r := range m.StorageData[i:min(i+len(hashes), len(m.StorageData))] {
				if r.Index.FQN != last {
					last, lastHash = r.Index.FQN, maphash.String(x.seed, r.Index.FQN)
				}
				hashes[j] = hash(lastHash, r.Index.Offset)
			}
		}
		r, h := &m.StorageData[i], hashes[i%len(hashes)]
		slot, found := m.probe(r.Index.FQN, r.Index.Offset, h)
		if found {
			m.StorageData[uint32(x.table[slot])-1].Info = r.Info
			continue
		}
		if keep != i {
			m.StorageData[keep] = *r
		}
		keep++
		x.table[slot] = h&^math.MaxUint32 | uint64(keep)
	}
	m.StorageData = m.StorageData[:keep]
}

// probe returns the slot of a record, or the free one where it would go.
func (m *Metadata) probe(fqn string, offset []int64, h uint64) (slot uint64, found bool) {
	mask := uint64(len(m.index.table) - 1)
	for slot = h & mask; ; slot = (slot + 1) & mask {
		e := m.index.table[slot]
		if e == 0 {
			return slot, false
		}
		if (e^h)>>32 != 0 {
			continue
		}
		k := &m.StorageData[uint32(e)-1].Index
		if (k.Offset == nil) == (offset == nil) && slices.Equal(k.Offset, offset) && k.FQN == fqn {
			return slot, true
		}
	}
}

func hash(h uint64, offset []int64) uint64 {
	if offset == nil {
		return h
	}
	h += 0x9e3779b97f4a7c15
	for _, n := range offset {
		h = (h ^ uint64(n)) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h
}
