package gocloud_test

import (
	"context"
	"fmt"

	"gocloud.dev/blob/memblob"

	"github.com/godcp/godcp/backends/gocloud"
	"github.com/godcp/godcp/fsbase"
)

// Any driver of gocloud.dev/blob becomes a place for checkpoints.
func ExampleWrap() {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	fsys, err := gocloud.Wrap(bucket)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if _, err := fsbase.WriteFile(ctx, fsys, "run7/notes", []byte("fine")); err != nil {
		fmt.Println(err)
		return
	}
	notes, _, err := fsbase.ReadFile(ctx, fsys, "run7/notes", 1<<10)
	fmt.Println(string(notes), err)
	_, err = fsbase.CreateExclusive(ctx, fsys, "run7/.metadata")
	fmt.Println(err)
	// Output:
	// fine <nil>
	// create exclusive run7/.metadata: unsupported operation
}
