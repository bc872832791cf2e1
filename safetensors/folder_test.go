package safetensors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// readOnly is as much of a storage as reading needs.
type readOnly struct {
	fsbase.FileSystemBase
	fs fs.FS
}

type stream struct {
	strings.Reader
	info fsbase.Info
}

func (s *stream) Info() fsbase.Info { return s.info }
func (s *stream) Close() error      { return nil }

func (r readOnly) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := fs.ReadFile(r.fs, path)
	if err != nil {
		return nil, err
	}
	s := &stream{info: fsbase.Info{Path: path, Size: int64(len(b))}}
	s.Reset(string(b))
	return s, nil
}

func openFS(t testing.TB, fsys fs.FS) (*Folder, error) {
	names, err := fs.Glob(fsys, "*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return OpenFolder(t.Context(), readOnly{fs: fsys}, names)
}

type expectedEntry struct {
	DType  string
	Shape  []int64
	SHA256 string
}

func readExpected(t *testing.T, dir string) map[string]expectedEntry {
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var e struct{ Entries map[string]expectedEntry }
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e.Entries
}

// assemble reads a tensor chunk by chunk.
func assemble(t *testing.T, fsys fs.FS, ft FolderTensor) *tensor.Tensor {
	whole, err := tensor.New(ft.DType, ft.Size...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ft.Chunks {
		b, err := fs.ReadFile(fsys, c.File)
		if err != nil {
			t.Fatal(err)
		}
		part, err := tensor.FromBytes(ft.DType, c.Box.Sizes, b[c.Offset:][:c.Length])
		if err != nil {
			t.Fatal(err)
		}
		dst, err := whole.Sub(c.Box)
		if err != nil {
			t.Fatal(err)
		}
		if err := tensor.Copy(dst, part); err != nil {
			t.Fatal(err)
		}
	}
	return whole
}

func TestFolderFixtures(t *testing.T) {
	fixtures := filepath.Join("..", "testdata", "fixtures")
	dirs, _ := filepath.Glob(filepath.Join(fixtures, "hf_*"))
	if len(dirs) < 6 {
		t.Fatalf("only %d fixtures", len(dirs))
	}
	for _, dir := range dirs {
		for _, sub := range []string{"", "sharded"} {
			dir := filepath.Join(dir, sub)
			if _, err := os.Stat(dir); err != nil {
				continue
			}
			t.Run(filepath.ToSlash(strings.TrimPrefix(dir, fixtures+string(filepath.Separator))), func(t *testing.T) {
				fsys := os.DirFS(dir)
				f, err := openFS(t, fsys)
				if err != nil {
					t.Fatal(err)
				}
				want := readExpected(t, strings.TrimSuffix(dir, "sharded"))
				if len(f.Tensors) != len(want) {
					t.Errorf("%d tensors, want %d", len(f.Tensors), len(want))
				}
				for fqn, w := range want {
					if strings.Contains(dir, "hf_consolidated_1rank") && sub == "" && len(w.Shape) == 0 {
						continue // torch 2.15 wrote a zero in place of the value
					}
					ft, ok := f.Lookup(fqn)
					if !ok || ft.DType.String() != w.DType || !slices.Equal(ft.Size, w.Shape) {
						t.Errorf("%s: found %v %v %v, want %v %v", fqn, ok, ft.DType, ft.Size, w.DType, w.Shape)
						continue
					}
					h := sha256.New()
					if err := assemble(t, fsys, ft).WriteLogical(h); err != nil {
						t.Fatal(err)
					}
					if got := hex.EncodeToString(h.Sum(nil)); got != w.SHA256 {
						t.Errorf("%s: sha256 %s, want %s", fqn, got, w.SHA256)
					}
				}
			})
		}
	}
}

func TestFolderHostile(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join("..", "testdata", "hostile", "h[0-9]*"))
	if len(dirs) < 10 {
		t.Fatalf("only %d samples", len(dirs))
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var sample struct {
				What   string
				Expect []string
			}
			b, err := os.ReadFile(filepath.Join(dir, "hostile.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &sample); err != nil {
				t.Fatal(err)
			}
			_, err = openFS(t, os.DirFS(dir))
			if got := string(ckpterr.ClassOf(err)); !slices.Contains(sample.Expect, got) {
				t.Errorf("%s\ngave %q (%v), want one of %q", sample.What, got, err, sample.Expect)
			}
			t.Log(err)
		})
	}
}

// sf writes a safetensors file: the header's text and n bytes of data.
func sf(header string, n int) *fstest.MapFile {
	return &fstest.MapFile{Data: rawFile(uint64(len(header)), header, n)}
}

func rawFile(length uint64, header string, n int) []byte {
	b := make([]byte, 8, 8+len(header)+n)
	for i := range 8 {
		b[i] = byte(length >> (8 * i))
	}
	return append(append(b, header...), make([]byte, n)...)
}

// shard is a file with one tensor "w" of two float32 rows at a given place.
func shard(dtype string, cols int, sharding string) *fstest.MapFile {
	meta := ""
	if sharding != "" {
		meta = fmt.Sprintf(`"__metadata__":{"DCP_SHARDING_INFO":%q},`, sharding)
	}
	return sf(fmt.Sprintf(`{%s"w":{"dtype":"%s","shape":[1,%d],"data_offsets":[0,%d]}}`, meta, dtype, cols, 4*cols), 4*cols)
}

func at(o ...int) string {
	b, _ := json.Marshal(map[string]any{"w": map[string]any{"saved_offsets": o}})
	return string(b)
}

func TestFolderRules(t *testing.T) {
	idx := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	one := shard("F32", 3, "")
	tests := map[string]struct {
		files fstest.MapFS
		want  ckpterr.Class
	}{
		"two shards":                   {fstest.MapFS{"a.safetensors": shard("F32", 3, at(0, 0)), "b.safetensors": shard("F32", 3, at(1, 0))}, ""},
		"gap is the caller's":          {fstest.MapFS{"a.safetensors": shard("F32", 3, at(0, 0)), "b.safetensors": shard("F32", 3, at(7, 0))}, ""},
		"twice without sharding":       {fstest.MapFS{"a.safetensors": one, "b.safetensors": one}, ckpterr.BadSafetensors},
		"one with, one without":        {fstest.MapFS{"a.safetensors": shard("F32", 3, at(0, 0)), "b.safetensors": one}, ckpterr.BadSafetensors},
		"one without, one with":        {fstest.MapFS{"a.safetensors": one, "b.safetensors": shard("F32", 3, at(1, 0))}, ckpterr.BadSafetensors},
		"dtype differs":                {fstest.MapFS{"a.safetensors": shard("F32", 3, at(0, 0)), "b.safetensors": shard("I32", 3, at(1, 0))}, ckpterr.BadSafetensors},
		"offset overflows":             {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"saved_offsets":[9223372036854775807,0]}}`)}, ckpterr.ChunkBounds},
		"offset over 64 bits":          {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"saved_offsets":[9223372036854775808,0]}}`)}, ckpterr.BadSafetensors},
		"offset float":                 {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"saved_offsets":[0.0,0]}}`)}, ckpterr.BadSafetensors},
		"offset bool":                  {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"saved_offsets":[true,0]}}`)}, ckpterr.BadSafetensors},
		"offsets null":                 {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"saved_offsets":null}}`)}, ckpterr.BadSafetensors},
		"no saved_offsets":             {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{}}`)}, ckpterr.BadSafetensors},
		"sharding is a list":           {fstest.MapFS{"a.safetensors": shard("F32", 3, `[]`)}, ckpterr.BadSafetensors},
		"sharding is empty text":       {fstest.MapFS{"a.safetensors": sf(`{"__metadata__":{"DCP_SHARDING_INFO":""},"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1)}, ckpterr.BadSafetensors},
		"sharding names w twice":       {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"saved_offsets":[0,0]},"w":{"saved_offsets":[1,0]}}`)}, ckpterr.BadSafetensors},
		"sharding has more":            {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"v":{"saved_offsets":[5]},"w":{"x":[{"y":null}],"saved_offsets":[0,0]}}`)}, ""},
		"sharding has junk after":      {fstest.MapFS{"a.safetensors": shard("F32", 3, at(0, 0)+"}")}, ckpterr.BadSafetensors},
		"sharding deep":                {fstest.MapFS{"a.safetensors": shard("F32", 3, `{"w":{"x":`+strings.Repeat("[", 100000))}, ckpterr.LimitExceeded},
		"index fits":                   {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"metadata":{"total_size":1.5e3},"weight_map":{"w":"a.safetensors"}}`)}, ""},
		"index names less":             {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{}}`)}, ""},
		"index: file absent":           {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"b.safetensors"}}`)}, ckpterr.MissingFile},
		"index: weight absent":         {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"v":"a.safetensors"}}`)}, ckpterr.MissingItem},
		"index: absolute":              {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"/etc/passwd"}}`)}, ckpterr.UnsafePath},
		"index: dot":                   {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"."}}`)}, ckpterr.UnsafePath},
		"index: empty":                 {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":""}}`)}, ckpterr.UnsafePath},
		"index: sub-folder":            {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"x/a.safetensors"}}`)}, ckpterr.UnsafePath},
		"index: not clean":             {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"./a.safetensors"}}`)}, ckpterr.UnsafePath},
		"index: backslash":             {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"..\\a"}}`)}, ckpterr.UnsafePath},
		"index: drive":                 {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"C:a"}}`)}, ckpterr.UnsafePath},
		"index: not JSON":              {fstest.MapFS{"a.safetensors": one, IndexName: idx(`weight_map`)}, ckpterr.BadSafetensors},
		"index: no map":                {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{}`)}, ckpterr.BadSafetensors},
		"index: map null":              {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":null}`)}, ckpterr.BadSafetensors},
		"index: file is number":        {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":1}}`)}, ckpterr.BadSafetensors},
		"index: duplicate weight":      {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{"w":"a.safetensors","w":"b"}}`)}, ckpterr.BadSafetensors},
		"index: deep":                  {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"metadata":` + strings.Repeat(`{"a":`, 100000))}, ckpterr.LimitExceeded},
		"index: junk after":            {fstest.MapFS{"a.safetensors": one, IndexName: idx(`{"weight_map":{}} x`)}, ckpterr.BadSafetensors},
		"index: empty file":            {fstest.MapFS{"a.safetensors": one, IndexName: idx(``)}, ckpterr.BadSafetensors},
		"a file of 0 bytes among them": {fstest.MapFS{"a.safetensors": one, "b.safetensors": {}}, ckpterr.BadSafetensors},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := openFS(t, test.files)
			if got := ckpterr.ClassOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("gave %v, want class %q", err, test.want)
			}
		})
	}
}

func TestFolderSaysWhere(t *testing.T) {
	_, err := openFS(t, fstest.MapFS{"a.safetensors": shard("F32", 3, at(0, -1))})
	var e *ckpterr.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	got := ckpterr.Error{Class: e.Class, File: e.File, FQN: e.FQN, Offset: e.Offset}
	want := ckpterr.Error{Class: ckpterr.ChunkBounds, File: "a.safetensors", FQN: "w", Offset: -1}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestFolderStorageErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := OpenFolder(ctx, readOnly{fs: fstest.MapFS{}}, []string{"a.safetensors"})
	if !errors.Is(err, context.Canceled) || ckpterr.ClassOf(err) != "" {
		t.Errorf("a cancelled context gave %v", err)
	}
	_, err = OpenFolder(t.Context(), readOnly{fs: fstest.MapFS{}}, []string{"gone.safetensors"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file gave %v", err)
	}
}
