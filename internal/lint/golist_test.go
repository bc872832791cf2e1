package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const root = "../.."

// platforms are looked at one by one: a file for one system only has imports
// that the others do not show.
var platforms = []string{"linux", "darwin", "windows"}

// goPackage is what go list tells of a package.
type goPackage struct {
	Dir          string
	ImportPath   string
	Name         string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func (p goPackage) path() string {
	path, _ := within(p.ImportPath)
	return path
}

// within cuts the module from an import path; false for other modules'.
func within(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// isStandard tells paths of the standard library, which have no domain.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func listPackages(t *testing.T, goos string) []goPackage {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(goList(t, goos, "-json", "./...")))
	var found []goPackage
	for {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, p)
	}
}

func listDeps(t *testing.T, goos, path string) []string {
	t.Helper()
	return strings.Fields(string(goList(t, goos, "-deps", "-f", "{{.ImportPath}}", path)))
}

func goList(t *testing.T, goos string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %q: %v\n%s", args, err, errs.Bytes())
	}
	return out
}
