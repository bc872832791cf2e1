package safetensors

import (
	"math"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

// shardingKey is where torch's HuggingFaceStorageWriter says, per tensor, at
// which offsets of the whole tensor a file's part begins.
const shardingKey = "DCP_SHARDING_INFO"

// parseSharding reads {fqn: {"saved_offsets": [ints]}}; other keys beside
// saved_offsets are ignored, as torch does.
func parseSharding(text string) (map[string][]int64, error) {
	s := &scanner{b: []byte(text), base: -1}
	info := map[string][]int64{}
	err := s.object(func(fqn string) error {
		err := s.object(func(key string) (err error) {
			if key != "saved_offsets" {
				return s.skip(1)
			}
			info[fqn], err = s.ints(maxRank)
			return err
		})
		return ckpterr.At(err, ckpterr.Place{Offset: -1, FQN: fqn})
	})
	if err == nil {
		err = s.end()
	}
	return info, err
}

// boxes returns where each tensor of h lies in its whole, by index of
// h.Tensors: at the sharding info's offsets, or at 0 when the file has none.
func (h *Header) boxes() ([]tensor.Box, bool, error) {
	boxes := make([]tensor.Box, len(h.Tensors))
	text, sharded := h.Metadata[shardingKey]
	var info map[string][]int64
	if sharded {
		var err error
		if info, err = parseSharding(text); err != nil {
			return nil, false, err
		}
	}
	for i, t := range h.Tensors {
		offsets := make([]int64, len(t.Shape))
		if sharded {
			offsets = info[t.Name]
			if err := checkOffsets(offsets, t.Shape); err != nil {
				return nil, false, ckpterr.At(err, ckpterr.Place{Offset: -1, FQN: t.Name})
			}
		}
		boxes[i] = tensor.Box{Offsets: offsets, Sizes: t.Shape}
	}
	return boxes, sharded, nil
}

func checkOffsets(offsets, shape []int64) error {
	if offsets == nil {
		return ckpterr.New(ckpterr.BadSafetensors, "%s has no saved_offsets for the tensor", shardingKey)
	}
	if len(offsets) != len(shape) {
		return ckpterr.New(ckpterr.BadSafetensors, "saved_offsets %v for a tensor of %d dimensions", offsets, len(shape))
	}
	for i, o := range offsets {
		if o < 0 || o > math.MaxInt64-shape[i] {
			return ckpterr.New(ckpterr.ChunkBounds, "saved_offsets %v", offsets)
		}
	}
	return nil
}
