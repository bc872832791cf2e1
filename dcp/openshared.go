package dcp

import (
	"context"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// sharedMetadata is what the ranks of a group get from the one that has read.
type sharedMetadata struct {
	Layout   Layout
	Warnings []string
	Body     []byte // as it is in storage, or what was made of headers or parts

	// Version is that of `.metadata`, by which a rank whose files are gone knows
	// an overwritten checkpoint. Where it is the machine's own, as on a network
	// file system, a file that is gone looks so, too.
	Version string
	Size    int64
}

// openShared opens the checkpoint of fsys, which open brings, on all ranks of a
// group; only the coordinator reads.
func openShared(ctx context.Context, o OpenOptions, open func() (fsbase.FileSystemBase, error)) (*Checkpoint, error) {
	var fsys fsbase.FileSystemBase
	var ck *Checkpoint
	s, err := collective.AllReduce(ctx, o.Group, "open", coordinator,
		func() (ok bool, err error) {
			fsys, err = open()
			return err == nil, err
		},
		func([]bool) (s sharedMetadata, err error) {
			if ck, err = openFS(ctx, fsys, o); err != nil {
				return s, err
			}
			return ck.share()
		})
	if err != nil || ck != nil {
		return ck, err
	}
	md, err := metadata.Decode(s.Body)
	if err != nil {
		return nil, err
	}
	ck = &Checkpoint{reader: readerFor(fsys, o), layout: s.Layout, warnings: s.Warnings}
	ck.reader.raw = s.Layout == LayoutHF
	if s.Version != "" {
		ck.reader.src.pins.set(fsbase.Info{Version: fsbase.Version(s.Version), Size: s.Size}, metadata.Name)
	}
	return ck, ck.reader.SetUpStorageReader(md, true)
}

func (ck *Checkpoint) share() (sharedMetadata, error) {
	s := sharedMetadata{Layout: ck.layout, Warnings: ck.warnings, Body: ck.reader.body}
	ck.reader.body = nil // it has done its work
	pin := ck.reader.src.pins.of(metadata.Name)
	s.Version, s.Size = string(pin.version), pin.size
	if s.Body != nil {
		return s, nil
	}
	var err error
	s.Body, err = metadata.Encode(ck.reader.md)
	return s, err
}
