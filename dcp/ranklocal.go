package dcp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/internal/torchfile"
)

const trustWarning = "rank-local set: nothing shows that its files are of one step"

// mergeRanks makes one metadata of a rank-local set: the union of chunks, and
// one of the values that every rank stored for itself.
func (r *reader) mergeRanks(ctx context.Context, f found, o OpenOptions) (*metadata.Metadata, error) {
	if !o.TrustSet {
		return nil, ckpterr.New(ckpterr.NotACheckpoint,
			"a rank-local set of %d ranks (use_collectives=False) without a save id: torch can mix steps there", len(f.ranks)).
			WithHint("if all its files are of one save, open it with --trust-set")
	}
	ranks := slices.Sorted(maps.Keys(f.ranks))
	m := merger{r: r, prefer: o.PreferRank, out: &metadata.Metadata{}, items: map[string]int{}, records: map[string]int{}, from: map[string]int{}}
	for i, rank := range ranks {
		name := f.ranks[rank]
		if rank != i {
			return nil, &ckpterr.Error{
				Class: ckpterr.MissingFile, File: fmt.Sprintf("__%d.metadata", i), Offset: -1,
				Err: fmt.Errorf("the set has rank %d and not rank %d", ranks[len(ranks)-1], i),
			}
		}
		md, err := r.readMetadataFile(ctx, name)
		if err != nil {
			return nil, err
		}
		if err := m.add(ctx, rank, md); err != nil {
			return nil, ckpterr.At(err, ckpterr.Place{File: name, Offset: -1})
		}
	}
	return m.out, nil
}

type merger struct {
	r      *reader
	prefer *int
	out    *metadata.Metadata

	items   map[string]int // fqn → position in out.StateDictMetadata
	records map[string]int // fqn and offset → position in out.StorageData
	from    map[string]int // fqn and offset → rank
}

func (m *merger) add(ctx context.Context, rank int, md *metadata.Metadata) error {
	if rank == 0 {
		m.out.StorageMeta, m.out.Version = md.StorageMeta, md.Version
		m.out.PlannerData.None = md.PlannerData.None
	}
	for _, it := range md.StateDictMetadata {
		if err := m.addItem(it); err != nil {
			return err
		}
	}
	for _, e := range md.PlannerData.Paths {
		known := slices.ContainsFunc(m.out.PlannerData.Paths, func(o metadata.PathEntry) bool { return o.FQN == e.FQN })
		if !known {
			m.out.PlannerData.Paths = append(m.out.PlannerData.Paths, e)
		}
	}
	for _, rec := range md.StorageData {
		if err := m.addRecord(ctx, rank, rec); err != nil {
			return err
		}
	}
	return nil
}

// addItem joins what ranks say of one fqn.
func (m *merger) addItem(it metadata.Item) error {
	at, known := m.items[it.FQN]
	if !known {
		m.items[it.FQN] = len(m.out.StateDictMetadata)
		if it.Tensor != nil {
			t := *it.Tensor
			t.Chunks = slices.Clone(t.Chunks)
			it.Tensor = &t
		}
		m.out.StateDictMetadata = append(m.out.StateDictMetadata, it)
		return nil
	}
	have := m.out.StateDictMetadata[at].Tensor
	switch {
	case (have == nil) != (it.Tensor == nil):
		return bad(it.FQN, "a tensor on one rank, an object on another")
	case have == nil:
		return nil
	case have.Properties.DType != it.Tensor.Properties.DType:
		return bad(it.FQN, "%v on one rank, %v on another", have.Properties.DType, it.Tensor.Properties.DType)
	case !slices.Equal(have.Size, it.Tensor.Size):
		return bad(it.FQN, "size %v on one rank, %v on another", have.Size, it.Tensor.Size)
	}
	for _, c := range it.Tensor.Chunks {
		if !slices.ContainsFunc(have.Chunks, c.Equal) {
			have.Chunks = append(have.Chunks, c)
		}
	}
	return nil
}

// addRecord keeps one record for each (fqn, offset): that of the first rank if
// all ranks stored the same, or that of the preferred rank.
func (m *merger) addRecord(ctx context.Context, rank int, rec metadata.StorageRecord) error {
	rec.Index.Index = -1 // the hint was into the rank's own chunks
	key := fmt.Sprintf("%d%v:%s", len(rec.Index.Offset), rec.Index.Offset, rec.Index.FQN)
	at, known := m.records[key]
	if !known {
		m.records[key], m.from[key] = len(m.out.StorageData), rank
		m.out.StorageData = append(m.out.StorageData, rec)
		return nil
	}
	if m.prefer != nil {
		if rank == *m.prefer {
			m.out.StorageData[at], m.from[key] = rec, rank
		}
		return nil
	}
	first, err := m.r.contentSum(ctx, m.out.StorageData[at].Info)
	if err != nil {
		return err
	}
	other, err := m.r.contentSum(ctx, rec.Info)
	if err != nil {
		return err
	}
	if first != other {
		err := bad(rec.Index.FQN, "ranks %d and %d stored different values", m.from[key], rank)
		return err.WithHint("--prefer-rank chooses one")
	}
	return nil
}

func bad(fqn, format string, args ...any) *ckpterr.Error {
	e := ckpterr.New(ckpterr.BadMetadata, format, args...)
	e.FQN = fqn
	return e
}

// contentSum is equal for items of equal content. It takes the CRCs that the
// archive holds, so that large items are not read, and the bytes where there
// are none.
func (r *reader) contentSum(ctx context.Context, info metadata.StorageInfo) ([sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	f, err := r.use(ctx, info.RelativePath)
	if err != nil {
		return sum, err
	}
	defer f.done()
	sec, err := section(f, info.Offset, info.Length)
	if err != nil {
		return sum, err
	}
	var b bytes.Buffer
	if len(info.TransformDescriptors) == 0 && archiveSums(&b, sec) {
		return sha256.Sum256(b.Bytes()), nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, &contextReader{ctx, sec}); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

// archiveSums lists the entries of a torch.save archive; false when it does not
// know all their CRCs.
func archiveSums(w io.Writer, sec *io.SectionReader) bool {
	a, err := torchfile.Open(sec, sec.Size(), torchfile.Limits{})
	if err != nil {
		return false
	}
	for _, e := range a.Entries() {
		if !e.HasCRC && e.Size > 0 {
			return false
		}
		fmt.Fprintf(w, "%q %d %08x\n", e.Name, e.Size, e.CRC32)
	}
	return true
}
