package dcp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// publish makes md appear under name in one conditional step, and returns it; or
// what an earlier attempt at the same save, as isOwn tells, has published there
// after all.
func (w *FileSystemWriter) publish(ctx context.Context, name string, md *metadata.Metadata, isOwn func(*metadata.Metadata) bool) (*metadata.Metadata, error) {
	body, err := metadata.Encode(md)
	if err != nil {
		return nil, err
	}
	w.report.Unguarded = !w.base.guarded
	_, err = fsbase.Publish(ctx, w.fsys, name, body, w.base.condition())
	if errors.Is(err, fsbase.ErrPrecondition) {
		if earlier := w.earlier(ctx, name, isOwn); earlier != nil {
			w.discard(ctx, md, earlier)
			return earlier, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("publishing: %w", err)
	}
	return md, nil
}

// earlier is what stands under name, if isOwn tells that an earlier attempt at the
// same save has published it.
func (w *FileSystemWriter) earlier(ctx context.Context, name string, isOwn func(*metadata.Metadata) bool) *metadata.Metadata {
	body, _, err := fsbase.ReadFile(ctx, w.fsys, name, Limits{}.withDefaults().Metadata)
	if err != nil {
		return nil
	}
	md, err := metadata.Decode(body)
	if err != nil || !isOwn(md) {
		return nil
	}
	w.report.AlreadySaved = true
	return md
}

// discard removes the files of an attempt that was not needed, on behalf of all
// ranks. A plain name is left, as in Abandon.
func (w *FileSystemWriter) discard(ctx context.Context, md, kept *metadata.Metadata) {
	for _, name := range minus(dataFiles(md), dataFiles(kept)) {
		if strings.Contains(name, w.base.nonce) {
			w.remove(ctx, name)
		} else {
			w.leave(name)
		}
	}
}
