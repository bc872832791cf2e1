package planner

import (
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// CreateReadItems plans the reads that fill the given local boxes of one
// tensor: torch's create_read_items_for_chunk_list. Items come box by box, in
// the order of the saved chunks. Every element of every box is read exactly
// once, or the answer is an error of class ChunkGap or ChunkOverlap.
func CreateReadItems(item *metadata.Item, boxes []tensor.Box) ([]ReadItem, error) {
	chunks := item.Tensor.Chunks
	index := newChunkIndex(chunks)
	var items []ReadItem
	for hint, box := range boxes {
		var covered int64
		for _, c := range index.meeting(box) {
			common, ok := chunks[c].Intersect(box)
			if !ok {
				continue
			}
			covered += common.NumElements()
			items = append(items, ReadItem{
				Type:           LoadTensor,
				DestIndex:      metadata.MetadataIndex{FQN: item.FQN, Offset: box.Offsets, Index: hint},
				DestOffsets:    sub(common.Offsets, box.Offsets),
				StorageIndex:   metadata.MetadataIndex{FQN: item.FQN, Offset: chunks[c].Offsets, Index: c},
				StorageOffsets: sub(common.Offsets, chunks[c].Offsets),
				Lengths:        common.Sizes,
			})
		}
		if err := checkCover(item.FQN, box, covered); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// checkCover compares volumes. Chunks that do not overlap (the metadata's
// validation says so) cover a box exactly if the parts add up to it.
func checkCover(fqn string, box tensor.Box, covered int64) error {
	want := box.NumElements()
	switch {
	case covered < want:
		return at(fqn, ckpterr.New(ckpterr.ChunkGap, "%d of %d elements of %v are in no chunk", want-covered, want, box))
	case covered > want:
		return at(fqn, ckpterr.New(ckpterr.ChunkOverlap, "chunks hold %d elements for the %d of %v", covered, want, box))
	}
	return nil
}

func at(fqn string, err error) error {
	return ckpterr.At(err, ckpterr.Place{FQN: fqn, Offset: -1})
}

func sub(a, b []int64) []int64 {
	d := slices.Clone(a)
	for i := range d {
		d[i] -= b[i]
	}
	return d
}
