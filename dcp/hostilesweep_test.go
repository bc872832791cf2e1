package dcp_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
)

// bystanders are files that a hostile `.metadata` names and that no save may
// remove; the checkpoint is in the folder "ck".
var bystanders = []string{
	"outside.distcp", "ck/notes.txt", "ck/.metadata.distcp", "ck/__0.metadata", "ck/sub/.metadata", "ck/sub/__0_0.distcp",
	"ck/consolidated.metadata.safetensors", "ck/model.pt",
}

// TestHostileMetadataSweepsNothing overwrites a checkpoint whose `.metadata`
// names files that are not its own, as current and as previous ones, over and
// over: they stay, and the new checkpoint is whole.
func TestHostileMetadataSweepsNothing(t *testing.T) {
	hostile := []string{
		"../outside.distcp", "../ck/notes.txt", "/etc/passwd.distcp", ".metadata", "./notes.txt", "notes.txt",
		".metadata.distcp", "__0.metadata", "sub/.metadata", "sub/__0_0.distcp", "sub/../notes.txt", "model.pt",
		"consolidated.metadata.safetensors", "link/outside.distcp", "here/notes.txt", "sub", ".", "", "C:x.distcp",
		"a\\b.distcp", "x\x00.distcp", "points.distcp",
	}
	for _, keep := range []int{0, -1} {
		root := t.TempDir()
		ck := filepath.Join(root, "ck")
		for _, name := range bystanders {
			writeText(t, filepath.Join(root, name))
		}
		for name, to := range map[string]string{"link": "..", "here": ".", "points.distcp": "notes.txt"} {
			if err := os.Symlink(to, filepath.Join(ck, name)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 4 {
			plant(t, ck, slices.Concat(hostile, dataNames(t, ck)))
			fsys, err := local.New(ck)
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, fsys, int64(i+1), dcp.WriterOptions{KeepPrevious: keep})
			if got := stepOf(t, fsys); got != int64(i+1) {
				t.Fatalf("keep %d: step %d", keep, got)
			}
			overwrite(t, fsys, int64(i+1), dcp.WriterOptions{KeepPrevious: keep})
			stepOf(t, fsys)
			for _, name := range bystanders {
				if _, err := os.Lstat(filepath.Join(root, name)); err != nil {
					t.Errorf("keep %d: %v", keep, err)
				}
			}
			for _, link := range []string{"link", "here"} {
				if _, err := os.Lstat(filepath.Join(ck, link)); errors.Is(err, fs.ErrNotExist) {
					t.Errorf("keep %d: the link %s is gone", keep, link)
				}
			}
		}
	}
}

func writeText(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("not yours"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func dataNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), "__") {
			all = append(all, e.Name())
		}
	}
	return all
}

// plant writes a `.metadata` that names all these files.
func plant(t *testing.T, dir string, files []string) {
	t.Helper()
	md := &metadata.Metadata{}
	for _, name := range files {
		md.StateDictMetadata = append(md.StateDictMetadata, metadata.Item{FQN: name})
		md.StorageData = append(md.StorageData, metadata.StorageRecord{
			Index: metadata.MetadataIndex{FQN: name}, Info: metadata.StorageInfo{RelativePath: name, Length: 1},
		})
		md.Previous = append(md.Previous, name)
	}
	body, err := metadata.Encode(md)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, metadata.Name), body, 0o644); err != nil {
		t.Fatal(err)
	}
}
