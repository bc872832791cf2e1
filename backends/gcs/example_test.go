package gcs_test

import (
	"context"
	"fmt"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/backends/gcs"
	"github.com/godcp/godcp/fsbase"
)

// A client of one's own, here over gRPC, for a folder of a bucket.
func ExampleNew() {
	ctx := context.Background()
	client, err := storage.NewGRPCClient(ctx, storage.WithDisabledClientMetrics())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	bucket, err := gcs.New(client, "models")
	if err != nil {
		fmt.Println(err)
		return
	}
	fsys, err := fsbase.Sub(bucket, "run7/step-1000")
	if err != nil {
		fmt.Println(err)
		return
	}
	names := 0
	for _, err := range fsbase.List(ctx, fsys, "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		names++
	}
	fmt.Println(names, "files")
}
