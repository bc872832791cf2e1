package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestVerifyHostile(t *testing.T) {
	for _, name := range samples(t, "hostile") {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(testdata, "hostile", name)
			var want struct{ Expect []string }
			readJSON(t, filepath.Join(dir, "hostile.json"), &want)
			got := runDCP(t, "verify", "--json", dir)
			if class := got.class(t); !slices.Contains(want.Expect, class) {
				t.Errorf("%s, want one of %v\n%s%s", class, want.Expect, got.stdout, got.stderr)
			}
			// What verify lets through is read without a failure too.
			if got.status == 0 {
				if r := runDCP(t, "digest", dir); r.status != 0 {
					t.Errorf("verify is content, digest: %s", r.stderr)
				}
			}
		})
	}
}

// TestOthersOnHostile runs the other verbs on what verify refuses: any answer
// is right but a crash and a hang.
func TestOthersOnHostile(t *testing.T) {
	for _, name := range samples(t, "hostile") {
		dir := filepath.Join(testdata, "hostile", name)
		for _, args := range [][]string{{"ls"}, {"inspect"}, {"digest"}, {"cat", "w"}, {"cat", "n"}} {
			args = slices.Insert(args, 1, dir)
			r := runDCP(t, args...)
			if strings.ContainsFunc(r.stdout+r.stderr, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Errorf("%v prints a control character: %q %q", args, r.stdout, r.stderr)
			}
		}
	}
}
