package lint

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const mostLines = 400

// Both patterns are written so that they do not match this file.
var (
	later   = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	machine = regexp.MustCompile(`(^|[\s"'(=:` + "`" + `]|file://)/(home|root|Users|work|opt)/\w`)
)

func TestFiles(t *testing.T) {
	seen := 0
	for path, text := range sources(t) {
		seen++
		for _, problem := range inspect(path, text) {
			t.Errorf("%s: %s", path, problem)
		}
	}
	if seen < 100 {
		t.Errorf("looked at %d files only", seen)
	}
}

// inspect tells what is wrong in a file that people wrote.
func inspect(path, text string) (problems []string) {
	if n := strings.Count(text, "\n"); n > mostLines && strings.HasSuffix(path, ".go") {
		problems = append(problems, "longer than 400 lines: it has more than one subject")
	}
	if m := later.FindString(text); m != "" {
		problems = append(problems, m+" belongs into an issue")
	}
	if m := machine.FindString(text); m != "" {
		problems = append(problems, "a path of one machine: "+strings.TrimSpace(m))
	}
	return problems
}

// sources maps the files that people wrote to their text. Test data is left
// out: it is what it is.
func sources(t *testing.T) map[string]string {
	t.Helper()
	kinds := []string{".go", ".md", ".py", ".sh", ".yml", ".mod"}
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		isScript := filepath.Base(filepath.Dir(path)) == ".ci"
		if !d.Type().IsRegular() || !isScript && !slices.Contains(kinds, filepath.Ext(path)) {
			return nil
		}
		text, err := os.ReadFile(path)
		files[filepath.ToSlash(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInspect(t *testing.T) {
	tests := []struct {
		name, path, text string
		want             int
	}{
		{"fine", "a.go", "package a // file:///models/run7, s3://b/home/x\n", 0},
		{"long", "a.go", strings.Repeat("\n", mostLines+1), 1},
		{"long text", "a.md", strings.Repeat("\n", mostLines+1), 0},
		{"later", "a.py", "# TO" + "DO: more\n", 1},
		{"machine", "a.md", "run it in /ho" + "me/me/godcp\n", 1},
		{"machine as URL", "a.go", `"file:///ro` + `ot/x"`, 1},
	}
	for _, tt := range tests {
		if got := inspect(tt.path, tt.text); len(got) != tt.want {
			t.Errorf("%s: %q, want %d problems", tt.name, got, tt.want)
		}
	}
}

// TestPackageDocs holds that every package says what it is, in the form that
// go doc shows in lists.
func TestPackageDocs(t *testing.T) {
	for _, p := range listPackages(t, "linux") {
		docs := 0
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil {
				continue
			}
			docs++
			if !opensWell(p, f.Doc.Text()) {
				t.Errorf("%s/%s: the package comment does not begin with its name", p.path(), name)
			}
		}
		if docs != 1 {
			t.Errorf("%s has %d package comments, want 1", p.path(), docs)
		}
	}
}

func opensWell(p goPackage, doc string) bool {
	if p.Name != "main" {
		return strings.HasPrefix(doc, "Package "+p.Name+" ")
	}
	name := filepath.Base(p.ImportPath)
	return strings.HasPrefix(doc, "Command "+name+" ") ||
		strings.HasPrefix(doc, strings.ToUpper(name[:1])+name[1:]+" ")
}
