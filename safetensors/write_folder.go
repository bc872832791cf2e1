package safetensors

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// ModelName is the name of file index of count, both from 1, of a checkpoint
// whose tensors are whole.
func ModelName(index, count int) string {
	return fmt.Sprintf("model-%05d-of-%05d.safetensors", index, count)
}

// ShardName is the name of file index of count, both from 1, of what rank
// shard-1 has of the tensors.
func ShardName(shard, index, count int) string {
	return fmt.Sprintf("shard-%05d-%s", shard, ModelName(index, count))
}

// ShardingInfo is the metadata that torch's HuggingFaceStorageWriter gives a
// file: offsets are where, in elements of the whole, the part of each tensor
// begins.
func ShardingInfo(offsets map[string][]int64) map[string]string {
	b := []byte{'{'}
	for i, fqn := range slices.Sorted(maps.Keys(offsets)) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(appendString(b, fqn, true), `: {"saved_offsets": [`...)
		b = append(appendInts(b, offsets[fqn]), "]}"...)
	}
	return map[string]string{shardingKey: string(append(b, '}')), "DCP_VERSION": "1.0", "format": "pt"}
}

func appendInts(b []byte, list []int64) []byte {
	for i, n := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return b
}

// Index is the content of [IndexName]: totalSize is the bytes
// of all tensors, weightMap the file of each.
func Index(totalSize int64, weightMap map[string]string) []byte {
	b := append([]byte("{\n  \"metadata\": {\n    \"total_size\": "), strconv.FormatInt(totalSize, 10)...)
	b = append(b, "\n  },\n  \"weight_map\": {"...)
	for i, fqn := range slices.Sorted(maps.Keys(weightMap)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(append(b, "\n    "...), fqn, true), ": "...)
		b = appendString(b, weightMap[fqn], true)
	}
	if len(weightMap) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, "}\n}"...)
}
