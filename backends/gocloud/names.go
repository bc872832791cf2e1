package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// checkWrite is fsbase.CheckWrite and what Azure asks of names. N3. What other
// drivers cannot hold they tell themselves.
func (f *FS) checkWrite(ctx context.Context, op, p string) error {
	if err := fsbase.CheckWrite(ctx, op, p); err != nil {
		return err
	}
	if f.azure == nil {
		return nil
	}
	if err := azureName(p); err != nil {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	return nil
}

// azureName refuses the names that Azure cannot hold, and those of which the
// driver would make something that is hard to foretell.
func azureName(p string) error {
	problem := ""
	switch {
	case len(azureKey(p)) > 1024:
		problem = "longer than 1024 bytes"
	case strings.ContainsFunc(p, func(r rune) bool { return 0x7f <= r && r <= 0x9f || 0xfffe <= r && r <= 0xffff }):
		problem = "a control character in it"
	case strings.HasSuffix(p, ".") || strings.Contains(p, "./"):
		problem = "a part that ends with a dot"
	case strings.Contains(p, "__0x"):
		problem = `"__0x" in it, with which the driver escapes`
	default:
		return nil
	}
	return fmt.Errorf("no name of a blob: %s: %w", problem, fs.ErrInvalid)
}

// azureKey is the name that the driver gives to the blob p. Writes go past the
// driver, and all else through it.
func azureKey(p string) string {
	var key strings.Builder
	for _, r := range p {
		if r < 0x20 || strings.ContainsRune(`\"#%?`, r) {
			fmt.Fprintf(&key, "__%#x__", r)
		} else {
			key.WriteRune(r)
		}
	}
	return key.String()
}

// checkRead is fsbase.CheckCall of a stream: the root is none, and neither is
// what cannot be written.
func (f *FS) checkRead(ctx context.Context, op, p string) error {
	if err := fsbase.CheckCall(ctx, op, p); err != nil {
		return err
	}
	if p == "." || f.azure != nil && errors.Is(azureName(p), fs.ErrInvalid) {
		return &fs.PathError{Op: op, Path: p, Err: fs.ErrNotExist}
	}
	return nil
}
