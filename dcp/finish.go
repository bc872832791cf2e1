package dcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// Finish checks that everything that was planned was written, publishes
// `.metadata` in one conditional step, and then sweeps what no checkpoint names
// any more. After fsbase.ErrCommitUnknown nobody may remove anything.
func (w *FileSystemWriter) Finish(ctx context.Context, md *metadata.Metadata, results [][]WriteResult) (*metadata.Metadata, error) {
	if done, err := w.gathered(md, results); done != nil || err != nil {
		return done, err
	}
	if err := w.checkFiles(ctx, results); err != nil {
		return nil, err
	}
	md.StorageMeta, md.Version = w.StorageMeta(), "1.0.0"
	if w.base.md != nil && w.o.KeepPrevious > 0 {
		// The old metadata is untrusted: what must not be swept is not passed on.
		md.Previous = slices.DeleteFunc(minus(dataFiles(w.base.md), dataFiles(md)), func(n string) bool { return !sweepable(n) })
	}
	published, err := w.publish(ctx, metadata.Name, md, w.isOwn)
	if err == nil && published == md {
		w.sweep(ctx, md)
	}
	return published, err
}

// gathered puts results into md, or is the checkpoint of an earlier attempt at
// the same save, to which there is nothing to add.
func (w *FileSystemWriter) gathered(md *metadata.Metadata, results [][]WriteResult) (done *metadata.Metadata, err error) {
	switch {
	case w.base == nil:
		return nil, errors.New("finish without a global plan")
	case w.base.finished:
		return w.base.md, nil
	}
	return nil, collect(md, results)
}

// collect puts the results into the metadata: exactly one for each chunk and
// object. (torch publishes a checkpoint with whatever results there are.)
func collect(md *metadata.Metadata, results [][]WriteResult) error {
	want := make(map[string]*awaited, len(md.StateDictMetadata))
	items, missing := make([]awaited, len(md.StateDictMetadata)), 0
	for i := range md.StateDictMetadata {
		items[i] = newAwaited(&md.StateDictMetadata[i])
		want[md.StateDictMetadata[i].FQN] = &items[i]
		missing += len(items[i].written)
	}
	md.StorageData = make([]metadata.StorageRecord, 0, missing)
	for rank, rs := range results {
		for _, r := range rs {
			if w, planned := want[r.Index.FQN]; !planned || !w.take(r.Index) {
				return fmt.Errorf("rank %d wrote %q at %v, which was not planned or was written before", rank, r.Index.FQN, r.Index.Offset)
			}
			missing--
			md.StorageData = append(md.StorageData, metadata.StorageRecord{Index: r.Index, Info: r.StorageData})
		}
	}
	for i := range items {
		if k := slices.Index(items[i].written, false); k >= 0 {
			return fmt.Errorf("%d planned items were not written, one of %q among them", missing, items[i].item.FQN)
		}
	}
	return nil
}

// awaited is one name of a checkpoint while its results come in.
type awaited struct {
	item    *metadata.Item
	written []bool         // by chunk; one for an object
	chunks  map[string]int // by offset, when a result has no good hint
}

func newAwaited(it *metadata.Item) awaited {
	n := 1
	if it.Tensor != nil {
		n = len(it.Tensor.Chunks)
	}
	return awaited{item: it, written: make([]bool, n)}
}

// take notes the result of a chunk, or of the object, unless it is none of the
// item's or has come before.
func (a *awaited) take(idx metadata.MetadataIndex) bool {
	i := 0
	if a.item.Tensor != nil {
		i = a.chunkAt(idx)
	}
	if i < 0 || (idx.Offset == nil) != (a.item.Tensor == nil) || a.written[i] {
		return false
	}
	a.written[i] = true
	return true
}

func (a *awaited) chunkAt(idx metadata.MetadataIndex) int {
	chunks := a.item.Tensor.Chunks
	if h := idx.Index; h >= 0 && h < len(chunks) && slices.Equal(chunks[h].Offsets, idx.Offset) {
		return h
	}
	if a.chunks == nil {
		a.chunks = make(map[string]int, len(chunks))
		for i, c := range chunks {
			a.chunks[fmt.Sprint(c.Offsets)] = i
		}
	}
	if i, ok := a.chunks[fmt.Sprint(idx.Offset)]; ok {
		return i
	}
	return -1
}

// visible is how long a file of another rank may take to be seen here: network
// file systems cache that it is absent.
const visible = 60 * time.Second

// checkFiles finds every file that other ranks reported, with the bytes that
// they reported. A path that is local to one machine fails here, and not at the
// load.
func (w *FileSystemWriter) checkFiles(ctx context.Context, results [][]WriteResult) error {
	ends := map[string]int64{}
	for rank, rs := range results {
		if rank == w.rank {
			continue
		}
		for _, r := range rs {
			s := r.StorageData
			ends[s.RelativePath] = max(ends[s.RelativePath], s.Offset+s.Length)
		}
	}
	for path, end := range ends {
		info, err := w.await(ctx, path)
		if err != nil {
			return fmt.Errorf("a file of another rank: %w", err)
		}
		if info.Size < end {
			return fmt.Errorf("a file of another rank, %s, has %d bytes here and %d there", path, info.Size, end)
		}
	}
	return nil
}

func (w *FileSystemWriter) await(ctx context.Context, path string) (fsbase.Info, error) {
	deadline := time.Now().Add(visible)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		info, err := fsbase.Stat(ctx, w.fsys, path)
		if !errors.Is(err, fs.ErrNotExist) || time.Now().Add(pause).After(deadline) {
			return info, err
		}
		select {
		case <-ctx.Done():
			return info, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// dataFiles lists the files that metadata names, sorted.
func dataFiles(md *metadata.Metadata) []string {
	names := make([]string, 0, len(md.StorageData))
	for _, r := range md.StorageData {
		names = append(names, r.Info.RelativePath)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// minus is the names of a that are not in b, which is sorted.
func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(n string) bool {
		_, there := slices.BinarySearch(b, n)
		return there
	})
}

// sweepable tells whether a name from an old, untrusted `.metadata` may be
// removed: a data file in the checkpoint's own folder and nothing else. What is
// below may be another checkpoint, or lie behind a link.
func sweepable(name string) bool {
	return checkPath(name) == nil && !strings.Contains(name, "/") && !strings.Contains(name, "metadata") &&
		(strings.HasSuffix(name, DefaultSuffix) || strings.HasSuffix(name, ".safetensors"))
}

// sweep removes the data files of the checkpoint that this save replaced, or,
// if those are kept, of the one before. It never lists: only what a replaced
// `.metadata` named can go, and nothing that the new one names. Without a
// condition on publishing nothing goes, as another saver may have been there in
// between. The save stands whatever fails here.
func (w *FileSystemWriter) sweep(ctx context.Context, md *metadata.Metadata) {
	if w.base.md == nil {
		return
	}
	old := w.base.md.Previous
	if w.o.KeepPrevious < 0 {
		old = append(dataFiles(w.base.md), old...)
	}
	keep := append(dataFiles(md), md.Previous...)
	slices.Sort(keep)
	for _, name := range minus(old, keep) {
		if w.base.guarded && sweepable(name) {
			w.remove(ctx, name)
		} else {
			w.leave(name)
		}
	}
}

func (w *FileSystemWriter) remove(ctx context.Context, name string) {
	if err := w.fsys.RmFile(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.leave(name)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Removed = append(w.report.Removed, name)
}

func (w *FileSystemWriter) leave(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Left = append(w.report.Left, name)
}
