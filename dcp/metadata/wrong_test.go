package metadata

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

// TestWrong has neighbours of the hostile samples.
func TestWrong(t *testing.T) {
	const none = ckpterr.Class("OK")
	info := func(path, offset, length string, more ...string) string {
		return pNew(pGlobal(modFilesystem, "_StorageInfo"), pDict(append([]string{
			pStr("relative_path"), path, pStr("offset"), offset, pStr("length"), length,
		}, more...)...))
	}
	path := func(p string) []byte { return pMetadata(pItem, pIndex, info(pStr(p), pInt(0), pInt(9))) }
	transform := func(d string) []byte {
		return pMetadata(pItem, pIndex, info(pStr("f"), pInt(0), pInt(9), pStr("transform_descriptors"), d))
	}
	sized := func(size, offsets, sizes string) []byte {
		return pMetadata(pTensor(pProps, size, pList(pChunk(offsets, sizes))),
			strings.Replace(pIndex, pSize(0), offsets, 1), pInfo)
	}
	planner := func(pairs ...string) []byte {
		return pMetadata(pItem, pIndex, pInfo, pStr("planner_data"), pDict(pairs...))
	}
	big := "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	for name, tc := range map[string]struct {
		data []byte
		want ckpterr.Class
	}{
		"empty path":             {path(""), ckpterr.UnsafePath},
		"parent":                 {path("../f"), ckpterr.UnsafePath},
		"dot inside":             {path("a/./f"), ckpterr.UnsafePath},
		"double slash":           {path("a//f"), ckpterr.UnsafePath},
		"slash at the end":       {path("a/"), ckpterr.UnsafePath},
		"nul":                    {path("a\x00b"), ckpterr.UnsafePath},
		"backslash":              {path(`a\b`), ckpterr.UnsafePath},
		"newline":                {path("a\nb"), ckpterr.UnsafePath},
		"drive":                  {path("c:f"), ckpterr.UnsafePath},
		"surrogate":              {path("\xed\xa0\x80"), ckpterr.UnsafePath},
		"sub-folder":             {path("a/b.distcp"), none},
		"negative length":        {pMetadata(pItem, pIndex, info(pStr("f"), pInt(0), pInt(-1))), ckpterr.OutOfRange},
		"big length":             {pMetadata(pItem, pIndex, info(pStr("f"), pInt(0), big)), ckpterr.OutOfRange},
		"float offset":           {pMetadata(pItem, pIndex, info(pStr("f"), "G\x00\x00\x00\x00\x00\x00\x00\x00", pInt(9))), ckpterr.BadMetadata},
		"no path":                {pMetadata(pItem, pIndex, info("N", pInt(0), pInt(9))), ckpterr.BadMetadata},
		"transform":              {transform(pList(pStr("stream.zstd/1"))), none},
		"no transforms":          {transform("]"), none},
		"transform of a version": {transform(pList(pStr("/1"))), ckpterr.UnknownTransform},
		"transform without":      {transform(pList(pStr("stream.zstd/"))), ckpterr.UnknownTransform},
		"transform int":          {transform(pList(pInt(1))), ckpterr.BadMetadata},
		"size of a str":          {sized(pStr("2"), pSize(0), pSize(2)), ckpterr.BadMetadata},
		"size with a bool":       {sized(pTuple("\x88"), pSize(0), pSize(1)), ckpterr.BadMetadata},
		"big size":               {sized(pTuple(big), pSize(0), pSize(2)), ckpterr.OutOfRange},
		"size overflows":         {sized(pSize(1<<40, 1<<40), pSize(0, 0), pSize(1<<40, 1<<40)), ckpterr.BadMetadata},
		"bytes overflow":         {sized(pSize(1<<62), pSize(0), pSize(1<<62)), ckpterr.BadMetadata},
		"chunk of more dims":     {sized(pSize(2), pSize(0, 0), pSize(2, 1)), ckpterr.BadMetadata},
		"chunk too long":         {sized(pSize(2), pSize(1), pSize(2)), ckpterr.ChunkBounds},
		"chunk end overflows":    {sized(pSize(2), pSize(2), pSize(1<<63-1)), ckpterr.ChunkBounds},
		"negative chunk":         {sized(pSize(2), pSize(2), pSize(-2)), ckpterr.ChunkBounds},
		"empty tensor":           {sized(pSize(0, 3), pSize(0, 0), pSize(0, 3)), none},
		"no chunks":              {pMetadata(pTensor(pProps, pSize(2), "]"), pIndex, pInfo), ckpterr.ChunkGap},
		"chunks None":            {pMetadata(pTensor(pProps, pSize(2), "N"), pIndex, pInfo), ckpterr.BadMetadata},
		"unknown dtype":          {pMetadata(pTensor(strings.Replace(pProps, "float32", "float99", 1), pSize(2), "]"), pIndex, pInfo), ckpterr.BadMetadata},
		"dtype of another":       {pMetadata(pTensor(strings.Replace(pProps, "torch\nfloat32", "numpy\nfloat32", 1), pSize(2), "]"), pIndex, pInfo), ckpterr.BadMetadata},
		"item None":              {pMetadata("N", pIndex, pInfo), ckpterr.BadMetadata},
		"item of a class":        {pMetadata(md("BytesStorageMetadata"), pIndex, pInfo), ckpterr.BadMetadata},
		"bytes without record":   {pMetadata(md("BytesStorageMetadata")+")\x81", pIndex, pInfo), ckpterr.MissingItem},
		"index without fqn":      {pMetadata(pItem, pNew(md("MetadataIndex"), "}"), pInfo), ckpterr.BadMetadata},
		"key is a str":           {pMetadata(pItem, pStr("w"), pInfo), ckpterr.BadMetadata},
		"top is a dict":          {[]byte("\x80\x02}."), ckpterr.BadMetadata},
		"top is a class":         {[]byte("\x80\x02" + md("Metadata") + "."), ckpterr.BadMetadata},
		"planner":                {planner(pStr("w"), pTuple(pStr("w"))), none},
		"planner empty":          {planner(), none},
		"planner empty path":     {planner(pStr("w"), ")"), ckpterr.BadMetadata},
		"planner negative":       {planner(pStr("w"), pTuple(pStr("a"), pInt(-1))), ckpterr.BadMetadata},
		"planner hang":           {planner(pStr("w"), pTuple(pStr("a"), pInt(1<<40))), ckpterr.BadMetadata},
		"planner big":            {planner(pStr("w"), pTuple(pStr("a"), big)), ckpterr.BadMetadata},
		"planner twice":          {planner(pStr("w"), pTuple(pStr("a")), pStr("v"), pTuple(pStr("a"))), ckpterr.BadMetadata},
		"planner list and dict":  {planner(pStr("w"), pTuple(pStr("a"), pInt(0)), pStr("v"), pTuple(pStr("a"), pStr("b"))), ckpterr.BadMetadata},
		"planner float":          {planner(pStr("w"), pTuple(pStr("a"), "G\x00\x00\x00\x00\x00\x00\x00\x00")), ckpterr.BadMetadata},
		"planner unknown name":   {planner(pStr("x"), pTuple(pStr("x"))), none},
	} {
		t.Run(name, func(t *testing.T) { expectClass(t, tc.data, tc.want) })
	}
}

// TestSharedChunks: N tensors that share one list of M chunks would be N×M
// chunks out of N+M bytes.
func TestSharedChunks(t *testing.T) {
	const n = 3000
	chunks := make([]string, n)
	for i := range chunks {
		chunks[i] = pChunk(pSize(int64(i)), pSize(1))
	}
	pairs := []string{pStr("first"), pTensor(pProps, pSize(n), pList(chunks...)+"q\x01")}
	for i := range 20 * n {
		pairs = append(pairs, pStr(string(binary.LittleEndian.AppendUint32([]byte("k"), uint32(i)&0x7f7f7f7f))),
			pTensor(pProps, pSize(n), "h\x01"))
	}
	data := []byte("\x80\x02" + pNew(md("Metadata"), pDict(pStr("state_dict_metadata"), pDict(pairs...), pStr("storage_data"), "}")) + ".")
	expectClass(t, data, ckpterr.LimitExceeded)
}
