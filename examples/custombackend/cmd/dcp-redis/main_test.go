package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"example.com/custombackend/internal/redistest"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"dcp-redis": main}) }

func TestScripts(t *testing.T) {
	server := redistest.Start(t)
	url := server.URL("run/step-1")
	w, err := tensor.FromSlice([]float32{0, 1, 2, 3, 4, 5}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dcp.Save(t.Context(), url, map[string]any{"w": w}, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("URL", url)
			env.Setenv("ADDR", server.Addr)
			return nil
		},
	})
}
