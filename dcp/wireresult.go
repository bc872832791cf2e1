package dcp

import "github.com/godcp/godcp/dcp/metadata"

// wireResult is a WriteResult on its way to the coordinator by encoding/gob,
// which does not tell an empty slice from nil: that is the difference between
// a scalar tensor and an object.
type wireResult struct {
	FQN           string
	IsTensor      bool
	Offset        []int64
	Hint          int
	Path          string
	Start, Length int64
	Transforms    []string
	CRC32C        uint32
	HasCRC32C     bool
	Payload       int64
}

func toWire(results []WriteResult) []wireResult {
	ws := make([]wireResult, len(results))
	for i, r := range results {
		s := r.StorageData
		ws[i] = wireResult{
			FQN: r.Index.FQN, IsTensor: r.Index.Offset != nil, Offset: r.Index.Offset, Hint: r.Index.Index,
			Path: s.RelativePath, Start: s.Offset, Length: s.Length, Transforms: s.TransformDescriptors,
			CRC32C: s.CRC32C, HasCRC32C: s.HasCRC32C, Payload: s.PayloadOffset,
		}
	}
	return ws
}

func fromWire(ws []wireResult) []WriteResult {
	results := make([]WriteResult, len(ws))
	for i, w := range ws {
		r := WriteResult{
			Index:       metadata.MetadataIndex{FQN: w.FQN, Offset: w.Offset, Index: w.Hint},
			SizeInBytes: w.Length,
			StorageData: metadata.StorageInfo{
				RelativePath: w.Path, Offset: w.Start, Length: w.Length, TransformDescriptors: w.Transforms,
				CRC32C: w.CRC32C, HasCRC32C: w.HasCRC32C, PayloadOffset: w.Payload,
			},
		}
		if w.IsTensor && r.Index.Offset == nil {
			r.Index.Offset = []int64{}
		}
		results[i] = r
	}
	return results
}
