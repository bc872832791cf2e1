package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/godcp/godcp"

// A room is a package of the house: what it may import of ours, and of others
// by path prefix. The standard library is open to all.
type room struct {
	path   string
	ours   []string
	others []string
}

// house lists all packages from the ground up. A package may import what its
// line names, and a line may name only lines above it, so imports point
// downwards. A new package needs a line here.
var house = []room{
	{path: "fsbase", others: list("golang.org/x/sync")},
	{path: "ckpterr"},
	{path: "tensor"},

	{path: "conformance", ours: list("fsbase"), others: list("github.com/anishathalye/porcupine")},
	{path: "conformance/internal/mutants", ours: list("fsbase")},
	{path: "backends/local", ours: list("fsbase"), others: list("golang.org/x/sys")},
	{path: "backends/memfs", ours: list("fsbase")},
	{path: "internal/reports", ours: list("conformance")},
	{path: "conformance/reports/generate", ours: list("fsbase conformance backends/local backends/memfs internal/reports")},
	{
		path: "backends/s3", ours: list("fsbase"),
		others: list("github.com/aws/aws-sdk-go-v2 github.com/aws/smithy-go golang.org/x/sync"),
	},
	{path: "backends/s3/internal/fakes3"},
	{
		path: "backends/gcs", ours: list("fsbase"),
		others: list("cloud.google.com/go/storage github.com/googleapis/gax-go golang.org/x/sync" +
			" google.golang.org/api google.golang.org/grpc"),
	},
	{
		path: "backends/gocloud", ours: list("fsbase"),
		others: list("github.com/Azure/azure-sdk-for-go gocloud.dev golang.org/x/sync"),
	},
	{path: "backends/all", ours: list("backends/gcs backends/gocloud backends/local backends/memfs backends/s3")},

	{path: "internal/lint"},
	{path: "internal/ranges", ours: list("tensor")},
	{path: "internal/pickle", ours: list("ckpterr")},
	{path: "internal/torchfile", ours: list("ckpterr tensor internal/pickle")},
	{
		path: "safetensors", ours: list("fsbase ckpterr tensor"),
		others: list("golang.org/x/sync"),
	},

	{path: "collective", ours: list("fsbase ckpterr")},
	{path: "collective/internal/grouptest", ours: list("collective")},
	{
		path: "collective/natsgroup", ours: list("collective"),
		others: list("github.com/nats-io/nats.go github.com/nats-io/nats-server/v2 github.com/nats-io/nkeys"),
	},

	{path: "dcp/metadata", ours: list("ckpterr tensor internal/pickle"), others: list("golang.org/x/sync")},
	{path: "dcp/planner", ours: list("ckpterr tensor internal/ranges dcp/metadata")},
	{
		path: "dcp",
		ours: list("fsbase ckpterr tensor internal/ranges internal/pickle internal/torchfile" +
			" safetensors collective dcp/metadata dcp/planner"),
		others: list("github.com/google/uuid github.com/klauspost/compress golang.org/x/sync"),
	},
	{
		path: "verify", ours: list("fsbase ckpterr tensor safetensors dcp/metadata dcp/planner dcp"),
		others: list("golang.org/x/sync"),
	},

	{
		path: "cmd/dcp/cli",
		ours: list("conformance fsbase ckpterr tensor dcp/metadata dcp/planner dcp verify"),
		others: list("github.com/spf13/cobra github.com/vbauerster/cupwriter github.com/vbauerster/mpb" +
			" golang.org/x/sync golang.org/x/sys"),
	},
	{path: "cmd/dcp", ours: list("backends/all cmd/dcp/cli")},
	{path: "bench/internal/compare"},
	{
		path: "bench/load", ours: list("backends/local tensor dcp bench/internal/compare"),
		others: list("golang.org/x/sync"),
	},
	{path: "bench/save", ours: list("backends/local tensor dcp bench/internal/compare")},
	{path: "bench/plan", ours: list("tensor dcp/metadata dcp/planner bench/internal/compare")},
	{
		path: "bench/s3", ours: list("fsbase backends/s3 tensor dcp bench/internal/compare"),
		others: list("github.com/aws/aws-sdk-go-v2"),
	},
	{
		path: "examples/quickstart",
		ours: list("backends/all collective tensor dcp"), others: list("golang.org/x/sync"),
	},
	{
		path: "examples/ranks",
		ours: list("backends/all collective collective/natsgroup tensor dcp"), others: list("golang.org/x/sync"),
	},
	{path: "interop"},
	{path: "internal/walkthrough"},
	{path: "internal/processes"},
}

// light are the packages that others build on: they and all that they reach
// use these modules only, so no cloud SDK and no NATS.
var (
	light        = list("fsbase dcp conformance backends/local backends/memfs")
	lightModules = list("github.com/anishathalye/porcupine github.com/google/uuid github.com/klauspost/compress" +
		" golang.org/x/sync golang.org/x/sys")
)

// forTests is what every test may import besides what its package may: a real
// storage to work on, and helpers.
var forTests = list("backends/local backends/memfs conformance conformance/internal/mutants collective/internal/grouptest")

// outward are the packages that a third party's backend would look like, so
// their tests too know of ours only the contract and its proof.
var outward = list("backends/local backends/memfs backends/gcs backends/gocloud conformance conformance/internal/mutants")

func list(s string) []string { return strings.Fields(s) }

func TestHouseStandsOnItself(t *testing.T) {
	var below []string
	for _, r := range house {
		if slices.Contains(below, r.path) {
			t.Errorf("%s is there twice", r.path)
		}
		for _, o := range r.ours {
			if !slices.Contains(below, o) {
				t.Errorf("%s may import %s, which does not lie below it", r.path, o)
			}
		}
		below = append(below, r.path)
	}
}

func TestLayers(t *testing.T) {
	for _, goos := range platforms {
		t.Run(goos, func(t *testing.T) {
			var seen []string
			for _, p := range listPackages(t, goos) {
				seen = append(seen, p.path())
				for _, problem := range judge(p) {
					t.Error(problem)
				}
			}
			for _, r := range house {
				if !slices.Contains(seen, r.path) {
					t.Errorf("the house has a line for %s, which does not exist", r.path)
				}
			}
		})
	}
}

// judge tells which rules the imports of a package break.
func judge(p goPackage) (problems []string) {
	i := slices.IndexFunc(house, func(r room) bool { return r.path == p.path() })
	if i < 0 {
		return []string{fmt.Sprintf("%s has no line in the house: say there what it may import", p.path())}
	}
	r := house[i]
	for _, path := range p.Imports {
		if !r.allows(path) {
			problems = append(problems, fmt.Sprintf("%s must not import %s", r.path, path))
		}
	}
	for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
		if !r.allowsTest(path) {
			problems = append(problems, fmt.Sprintf("tests of %s must not import %s", r.path, path))
		}
	}
	return problems
}

func (r room) allows(path string) bool {
	if ours, ok := within(path); ok {
		return slices.Contains(r.ours, ours)
	}
	return isStandard(path) || hasPrefix(r.others, path)
}

func (r room) allowsTest(path string) bool {
	ours, ok := within(path)
	switch {
	case !ok:
		return true // modules that only tests need cost nobody else anything
	case ours == r.path || slices.Contains(r.ours, ours):
		return true
	case strings.HasPrefix(ours, r.path+"/internal/"):
		return true // what a package keeps to itself is there for its tests too
	case slices.Contains(outward, r.path):
		return ours == "fsbase" || slices.Contains(outward, ours)
	case slices.Contains(forTests, ours):
		return true
	}
	// Tests that look at the whole may look at all of it. Those of cmd/dcp/cli
	// may not: go mod tidy puts what the tests of an imported package need into
	// the go.sum of whoever imports it.
	return r.path == "interop" || r.path == "internal/processes" || r.path == "cmd/dcp"
}

func TestLightPackagesStayLight(t *testing.T) {
	for _, goos := range platforms {
		for _, name := range light {
			for _, path := range listDeps(t, goos, module+"/"+name) {
				if _, ours := within(path); ours || isStandard(path) || hasPrefix(lightModules, path) {
					continue
				}
				t.Errorf("%s: %s reaches %s", goos, name, path)
			}
		}
	}
}

// hasPrefix tells whether path is one of prefixes, or below it.
func hasPrefix(prefixes []string, path string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		return path == p || strings.HasPrefix(path, p+"/")
	})
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name string
		p    goPackage
		want int
	}{
		{"downwards", goPackage{ImportPath: module + "/dcp", Imports: list("io " + module + "/tensor")}, 0},
		{"upwards", goPackage{ImportPath: module + "/tensor", Imports: list(module + "/dcp")}, 1},
		{"a backend", goPackage{ImportPath: module + "/dcp", Imports: list(module + "/backends/local")}, 1},
		{"a backend in a test", goPackage{ImportPath: module + "/dcp", XTestImports: list(module + "/backends/local")}, 0},
		{"every backend in a test of the command", goPackage{ImportPath: module + "/cmd/dcp/cli", TestImports: list(module + "/backends/all")}, 1},
		{"dcp in a backend's test", goPackage{ImportPath: module + "/backends/local", TestImports: list(module + "/dcp")}, 1},
		{"its own internals in a test", goPackage{ImportPath: module + "/backends/s3", TestImports: list(module + "/backends/s3/internal/fakes3")}, 0},
		{"its own internals", goPackage{ImportPath: module + "/backends/s3", Imports: list(module + "/backends/s3/internal/fakes3")}, 1},
		{"an SDK", goPackage{ImportPath: module + "/dcp", Imports: list("cloud.google.com/go/storage")}, 1},
		{"another of x", goPackage{ImportPath: module + "/fsbase", Imports: list("golang.org/x/synchrotron")}, 1},
		{"unknown", goPackage{ImportPath: module + "/util"}, 1},
	}
	for _, tt := range tests {
		if got := judge(tt.p); len(got) != tt.want {
			t.Errorf("%s: %d problems, want %d: %q", tt.name, len(got), tt.want, got)
		}
	}
}
