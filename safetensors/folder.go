package safetensors

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// headersInFlight bounds how many headers are read at once.
const headersInFlight = 16

// Folder is a checkpoint in the Hugging Face layout: what torch's
// HuggingFaceStorageReader reads.
type Folder struct {
	Tensors []FolderTensor // by FQN
	SaveID  string         // of godcp's save; "" when the files do not say
	byName  map[string]int
}

// FolderTensor is one tensor of the checkpoint.
type FolderTensor struct {
	FQN    string
	DType  tensor.DType
	Size   []int64       // as [SaveInfo] says, else the largest offset + shape of its chunks
	Chunks []FolderChunk // in the order of the files' names; may overlap or leave gaps
}

// FolderChunk is a part of a tensor: little-endian, in C order.
type FolderChunk struct {
	Box    tensor.Box
	File   string
	Offset int64 // bytes from the start of File
	Length int64 // bytes
}

// Lookup finds a tensor by its fully qualified name.
func (f *Folder) Lookup(fqn string) (FolderTensor, bool) {
	i, ok := f.byName[fqn]
	if !ok {
		return FolderTensor{}, false
	}
	return f.Tensors[i], true
}

// OpenFolder reads the headers of the safetensors files names, which are all
// that lie at the top of fsys, and checks them against
// model.safetensors.index.json if that is there: it may name only those files
// (UnsafePath, MissingFile) and only what they hold (MissingItem).
//
// A tensor in several files is one in chunks, which DCP_SHARDING_INFO in each
// of those files must place. Overlaps and gaps are for the caller to judge.
//
// Files that have a [SaveInfo] must be all the files of one attempt at one save
// (MissingFile, BadSafetensors), and with the index if that belongs to it.
func OpenFolder(ctx context.Context, fsys fsbase.FileSystemBase, names []string) (*Folder, error) {
	names = slices.Sorted(slices.Values(names))
	files := make([]file, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(headersInFlight)
	for i, name := range names {
		g.Go(func() (err error) {
			files[i], err = openFile(gctx, fsys, name)
			return err
		})
	}
	var index map[string]string
	g.Go(func() (err error) {
		index, err = readIndex(gctx, fsys)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	saveID, err := checkSet(files, index != nil)
	if err != nil {
		return nil, err
	}
	f := &Folder{SaveID: saveID, byName: map[string]int{}}
	merged := map[string]*merging{}
	for i := range files {
		if err := files[i].addTo(merged); err != nil {
			return nil, err
		}
	}
	for _, m := range merged {
		f.Tensors = append(f.Tensors, m.FolderTensor)
	}
	slices.SortFunc(f.Tensors, func(a, b FolderTensor) int { return cmp.Compare(a.FQN, b.FQN) })
	for i := range f.Tensors {
		f.byName[f.Tensors[i].FQN] = i
	}
	return f, checkIndex(index, files)
}

// file is one file's header and where its tensors lie in their wholes.
type file struct {
	name    string
	header  *Header
	boxes   []tensor.Box
	sharded bool
	save    *SaveInfo // nil when the file does not tell
}

func openFile(ctx context.Context, fsys fsbase.FileSystemBase, name string) (f file, err error) {
	rs, err := fsys.OpenStream(ctx, name)
	if err != nil {
		return f, fmt.Errorf("opening a header: %w", err)
	}
	defer rs.Close()
	f.name = name
	f.header, err = ReadHeader(rs, rs.Info().Size)
	if err == nil {
		f.boxes, f.sharded, err = f.header.boxes()
	}
	if err == nil {
		f.save, err = f.header.saveInfo()
	}
	return f, f.at(err)
}

func (f *file) at(err error) error {
	return ckpterr.At(err, ckpterr.Place{File: f.name, Offset: -1})
}

// merging is a tensor while its chunks come together.
type merging struct {
	FolderTensor
	unplaced bool // some chunk comes from a file without sharding info
}

// addTo adds the tensors of f to those of the files before it.
func (f *file) addTo(all map[string]*merging) error {
	for i, t := range f.header.Tensors {
		m := all[t.Name]
		if m == nil {
			m = &merging{FolderTensor: FolderTensor{FQN: t.Name, DType: t.DType, Size: make([]int64, len(t.Shape))}}
			all[t.Name] = m
		}
		m.unplaced = m.unplaced || !f.sharded
		if err := m.fits(t); err != nil {
			return f.at(err)
		}
		box := f.boxes[i]
		if err := m.grow(box, f.save); err != nil {
			return f.at(err)
		}
		m.Chunks = append(m.Chunks, FolderChunk{Box: box, File: f.name, Offset: t.Offset, Length: t.Size})
	}
	return nil
}

// fits refuses a part that does not belong with the parts before it.
func (m *merging) fits(t TensorInfo) error {
	var e *ckpterr.Error
	switch {
	case len(m.Chunks) > 0 && m.unplaced:
		e = ckpterr.New(ckpterr.BadSafetensors, "also in %q, and no %s tells which part is where", m.Chunks[0].File, shardingKey)
	case t.DType != m.DType:
		e = ckpterr.New(ckpterr.BadSafetensors, "%v here, %v in %q", t.DType, m.DType, m.Chunks[0].File)
	case len(t.Shape) != len(m.Size):
		e = ckpterr.New(ckpterr.BadSafetensors, "%d dimensions here, %d in %q", len(t.Shape), len(m.Size), m.Chunks[0].File)
	default:
		return nil
	}
	e.FQN = t.Name
	return e
}

// grow makes the size that of the whole: as the save says, else as large as the
// parts so far.
func (m *merging) grow(box tensor.Box, save *SaveInfo) error {
	var e *ckpterr.Error
	if save == nil {
		for d := range m.Size {
			m.Size[d] = max(m.Size[d], box.Offsets[d]+box.Sizes[d])
		}
		return nil
	}
	size := save.Sizes[m.FQN]
	switch {
	case !box.Within(size):
		e = ckpterr.New(ckpterr.ChunkBounds, "its part %v is outside of %v", box, size)
	case len(m.Chunks) > 0 && !slices.Equal(size, m.Size):
		e = ckpterr.New(ckpterr.BadSafetensors, "a part of %v here, of %v in %q", size, m.Size, m.Chunks[0].File)
	default:
		m.Size = size
		return nil
	}
	e.FQN = m.FQN
	return e
}
