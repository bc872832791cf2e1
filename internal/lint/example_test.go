package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// example is the module of a third party's backend.
const example = root + "/examples/custombackend"

// mostBackendLines is how much a backend for real storage may take.
const mostBackendLines = 150

func TestExampleIsShort(t *testing.T) {
	files, err := filepath.Glob(example + "/redisfs/*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || filepath.Base(f) == "doc.go" {
			continue
		}
		lines += strings.Count(read(t, f), "\n")
	}
	if lines == 0 || lines > mostBackendLines {
		t.Errorf("the backend has %d lines, want at most %d", lines, mostBackendLines)
	}
}

// sdks are what nobody has to download who adds storage to godcp.
var sdks = list("cloud.google.com google.golang.org github.com/aws github.com/Azure github.com/googleapis gocloud.dev github.com/nats-io")

// TestExampleStaysLight: who depends on godcp, the command included, has no
// cloud SDK in his go.sum.
func TestExampleStaysLight(t *testing.T) {
	sum := strings.Split(strings.TrimSpace(read(t, example+"/go.sum")), "\n")
	for _, line := range sum {
		if path, _, _ := strings.Cut(line, " "); hasPrefix(sdks, path) {
			t.Errorf("go.sum has %s", path)
		}
	}
	if len(sum) < 10 {
		t.Errorf("go.sum has %d lines only", len(sum))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
