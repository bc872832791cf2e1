package dcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// Finish checks that everything that was planned was written, and publishes a
// checkpoint of whole tensors by its index. The metadata that it returns is what
// is stored: names and places of tensors, no nesting. After
// fsbase.ErrCommitUnknown the checkpoint may be there.
func (w *HuggingFaceStorageWriter) Finish(ctx context.Context, md *metadata.Metadata, results [][]WriteResult) (*metadata.Metadata, error) {
	if w.base == nil {
		return nil, errors.New("finish without a global plan")
	}
	if w.base.finished {
		return w.base.md, nil
	}
	err := collect(md, results)
	if err == nil {
		err = w.checkFiles(ctx, results)
	}
	switch {
	case err != nil && w.hf.SaveDistributed && !errors.Is(err, fs.ErrNotExist):
		// By their ranks' word all files are there.
		return nil, fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, err)
	case err != nil:
		return nil, err
	}
	md.StorageMeta, md.PlannerData = w.StorageMeta(), metadata.PlannerData{None: true}
	w.report.Unguarded = !w.base.guarded
	if !w.hf.SaveDistributed {
		if err := w.publishIndex(ctx, md); err != nil {
			return nil, fmt.Errorf("publishing: %w", err)
		}
	}
	if w.base.guarded {
		w.release(ctx)
	}
	return md, nil
}

func (w *HuggingFaceStorageWriter) publishIndex(ctx context.Context, md *metadata.Metadata) error {
	total := int64(0)
	weights := make(map[string]string, len(md.StorageData))
	for _, r := range md.StorageData {
		total += r.Info.Length
		weights[r.Index.FQN] = r.Info.RelativePath
	}
	_, err := fsbase.Publish(ctx, w.fsys, safetensors.IndexName, safetensors.Index(total, weights), w.base.condition())
	return err
}
