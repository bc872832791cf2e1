package fsbase_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/godcp/godcp/fsbase"
)

func ExampleNewPartWriter() {
	w := fsbase.NewPartWriter(context.Background(), "a", fsbase.Parts{
		Size: 4,
		Put: func(_ context.Context, n int64, part []byte) error {
			fmt.Printf("part %d: %s\n", n, part)
			return nil
		},
		Commit: func(_ context.Context, n, size int64) (fsbase.Info, error) {
			fmt.Println(n, "parts are the stream")
			return fsbase.Info{Version: "1"}, nil
		},
		Discard: func(context.Context) error { return nil },
	})
	defer w.Close()
	if _, err := io.WriteString(w, "0123456789"); err != nil {
		log.Fatal(err)
	}
	info, err := w.Commit()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Path, info.Size, info.Version)
	// Output:
	// part 0: 0123
	// part 1: 4567
	// part 2: 89
	// 3 parts are the stream
	// a 10 1
}

func ExampleNewPartReader() {
	parts := [][]byte{[]byte("0123"), []byte("4567"), []byte("89")}
	info := fsbase.Info{Path: "a", Size: 10, Version: "1"}
	r := fsbase.NewPartReader(context.Background(), info, 4, func(_ context.Context, n int64) ([]byte, error) {
		return parts[n], nil
	})
	defer r.Close()
	p := make([]byte, 5)
	if _, err := r.ReadAt(p, 3); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", p)
	// Output: 34567
}
