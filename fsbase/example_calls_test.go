package fsbase_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	_ "github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func ExampleOpen() {
	ctx := context.Background()
	fsys, err := fsbase.Open(ctx, "mem://")
	if err != nil {
		panic(err)
	}
	w, err := fsys.CreateStream(ctx, "run/a")
	if err != nil {
		panic(err)
	}
	defer w.Close() // discards what was not committed
	fmt.Fprint(w, "hello")
	info, err := w.Commit()
	fmt.Println(info.Path, info.Size, err)
	// Output: run/a 5 <nil>
}

func ExamplePublish() {
	ctx := context.Background()
	fsys, _ := fsbase.Open(ctx, "mem://")
	first, err := fsbase.Publish(ctx, fsys, "latest", []byte("step-1 by 6f1c"), fsbase.IfAbsent())
	fmt.Println(err)
	_, err = fsbase.Publish(ctx, fsys, "latest", []byte("step-1 by 90aa"), fsbase.IfAbsent())
	fmt.Println(errors.Is(err, fsbase.ErrPrecondition), errors.Is(err, fs.ErrExist))
	_, err = fsbase.Publish(ctx, fsys, "latest", []byte("step-2 by 6f1c"), fsbase.IfVersion(first.Version))
	fmt.Println(err)
	// Output:
	// <nil>
	// true true
	// <nil>
}

func ExampleList() {
	ctx := context.Background()
	fsys, _ := fsbase.Open(ctx, "mem://")
	for _, name := range []string{"step-10/.metadata", "step-1/.metadata", "step-1/__0_0.distcp"} {
		fsbase.WriteFile(ctx, fsys, name, nil)
	}
	for info, err := range fsbase.List(ctx, fsys, "step-1/") {
		fmt.Println(info.Path, err)
	}
	// Output:
	// step-1/.metadata <nil>
	// step-1/__0_0.distcp <nil>
}

func ExampleReadRanges() {
	ctx := context.Background()
	fsys, _ := fsbase.Open(ctx, "mem://")
	info, _ := fsbase.WriteFile(ctx, fsys, "a", []byte("0123456789"))
	head, tail := make([]byte, 3), make([]byte, 2)
	_, err := fsbase.ReadRanges(ctx, fsys, "a", info.Version, []fsbase.Range{{Offset: 0, Dst: head}, {Offset: 8, Dst: tail}})
	fmt.Printf("%s %s %v\n", head, tail, err)
	// Output: 012 89 <nil>
}

func ExampleSub() {
	ctx := context.Background()
	fsys, _ := fsbase.Open(ctx, "mem://")
	step, _ := fsbase.Sub(fsys, "run/step-1")
	fsbase.WriteFile(ctx, step, ".metadata", []byte("x"))
	_, err := step.OpenStream(ctx, "../step-2/.metadata")
	fmt.Println(err)
	for info := range fsbase.List(ctx, fsys, "") {
		fmt.Println(info.Path)
	}
	// Output:
	// open ../step-2/.metadata: invalid argument
	// run/step-1/.metadata
}

func ExampleDirFS() {
	ctx := context.Background()
	fsys, _ := fsbase.Open(ctx, "mem://")
	fsbase.WriteFile(ctx, fsys, "step-1/.metadata", nil)
	fsbase.WriteFile(ctx, fsys, "step-2/.metadata", nil)
	found, err := fs.Glob(fsbase.DirFS(ctx, fsys), "step-*/.metadata")
	fmt.Println(found, err)
	// Output: [step-1/.metadata step-2/.metadata] <nil>
}

func ExampleMergeRanges() {
	ranges := []fsbase.Range{
		{Offset: 900_000, Dst: make([]byte, 10)},
		{Offset: 150, Dst: make([]byte, 50)},
		{Offset: 0, Dst: make([]byte, 100)},
	}
	for _, r := range fsbase.MergeRanges(ranges, 1000, 8<<20) {
		fmt.Println(r.Offset, r.End)
	}
	// Output:
	// 0 200
	// 900000 900010
}
