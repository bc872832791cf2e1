package metadata

import (
	"fmt"

	"github.com/godcp/godcp/internal/pickle"
)

// Keys that godcp adds to what torch writes. torch keeps and ignores them.
const (
	keyPrevious  = "godcp_previous"   // of Metadata
	keyRankLocal = "godcp_rank_local" // of Metadata, in __R.metadata
	keyCRC       = "crc32c"           // of _StorageInfo
	keyPayload   = "payload_offset"
)

func (e *encoder) index(x *MetadataIndex) {
	w := e.w
	w.BeginObject(classIndex)
	w.Str("fqn")
	w.Str(x.FQN)
	w.Str("index")
	if x.Index < 0 {
		w.None()
	} else {
		w.Int(int64(x.Index))
	}
	if x.Offset != nil {
		w.Str("offset")
		e.size(x.Offset)
	}
	w.EndObject()
}

func (e *encoder) info(x *StorageInfo) {
	w := e.w
	if x.Offset < 0 || x.Length < 0 || x.PayloadOffset < 0 {
		w.Fail(fmt.Errorf("bytes at %d, %d long, payload at %d", x.Offset, x.Length, x.PayloadOffset))
	}
	w.BeginObject(classStorageInfo)
	w.Str("relative_path")
	w.Str(x.RelativePath)
	w.Str("offset")
	w.Int(x.Offset)
	w.Str("length")
	w.Int(x.Length)
	if len(x.TransformDescriptors) > 0 {
		w.Str("transform_descriptors")
		e.texts(x.TransformDescriptors)
	}
	if x.HasCRC32C {
		w.Str(keyCRC)
		w.Int(int64(x.CRC32C))
	}
	if x.PayloadOffset > 0 {
		w.Str(keyPayload)
		w.Int(x.PayloadOffset)
	}
	for _, extra := range x.Extra {
		if !x.overrules(extra) {
			e.extra(extra)
		}
	}
	w.EndObject()
}

// overrules tells extra keys that are not written: those that say the same as a
// field, and ints that were not believed.
func (x *StorageInfo) overrules(extra Extra) bool {
	switch extra.Key {
	case keyCRC:
		return x.HasCRC32C || isInt(extra.Value)
	case keyPayload:
		return x.PayloadOffset > 0 || isInt(extra.Value)
	}
	return false
}

func isInt(v pickle.Value) bool {
	k := v.Kind()
	return k == pickle.Int || k == pickle.BigInt
}
