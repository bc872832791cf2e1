package dcp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

func TestNotACheckpoint(t *testing.T) {
	cases := []struct {
		name  string
		files []string
		hint  string
	}{
		{"empty", nil, "a checkpoint is a folder with .metadata"},
		{"paddle", []string{"0.metadata", "0_0.distcp"}, "paddle"},
		{"unfinished", []string{"__0_0.distcp", "__1_0.distcp"}, "did not finish"},
		{"broke off at the rename", []string{"__0_0.distcp", ".metadata.tmp"}, "rename .metadata.tmp"},
		{"folder of checkpoints", []string{"step-1/.metadata", "step-2/.metadata", "step-2/__0_0.distcp"}, "step-2"},
		{"torch.save", []string{"model.pt"}, "torch_to_dcp"},
		{"something else", []string{"readme.txt"}, "a checkpoint is a folder with .metadata"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fsys := memfs.New()
			for _, f := range c.files {
				store(t, fsys, f, []byte("x"))
			}
			_, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
			var e *ckpterr.Error
			if !errors.As(err, &e) || e.Class != ckpterr.NotACheckpoint {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(e.Hint, c.hint) {
				t.Errorf("hint %q does not say %q", e.Hint, c.hint)
			}
		})
	}
}
