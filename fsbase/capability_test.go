package fsbase_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// capabilities are all there are, each with the way to find it. Whoever adds
// one adds it here, to Sub, and gives it a package function.
var capabilities = map[string]func(fsbase.FileSystemBase) bool{
	"ExclusiveCreator": has[fsbase.ExclusiveCreator],
	"Swapper":          has[fsbase.Swapper],
	"Uploader":         has[fsbase.Uploader],
	"RangeReader":      has[fsbase.RangeReader],
	"Stater":           has[fsbase.Stater],
	"Lister":           has[fsbase.Lister],
	"Copier":           has[fsbase.Copier],
	"RemoveAller":      has[fsbase.RemoveAller],
	"PartLimiter":      has[fsbase.PartLimiter],
	"Unsyncer":         has[fsbase.Unsyncer],
}

func has[T any](fsys fsbase.FileSystemBase) bool {
	_, ok := fsbase.As[T](fsys)
	return ok
}

// declared reads the capabilities, with their method, and the functions of the
// package from its source.
func declared(t *testing.T) (methods map[string]string, functions map[string]bool) {
	t.Helper()
	methods, functions = map[string]string{}, map[string]bool{}
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				functions[fn.Name.Name] = true
			}
			gen, ok := d.(*ast.GenDecl)
			if !ok || name != "capability.go" {
				continue
			}
			for _, spec := range gen.Specs {
				ts, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if it, ok := ts.Type.(*ast.InterfaceType); ok && ts.Name.Name != "Capable" {
					methods[ts.Name.Name] = it.Methods.List[0].Names[0].Name
				}
			}
		}
	}
	return methods, functions
}

func TestEveryCapabilityIsKnown(t *testing.T) {
	methods, functions := declared(t)
	want := slices.Sorted(maps.Keys(methods))
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(capabilities))); d != "" {
		t.Fatalf("capability.go has other capabilities than this test (-file +test):\n%s", d)
	}
	whole := memfs.New()
	part, err := fsbase.Sub(whole, "part")
	if err != nil {
		t.Fatal(err)
	}
	none, err := fsbase.Sub(bare{whole}, "part")
	if err != nil {
		t.Fatal(err)
	}
	for name, has := range capabilities {
		function := methods[name]
		if function == "PartLimits" {
			function = "Limits" // PartLimits is the type of the answer
		}
		if !functions[function] {
			t.Errorf("%s has no package function %s", name, function)
		}
		if !has(whole) {
			t.Errorf("memfs is no %s", name)
		}
		if !has(part) {
			t.Errorf("Sub hides %s", name)
		}
		if has(none) {
			t.Errorf("Sub invents %s", name)
		}
	}
}

// readOnly is a wrapper in a few lines: it changes two methods and hands out
// the capabilities that only read. The others cannot be reached around it.
type readOnly struct{ fsbase.FileSystemBase }

func (r readOnly) CreateStream(_ context.Context, path string) (fsbase.WriteStream, error) {
	return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrPermission}
}

func (r readOnly) RmFile(_ context.Context, path string) error {
	return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrPermission}
}

func (r readOnly) AsCapability(target any) bool {
	switch t := target.(type) {
	case *fsbase.Stater:
		return hand(r, t)
	case *fsbase.Lister:
		return hand(r, t)
	case *fsbase.RangeReader:
		return hand(r, t)
	}
	return false
}

func hand[T any](r readOnly, target *T) (ok bool) {
	*target, ok = fsbase.As[T](r.FileSystemBase)
	return ok
}

func TestWrapperHandsOut(t *testing.T) {
	inner := memfs.New()
	put(t, inner, "a", "x")
	// Through a second wrapper, too: Sub asks the first.
	sub, err := fsbase.Sub(readOnly{inner}, "dir")
	if err != nil {
		t.Fatal(err)
	}
	for _, fsys := range []fsbase.FileSystemBase{readOnly{inner}, sub} {
		var got []string
		for name, has := range capabilities {
			if has(fsys) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{"Lister", "RangeReader", "Stater"}, got); d != "" {
			t.Errorf("%T: (-want +got)\n%s", fsys, d)
		}
	}
	// A capability that the wrapper would hand out but the inner one lacks.
	if has[fsbase.Stater](readOnly{bare{inner}}) {
		t.Error("a wrapper of what is no Stater is one")
	}
	_, err = fsbase.Upload(t.Context(), readOnly{inner}, "b", strings.NewReader("x"), 1, fsbase.Condition{})
	wantIs(t, err, fs.ErrPermission)
	if got := list(t, readOnly{inner}, ""); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("List: %v", got)
	}
}
