package dcp

import (
	"cmp"
	"context"
	"errors"
	"io/fs"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// OpenOptions say how to open a checkpoint. The zero value is good.
type OpenOptions struct {
	Limits     Limits
	Extensions *ExtensionRegistry // nil means DefaultExtensions
	Mux        *fsbase.Mux        // nil means fsbase.DefaultMux

	// Untrusted is that of ReaderOptions.
	Untrusted bool

	// Group, if not nil, lets one rank read the metadata and share it. All its
	// ranks open the checkpoint then, with the same options, and get the same
	// outcome; an error is a *CheckpointError. Of what is read afterwards the
	// group knows nothing.
	Group collective.Group

	// TrustSet opens a rank-local set that torch wrote (use_collectives=False):
	// one metadata file per rank and none for all. Nothing in such a set shows
	// whether its files are of one step, so that is for the caller to know. A set
	// that SaveOptions.NoCollectives wrote shows it, and needs no trust; one that
	// is mixed gets none.
	TrustSet bool

	// PreferRank chooses among ranks of a set that stored different values
	// under one name; nil makes that an error.
	PreferRank *int
}

// Layout is how a checkpoint is laid out on storage.
type Layout string

// The layouts.
const (
	LayoutDCP       Layout = "dcp"         // .metadata and data files
	LayoutRankLocal Layout = "rank-local"  // one __R.metadata for each rank
	LayoutHF        Layout = "huggingface" // *.safetensors
)

// Open opens the checkpoint at url with default options: a DCP folder, or a
// Hugging Face folder of safetensors files. It reads the metadata (or the
// headers) only. The context bounds this call, not the Checkpoint.
func Open(ctx context.Context, url string) (*Checkpoint, error) {
	return OpenWith(ctx, url, OpenOptions{})
}

// OpenWith is Open with options.
func OpenWith(ctx context.Context, url string, o OpenOptions) (*Checkpoint, error) {
	return openAll(ctx, o, func() (fsbase.FileSystemBase, error) { return muxOr(o.Mux).Open(ctx, url) })
}

// muxOr is mux, or what nil stands for.
func muxOr(mux *fsbase.Mux) *fsbase.Mux { return cmp.Or(mux, &fsbase.DefaultMux) }

// OpenFS opens the checkpoint at the root of fsys.
func OpenFS(ctx context.Context, fsys fsbase.FileSystemBase, o OpenOptions) (*Checkpoint, error) {
	return openAll(ctx, o, func() (fsbase.FileSystemBase, error) { return fsys, nil })
}

func openAll(ctx context.Context, o OpenOptions, open func() (fsbase.FileSystemBase, error)) (*Checkpoint, error) {
	if o.Group != nil && o.Group.Size() > 1 {
		return openShared(ctx, o, open)
	}
	fsys, err := open()
	if err != nil {
		return nil, err
	}
	return openFS(ctx, fsys, o)
}

func readerFor(fsys fsbase.FileSystemBase, o OpenOptions) *reader {
	return newReader(fsys, ReaderOptions{Limits: o.Limits, Extensions: o.Extensions, Mux: o.Mux, Untrusted: o.Untrusted})
}

func openFS(ctx context.Context, fsys fsbase.FileSystemBase, o OpenOptions) (*Checkpoint, error) {
	r := readerFor(fsys, o)
	r.keep = o.Group != nil && o.Group.Size() > 1
	md, err := r.readMetadataFile(ctx, metadata.Name)
	ck := &Checkpoint{reader: r, layout: LayoutDCP}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		md, err = ck.openOther(ctx, o)
	case err == nil:
		err = r.besideRanks(ctx, md)
	}
	if err != nil {
		return nil, err
	}
	return ck, r.SetUpStorageReader(md, true)
}

// openOther finds out what a folder without .metadata is.
func (ck *Checkpoint) openOther(ctx context.Context, o OpenOptions) (*metadata.Metadata, error) {
	names, err := survey(ctx, ck.reader.fsys)
	if err != nil {
		return nil, err
	}
	switch {
	case len(names.ranks) > 0:
		ck.layout = LayoutRankLocal
		return ck.openRanks(ctx, names, o)
	case len(names.safetensors) > 0:
		ck.layout = LayoutHF
		ck.reader.raw = true
		return ck.reader.readFolder(ctx, names.safetensors)
	}
	return nil, names.notACheckpoint()
}

// openRanks opens a rank-local set as the checkpoint that its parts make
// together.
func (ck *Checkpoint) openRanks(ctx context.Context, names found, o OpenOptions) (*metadata.Metadata, error) {
	set, err := ck.reader.readRanks(ctx, names, o)
	if err != nil {
		return nil, err
	}
	m, err := set.union(ctx, ck.reader, o.PreferRank)
	if err != nil {
		return nil, err
	}
	if ck.warnings = m.warnings; set.trusted {
		ck.warnings = append(ck.warnings, trustWarning)
	}
	return m.out, nil
}
