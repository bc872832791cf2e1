package safetensors

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

func TestSaveInfoText(t *testing.T) {
	md := map[string]string{"format": "pt"}
	SaveInfo{
		SaveID: "run \"7\"", Attempt: "00ff", File: 2, Files: 3, Indexed: true,
		Sizes: map[string][]int64{"w": {10, 3}, "é": {}},
	}.AddTo(md)
	want := `{"save_id": "run \"7\"", "attempt": "00ff", "file": 2, "files": 3, "index": "model.safetensors.index.json", ` +
		`"sizes": {"w": [10, 3], "\u00e9": []}}`
	if d := cmp.Diff(map[string]string{"format": "pt", "godcp_save": want}, md); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestSaveInfoReadBack: what AddTo writes is what is parsed.
func TestSaveInfoReadBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := &SaveInfo{
			SaveID: rapid.StringN(1, 20, -1).Draw(rt, "id"), Attempt: rapid.StringN(1, 20, -1).Draw(rt, "attempt"),
			Files: rapid.IntRange(1, math.MaxInt32).Draw(rt, "files"), Indexed: rapid.Bool().Draw(rt, "indexed"),
			Sizes: rapid.MapOf(rapid.String(), rapid.SliceOfN(rapid.Int64Min(0), 0, maxRank)).Draw(rt, "sizes"),
		}
		want.File = rapid.IntRange(1, want.Files).Draw(rt, "file")
		md := map[string]string{}
		want.AddTo(md)
		got, err := parseSave(md[saveKey])
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Errorf("-want +got\n%s", d)
		}
	})
}

// part is a file with one row of "w", which has 4, and what it says of its save.
func part(row int, save string) *fstest.MapFile {
	meta := ""
	if save != "" {
		meta = fmt.Sprintf(`,"godcp_save":%q`, save)
	}
	return sf(fmt.Sprintf(`{"__metadata__":{"DCP_SHARDING_INFO":%q%s},"w":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]}}`,
		at(row, 0), meta), 12)
}

// said is the text of file n of 2 of a save.
func said(n int, change func(*SaveInfo)) string {
	s := SaveInfo{SaveID: "s", Attempt: "a", File: n, Files: 2, Sizes: map[string][]int64{"w": {4, 3}}}
	if change != nil {
		change(&s)
	}
	md := map[string]string{}
	s.AddTo(md)
	return md[saveKey]
}

func TestSaveInfoFolders(t *testing.T) {
	indexed := func(s *SaveInfo) { s.Indexed = true }
	index := &fstest.MapFile{Data: Index(24, map[string]string{"w": "b.safetensors"})}
	hostile := func(old, text string) *fstest.MapFile {
		s := said(1, nil)
		if strings.Count(s, old) != 1 {
			t.Fatalf("%q is not in %s", old, s)
		}
		return part(0, strings.Replace(s, old, text, 1))
	}
	second := part(1, said(2, nil))
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  ckpterr.Class
		text  string
	}{
		"whole":            {fstest.MapFS{"a.safetensors": part(0, said(1, nil)), "b.safetensors": second}, "", ""},
		"renamed":          {fstest.MapFS{"z.safetensors": part(0, said(1, nil)), "b.safetensors": second}, "", ""},
		"whole, indexed":   {fstest.MapFS{"a.safetensors": part(0, said(1, indexed)), "b.safetensors": part(1, said(2, indexed)), IndexName: index}, "", ""},
		"an index beside":  {fstest.MapFS{"a.safetensors": part(0, said(1, nil)), "b.safetensors": second, IndexName: index}, "", ""},
		"more keys":        {fstest.MapFS{"a.safetensors": hostile(`"file"`, `"later": [{"x": null}], "file"`), "b.safetensors": second}, "", ""},
		"size of another":  {fstest.MapFS{"a.safetensors": hostile(`"w"`, `"v": [1], "w"`), "b.safetensors": second}, "", ""},
		"no index":         {fstest.MapFS{"a.safetensors": part(0, said(1, indexed)), "b.safetensors": part(1, said(2, indexed))}, ckpterr.MissingFile, IndexName},
		"first missing":    {fstest.MapFS{"b.safetensors": second}, ckpterr.MissingFile, `file 1 of 2 of save "s" is not there`},
		"last missing":     {fstest.MapFS{"a.safetensors": part(0, said(1, nil))}, ckpterr.MissingFile, "file 2 of 2"},
		"a copy":           {fstest.MapFS{"a.safetensors": part(0, said(1, nil)), "b.safetensors": second, "c.safetensors": second}, ckpterr.BadSafetensors, `it is file 2 of its save, and so is "b.safetensors"`},
		"a copy for a":     {fstest.MapFS{"b.safetensors": second, "c.safetensors": second}, ckpterr.BadSafetensors, "it is file 2"},
		"another save":     {fstest.MapFS{"a.safetensors": part(0, said(1, func(s *SaveInfo) { s.SaveID = "t" })), "b.safetensors": second}, ckpterr.BadSafetensors, `it is of save "s", and "a.safetensors" is of "t"`},
		"another attempt":  {fstest.MapFS{"a.safetensors": part(0, said(1, func(s *SaveInfo) { s.Attempt = "b" })), "b.safetensors": second}, ckpterr.BadSafetensors, "another attempt"},
		"another count":    {fstest.MapFS{"a.safetensors": part(0, said(1, func(s *SaveInfo) { s.Files = 3 })), "b.safetensors": second}, ckpterr.BadSafetensors, "another attempt"},
		"indexed and not":  {fstest.MapFS{"a.safetensors": part(0, said(1, indexed)), "b.safetensors": second, IndexName: index}, ckpterr.BadSafetensors, "another attempt"},
		"one of no save":   {fstest.MapFS{"a.safetensors": part(0, ""), "b.safetensors": second}, ckpterr.BadSafetensors, `it is of no save, and "b.safetensors" is of "s"`},
		"a stranger":       {fstest.MapFS{"a.safetensors": part(0, said(1, nil)), "b.safetensors": second, "x.safetensors": shard("F32", 3, at(2, 0))}, ckpterr.BadSafetensors, "it is of no save"},
		"other size":       {fstest.MapFS{"a.safetensors": hostile("[4, 3]", "[5, 3]"), "b.safetensors": second}, ckpterr.BadSafetensors, "a part of [4 3] here, of [5 3]"},
		"outside":          {fstest.MapFS{"a.safetensors": part(4, said(1, nil)), "b.safetensors": second}, ckpterr.ChunkBounds, "is outside of [4 3]"},
		"too small":        {fstest.MapFS{"a.safetensors": hostile("[4, 3]", "[4, 2]"), "b.safetensors": second}, ckpterr.ChunkBounds, "is outside of [4 2]"},
		"negative":         {fstest.MapFS{"a.safetensors": hostile("[4, 3]", "[-4, 3]"), "b.safetensors": second}, ckpterr.BadSafetensors, "a size of [-4 3]"},
		"other rank":       {fstest.MapFS{"a.safetensors": hostile("[4, 3]", "[4]"), "b.safetensors": second}, ckpterr.BadSafetensors, "no size of 2 dimensions"},
		"no size":          {fstest.MapFS{"a.safetensors": hostile(`"w"`, `"v"`), "b.safetensors": second}, ckpterr.BadSafetensors, "no size of 2 dimensions"},
		"no sizes":         {fstest.MapFS{"a.safetensors": hostile(`"sizes"`, `"dimensions"`), "b.safetensors": second}, ckpterr.BadSafetensors, "no size of 2 dimensions"},
		"size over 64 bit": {fstest.MapFS{"a.safetensors": hostile("[4, 3]", "[9223372036854775808, 3]"), "b.safetensors": second}, ckpterr.BadSafetensors, "no 64-bit integer"},
		"many dimensions":  {fstest.MapFS{"a.safetensors": hostile("[4, 3]", "["+strings.Repeat("1,", maxRank)+"1]"), "b.safetensors": second}, ckpterr.BadSafetensors, "more than 64 numbers"},
		"sizes null":       {fstest.MapFS{"a.safetensors": hostile(`{"w": [4, 3]}`, "null"), "b.safetensors": second}, ckpterr.BadSafetensors, ""},
		"size twice":       {fstest.MapFS{"a.safetensors": hostile(`"w": [4, 3]`, `"w": [4, 3], "w": [4, 3]`), "b.safetensors": second}, ckpterr.BadSafetensors, "twice"},
		"file 0":           {fstest.MapFS{"a.safetensors": hostile(`"file": 1`, `"file": 0`), "b.safetensors": second}, ckpterr.BadSafetensors, "a number of files of 0"},
		"file 3 of 2":      {fstest.MapFS{"a.safetensors": hostile(`"file": 1`, `"file": 3`), "b.safetensors": second}, ckpterr.BadSafetensors, "file 3 of 2"},
		"no file":          {fstest.MapFS{"a.safetensors": hostile(`"file": 1`, `"x": 1`), "b.safetensors": second}, ckpterr.BadSafetensors, "file 0 of 2"},
		"very many files":  {fstest.MapFS{"a.safetensors": hostile(`"files": 2`, `"files": 99999999999`), "b.safetensors": second}, ckpterr.BadSafetensors, "a number of files of 99999999999"},
		"many files":       {fstest.MapFS{"a.safetensors": part(0, said(1, func(s *SaveInfo) { s.Files = math.MaxInt32 }))}, ckpterr.MissingFile, "file 2 of 2147483647"},
		"no id":            {fstest.MapFS{"a.safetensors": hostile(`"save_id": "s"`, `"save_id": ""`), "b.safetensors": second}, ckpterr.BadSafetensors, `save ""`},
		"no attempt":       {fstest.MapFS{"a.safetensors": hostile(`"attempt": "a", `, ``), "b.safetensors": second}, ckpterr.BadSafetensors, `attempt ""`},
		"id a number":      {fstest.MapFS{"a.safetensors": hostile(`"save_id": "s"`, `"save_id": 1`), "b.safetensors": second}, ckpterr.BadSafetensors, "a string should be"},
		"another index":    {fstest.MapFS{"a.safetensors": hostile(`"file": 1`, `"file": 1, "index": "../x"`), "b.safetensors": second}, ckpterr.BadSafetensors, `index "../x"`},
		"empty text":       {fstest.MapFS{"a.safetensors": sf(`{"__metadata__":{"godcp_save":""}}`, 0)}, ckpterr.BadSafetensors, ""},
		"junk after":       {fstest.MapFS{"a.safetensors": part(0, said(1, nil)+"}"), "b.safetensors": second}, ckpterr.BadSafetensors, "its end"},
		"a list":           {fstest.MapFS{"a.safetensors": part(0, "[]")}, ckpterr.BadSafetensors, ""},
		"deep":             {fstest.MapFS{"a.safetensors": part(0, `{"x":`+strings.Repeat("[", 100000))}, ckpterr.LimitExceeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := openFS(t, c.files)
			if got := ckpterr.ClassOf(err); got != c.want || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.text) {
				t.Fatalf("gave %v, want class %q and %q", err, c.want, c.text)
			}
			if err != nil {
				return
			}
			w, _ := f.Lookup("w")
			if d := cmp.Diff([]int64{4, 3}, w.Size); d != "" || f.SaveID != "s" || len(w.Chunks) != 2 {
				t.Errorf("save %q, %d chunks, size %s", f.SaveID, len(w.Chunks), d)
			}
		})
	}
}

// TestFolderWithoutSaveInfo is as torch reads it: as large as what is there.
func TestFolderWithoutSaveInfo(t *testing.T) {
	f, err := openFS(t, fstest.MapFS{"a.safetensors": part(0, ""), "b.safetensors": part(2, "")})
	if err != nil {
		t.Fatal(err)
	}
	want := []FolderTensor{{FQN: "w", DType: tensor.Float32, Size: []int64{3, 3}, Chunks: f.Tensors[0].Chunks}}
	if d := cmp.Diff(want, f.Tensors); d != "" || f.SaveID != "" {
		t.Errorf("save %q %s", f.SaveID, d)
	}
}
