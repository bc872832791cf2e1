package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSafetensorsNeighbours are folders of safetensors files.
func TestSafetensorsNeighbours(t *testing.T) {
	const good = `{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`
	const bad = "BadSafetensors LimitExceeded"
	one := func(header string, data int) map[string][]byte {
		return map[string][]byte{"model.safetensors": safetensorsFile(t, header, data)}
	}
	raw := func(s string) map[string][]byte { return map[string][]byte{"model.safetensors": []byte(s)} }
	index := func(s string) map[string][]byte {
		files := one(good, 24)
		files["model.safetensors.index.json"] = []byte(s)
		return files
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"sound":                      {one(good, 24), "OK"},
		"header beyond the file":     {raw("\xff\x00\x00\x00\x00\x00\x00\x00{}"), bad},
		"header of 2**64-1":          {raw("\xff\xff\xff\xff\xff\xff\xff\xff{}"), bad},
		"empty file":                 {raw(""), bad},
		"seven bytes":                {raw("\x00\x00\x00\x00\x00\x00\x00"), bad},
		"empty header":               {raw("\x00\x00\x00\x00\x00\x00\x00\x00"), bad},
		"not JSON":                   {raw("\x04\x00\x00\x00\x00\x00\x00\x00{'a'"), bad},
		"data short":                 {one(good, 20), bad},
		"data long":                  {one(good, 25), bad},
		"a hole":                     {one(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"v":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12), bad},
		"starts late":                {one(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), bad},
		"negative shape":             {one(`{"w":{"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]}}`, 24), bad},
		"negative offset":            {one(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 0), bad},
		"offsets reversed":           {one(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), bad},
		"three offsets":              {one(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}}`, 4), bad},
		"shape with a fraction":      {one(`{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}`, 4), bad},
		"shape 1e400":                {one(`{"w":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}`, 4), bad},
		"shape too small":            {one(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8), bad},
		"no dtype":                   {one(`{"w":{"shape":[1],"data_offsets":[0,4]}}`, 4), bad},
		"metadata is a number":       {one(`{"__metadata__":{"a":1},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), bad},
		"sharding info is no JSON":   {one(`{"__metadata__":{"DCP_SHARDING_INFO":"{"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "BadSafetensors BadMetadata"},
		"sharding leaves a gap":      {one(`{"__metadata__":{"DCP_SHARDING_INFO":"{\"w\":{\"saved_offsets\":[5]}}"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "ChunkGap BadSafetensors"},
		"sharding overflows":         {one(`{"__metadata__":{"DCP_SHARDING_INFO":"{\"w\":{\"saved_offsets\":[9223372036854775807]}}"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "ChunkBounds ChunkGap BadSafetensors BadMetadata"},
		"index is an absolute path":  {index(`{"weight_map":{"w":"/etc/passwd"}}`), "UnsafePath BadSafetensors"},
		"index with a backslash":     {index(`{"weight_map":{"w":"..\\x"}}`), "UnsafePath BadSafetensors"},
		"index names an absent file": {index(`{"weight_map":{"w":"gone.safetensors"}}`), "MissingFile"},
		"index names another weight": {index(`{"weight_map":{"v":"model.safetensors"}}`), "MissingItem BadSafetensors"},
		"index is no JSON":           {index(`{`), "BadSafetensors"},
		"index is deep":              {index(strings.Repeat(`{"a":`, 100_000)), bad},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, b := range c.files {
				if err := os.WriteFile(filepath.Join(dir, file), b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			r := runDCP(t, "verify", "--json", dir)
			if class := r.class(t); !slices.Contains(strings.Fields(c.want), class) {
				t.Errorf("%s, want one of %s\n%s%s", class, c.want, r.stdout, r.stderr)
			}
			runDCP(t, "digest", dir) // must not crash
		})
	}
}
