package dcp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/internal/torchfile"
)

// chooseCopies makes the first copy of every part the one to keep: that of the
// preferred rank, or that of the lowest if all ranks stored the same.
func (m *merger) chooseCopies(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(ranksAtOnce)
	for _, n := range m.names {
		for _, p := range n.parts {
			if len(p.copies) < 2 || m.sortCopies(p) || p.sameSums() {
				continue
			}
			g.Go(func() error { return m.compareCopies(gctx, n.item.FQN, p) })
			if gctx.Err() != nil {
				break
			}
		}
	}
	return g.Wait()
}

// sameSums tells whether the checksums in sealed metadata say that all copies
// are the same bytes.
func (p *mergedPart) sameSums() bool {
	first := p.copies[0].info
	for _, c := range p.copies {
		if !c.info.HasCRC32C || c.info.CRC32C != first.CRC32C || c.info.Length != first.Length ||
			len(c.info.TransformDescriptors) != len(first.TransformDescriptors) {
			return false
		}
	}
	return true
}

func (m *merger) compareCopies(ctx context.Context, fqn string, p *mergedPart) error {
	var first [sha256.Size]byte
	var other []string
	for i, c := range p.copies {
		sum, err := m.r.contentSum(ctx, *c.info)
		if err != nil {
			return fmt.Errorf("%q of rank %d: %w", fqn, c.rank, err)
		}
		if i == 0 {
			first = sum
		} else if sum != first {
			other = append(other, fmt.Sprint(c.rank))
		}
	}
	if other == nil {
		return nil
	}
	return bad(fqn, "ranks %d and %s stored different values", p.copies[0].rank, strings.Join(other, ", ")).
		WithHint("--prefer-rank chooses one")
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
