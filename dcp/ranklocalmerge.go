package dcp

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// merger makes one metadata of those of all ranks: the union of chunks, and one
// of the copies of what several ranks stored.
type merger struct {
	r      *reader
	prefer *int
	out    *metadata.Metadata
	paths  map[string]bool
	names  []*mergedName // in the order of out.StateDictMetadata
	byName map[string]*mergedName
	spare  int // records that are not in out, as another rank stored the same

	warnings []string
}

// mergedName is what ranks have stored under one name.
type mergedName struct {
	item   metadata.Item
	rank   int // that has it first
	parts  []*mergedPart
	byPart map[string]*mergedPart // by offset
}

// mergedPart is a chunk or an object, and where each rank that has it stored it.
type mergedPart struct {
	box    tensor.Box
	copies []rankCopy
}

type rankCopy struct {
	rank int
	info *metadata.StorageInfo
}

func newMerger(r *reader, prefer *int, first *metadata.Metadata) *merger {
	m := &merger{r: r, prefer: prefer, paths: map[string]bool{}, byName: map[string]*mergedName{}}
	m.out = &metadata.Metadata{StorageMeta: first.StorageMeta, Version: first.Version, Extra: first.Extra}
	m.out.PlannerData.None = true
	return m
}

func (m *merger) add(rank int, md *metadata.Metadata) error {
	m.addPaths(&md.PlannerData)
	for i := range md.StateDictMetadata {
		if err := m.addItem(rank, md, &md.StateDictMetadata[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) addPaths(p *metadata.PlannerData) {
	if p.Opaque != "" {
		w := "planner_data that only its own planner understands is left out: " + p.Opaque
		if !slices.Contains(m.warnings, w) {
			m.warnings = append(m.warnings, w)
		}
		return
	}
	m.out.PlannerData.None = m.out.PlannerData.None && p.None
	for _, e := range p.Paths {
		if !m.paths[e.FQN] {
			m.paths[e.FQN] = true
			m.out.PlannerData.Paths = append(m.out.PlannerData.Paths, e)
		}
	}
}

// addItem joins what ranks say of one fqn.
func (m *merger) addItem(rank int, md *metadata.Metadata, it *metadata.Item) error {
	n := m.byName[it.FQN]
	if n == nil {
		n = &mergedName{item: *it, rank: rank, byPart: map[string]*mergedPart{}}
		m.byName[it.FQN] = n
		m.names = append(m.names, n)
	}
	have := n.item.Tensor
	switch {
	case (have == nil) != (it.Tensor == nil):
		return bad(it.FQN, "a tensor on one of the ranks %d and %d, an object on the other", n.rank, rank)
	case have == nil:
		info, _ := md.Storage(metadata.MetadataIndex{FQN: it.FQN, Index: -1})
		return n.add(rank, "", tensor.Box{}, info)
	case have.Properties.DType != it.Tensor.Properties.DType:
		return bad(it.FQN, "%v on rank %d, %v on rank %d", have.Properties.DType, n.rank, it.Tensor.Properties.DType, rank)
	case !slices.Equal(have.Size, it.Tensor.Size):
		return bad(it.FQN, "size %v on rank %d, %v on rank %d", have.Size, n.rank, it.Tensor.Size, rank)
	}
	for i, c := range it.Tensor.Chunks {
		info, _ := md.ChunkStorage(it, i)
		if err := n.add(rank, offsetKey(c.Offsets), c, info); err != nil {
			return err
		}
	}
	return nil
}

func offsetKey(offsets []int64) string {
	b := make([]byte, 0, 8*len(offsets))
	for _, n := range offsets {
		b = binary.AppendVarint(b, n)
	}
	return string(b)
}

// add notes where a rank stored a part; info is nil where it says nothing, which
// whoever needs the part will miss.
func (n *mergedName) add(rank int, key string, box tensor.Box, info *metadata.StorageInfo) error {
	p := n.byPart[key]
	if p == nil {
		p = &mergedPart{box: box}
		n.byPart[key] = p
		n.parts = append(n.parts, p)
	}
	if !slices.Equal(p.box.Sizes, box.Sizes) {
		switch {
		case box.Empty():
			return nil // an empty chunk beside the real one
		case p.box.Empty():
			*p = mergedPart{box: box}
		default:
			other := n.rank
			if len(p.copies) > 0 {
				other = p.copies[0].rank
			}
			return bad(n.item.FQN, "the chunk at %v is %v on rank %d, %v on rank %d", box.Offsets, p.box.Sizes, other, box.Sizes, rank)
		}
	}
	if info != nil {
		p.copies = append(p.copies, rankCopy{rank, info})
	}
	return nil
}

// finish chooses among copies and puts everything into out.
func (m *merger) finish(ctx context.Context) error {
	if err := m.chooseCopies(ctx); err != nil {
		return err
	}
	for _, n := range m.names {
		it := n.item
		if it.Tensor != nil {
			t := *it.Tensor
			t.Chunks = make([]tensor.Box, len(n.parts))
			for i, p := range n.parts {
				t.Chunks[i] = p.box
			}
			it.Tensor = &t
		}
		m.out.StateDictMetadata = append(m.out.StateDictMetadata, it)
		for i, p := range n.parts {
			if len(p.copies) == 0 {
				continue
			}
			idx := metadata.MetadataIndex{FQN: it.FQN, Index: -1}
			if it.Tensor != nil {
				idx.Offset, idx.Index = append([]int64{}, p.box.Offsets...), i
			}
			m.out.StorageData = append(m.out.StorageData, metadata.StorageRecord{Index: idx, Info: *p.copies[0].info})
			m.spare += len(p.copies) - 1
		}
	}
	return nil
}

// sortCopies puts the copy of the preferred rank first.
func (m *merger) sortCopies(p *mergedPart) (preferred bool) {
	if m.prefer == nil {
		return false
	}
	i := slices.IndexFunc(p.copies, func(c rankCopy) bool { return c.rank == *m.prefer })
	if i < 0 {
		return false
	}
	p.copies[0], p.copies[i] = p.copies[i], p.copies[0]
	slices.SortFunc(p.copies[1:], func(a, b rankCopy) int { return cmp.Compare(a.rank, b.rank) })
	return true
}

func bad(fqn, format string, args ...any) *ckpterr.Error {
	e := ckpterr.New(ckpterr.BadMetadata, format, args...)
	e.FQN = fqn
	return e
}
