package local

import (
	"context"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// calls are all methods that take a path, by name. "other" is a path for those
// that take two.
var calls = map[string]func(ctx context.Context, f *FS, p, other string) error{
	"CreateStream": func(ctx context.Context, f *FS, p, _ string) error {
		_, err := write(f.CreateStream(ctx, p))("planted")
		return err
	},
	"CreateExclusive": func(ctx context.Context, f *FS, p, _ string) error {
		_, err := write(f.CreateExclusive(ctx, p))("planted")
		return err
	},
	"CreateSwap": func(ctx context.Context, f *FS, p, _ string) error {
		_, err := write(f.CreateSwap(ctx, p, "v"))("planted")
		return err
	},
	"Upload": func(ctx context.Context, f *FS, p, _ string) error {
		_, err := f.Upload(ctx, p, strings.NewReader("planted"), 7, fsbase.Condition{})
		return err
	},
	"Copy from": func(ctx context.Context, f *FS, p, other string) error {
		_, err := f.Copy(ctx, p, other, fsbase.Condition{})
		return err
	},
	"Copy to": func(ctx context.Context, f *FS, p, other string) error {
		_, err := f.Copy(ctx, other, p, fsbase.Condition{})
		return err
	},
	"Rename from": func(ctx context.Context, f *FS, p, other string) error { return f.Rename(ctx, p, other) },
	"Rename to":   func(ctx context.Context, f *FS, p, other string) error { return f.Rename(ctx, other, p) },
	"Mkdir":       func(ctx context.Context, f *FS, p, _ string) error { return f.Mkdir(ctx, p) },
	"RmFile":      func(ctx context.Context, f *FS, p, _ string) error { return f.RmFile(ctx, p) },
	"RemoveAll": func(ctx context.Context, f *FS, p, _ string) error {
		for _, err := range f.RemoveAll(ctx, p) {
			if err != nil {
				return err
			}
		}
		return nil
	},
	"OpenStream": func(ctx context.Context, f *FS, p, _ string) error { _, err := get(ctx, f, p); return err },
	"ReadRanges": func(ctx context.Context, f *FS, p, _ string) error {
		_, err := f.ReadRanges(ctx, p, "", []fsbase.Range{{Dst: make([]byte, 1)}})
		return err
	},
	"Stat":   func(ctx context.Context, f *FS, p, _ string) error { _, err := f.Stat(ctx, p); return err },
	"Exists": func(ctx context.Context, f *FS, p, _ string) error { _, err := f.Exists(ctx, p); return err },
	"List": func(ctx context.Context, f *FS, p, _ string) error {
		for _, err := range f.List(ctx, p) {
			if err != nil {
				return err
			}
		}
		return nil
	},
}

// reads are those of calls that write nothing.
var reads = []string{"OpenStream", "ReadRanges", "Stat", "Exists", "List"}
