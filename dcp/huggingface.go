package dcp

import (
	"context"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// HuggingFaceStorageReader reads a folder of safetensors files, sharded by
// torch's HuggingFaceStorageWriter or not: torch's class of that name.
type HuggingFaceStorageReader struct {
	*reader
}

var _ StorageReader = (*HuggingFaceStorageReader)(nil)

// NewHuggingFaceStorageReader reads the folder at the root of fsys.
func NewHuggingFaceStorageReader(fsys fsbase.FileSystemBase, o ReaderOptions) *HuggingFaceStorageReader {
	r := &HuggingFaceStorageReader{newReader(fsys, o)}
	r.raw = true
	return r
}

// ReadMetadata makes metadata from the headers of the *.safetensors at the top.
func (r *HuggingFaceStorageReader) ReadMetadata(ctx context.Context) (*metadata.Metadata, error) {
	names, err := survey(ctx, r.fsys)
	if err != nil {
		return nil, err
	}
	if len(names.safetensors) == 0 {
		return nil, ckpterr.New(ckpterr.NotACheckpoint, "no *.safetensors among %d files", names.files)
	}
	return r.readFolder(ctx, names.safetensors)
}

// readFolder reads the headers of the files names.
func (r *reader) readFolder(ctx context.Context, names []string) (*metadata.Metadata, error) {
	folder, err := safetensors.OpenFolder(ctx, r.fsys, names)
	if err != nil {
		return nil, err
	}
	return folderMetadata(folder), nil
}

// folderMetadata puts headers into the form of metadata: records point at the
// bare elements of their tensors.
func folderMetadata(folder *safetensors.Folder) *metadata.Metadata {
	var items []metadata.Item
	var records []metadata.StorageRecord
	for _, t := range folder.Tensors {
		chunks := make([]tensor.Box, len(t.Chunks))
		for i, c := range t.Chunks {
			chunks[i] = c.Box
			records = append(records, metadata.StorageRecord{
				Index: metadata.MetadataIndex{FQN: t.FQN, Offset: c.Box.Offsets, Index: i},
				Info:  metadata.StorageInfo{RelativePath: c.File, Offset: c.Offset, Length: c.Length},
			})
		}
		items = append(items, metadata.Item{FQN: t.FQN, Tensor: &metadata.TensorStorageMetadata{
			Properties: metadata.TensorProperties{DType: t.DType, Layout: "torch.strided"},
			Size:       t.Size, Chunks: chunks,
		}})
	}
	md := &metadata.Metadata{StateDictMetadata: items, StorageData: records, PlannerData: metadata.PlannerData{None: true}}
	if folder.SaveID != "" {
		md.StorageMeta = &metadata.StorageMeta{SaveID: folder.SaveID}
	}
	return md
}
