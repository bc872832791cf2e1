package metadata

import (
	"io/fs"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/godcp/godcp/ckpterr"
)

// Problem is one fault of a Metadata.
type Problem struct {
	Err *ckpterr.Error

	// Warning: nothing is lost or read wrongly, but no writer of torch's does
	// this.
	Warning bool
}

// Validate finds all that is wrong in m by itself, without looking at the data
// files: what [Metadata.ValidateItem] finds in each item, then faults of the
// planner's paths, then stored things that nothing refers to. Its time is
// near-linear in the size of m.
func (m *Metadata) Validate() iter.Seq[Problem] {
	return func(yield func(Problem) bool) {
		used := make([]bool, len(m.StorageData))
		for i := range m.StateDictMetadata {
			it := &m.StateDictMetadata[i]
			ok := m.validateItem(it, used, func(e *ckpterr.Error) bool {
				e.FQN = it.FQN
				return yield(Problem{Err: e})
			})
			if !ok {
				return
			}
		}
		if !m.validatePlanner(yield) {
			return
		}
		for i, r := range m.StorageData {
			if used[i] {
				continue
			}
			e := ckpterr.New(ckpterr.BadMetadata, "storage_data has a record that no chunk or bytes item refers to")
			e.FQN = r.Index.FQN
			if !yield(Problem{e, true}) {
				return
			}
			// Whoever copies or sweeps files still follows it.
			if e := r.Info.validate(); e != nil {
				e.FQN = r.Index.FQN
				if !yield(Problem{e, false}) {
					return
				}
			}
		}
	}
}

// ValidateItem returns the first fault of one item: its sizes, its chunks
// (inside the tensor, each element in exactly one), and the storage records of
// its chunks.
func (m *Metadata) ValidateItem(it *Item) error {
	var first *ckpterr.Error
	m.validateItem(it, nil, func(e *ckpterr.Error) bool {
		first = e
		return false
	})
	if first == nil {
		return nil
	}
	first.FQN = it.FQN
	return first
}

// validateItem reports to yield until that returns false, and notes in used,
// if not nil, the records it met.
func (m *Metadata) validateItem(it *Item, used []bool, yield func(*ckpterr.Error) bool) bool {
	if it.Tensor == nil {
		return m.validateRecord(it.FQN, nil, used, yield)
	}
	if e := it.Tensor.validateChunks(); e != nil && !yield(e) {
		return false
	}
	for _, c := range it.Tensor.Chunks {
		if !m.validateRecord(it.FQN, notNil(c.Offsets), used, yield) {
			return false
		}
	}
	return true
}

func (m *Metadata) validateRecord(fqn string, offset []int64, used []bool, yield func(*ckpterr.Error) bool) bool {
	i, ok := m.record(fqn, offset)
	if !ok {
		what := "it has"
		if offset != nil {
			what = "its chunk at " + shape(offset) + " has"
		}
		return yield(ckpterr.New(ckpterr.MissingItem, "%s no record in storage_data", what))
	}
	if used != nil {
		if used[i] {
			return true // judged already
		}
		used[i] = true
	}
	if e := m.StorageData[i].Info.validate(); e != nil {
		return yield(e)
	}
	return true
}

// shape is a torch.Size as Python prints a tuple, without the odd last comma.
func shape(dims []int64) string {
	b := []byte{'('}
	for i, n := range dims {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, ')'))
}

// validate judges the record by itself.
func (s *StorageInfo) validate() *ckpterr.Error {
	if !safePath(s.RelativePath) {
		return ckpterr.New(ckpterr.UnsafePath, "its file %q is not a plain path below the checkpoint", s.RelativePath)
	}
	if s.Offset < 0 || s.Length < 0 || s.Offset > math.MaxInt64-s.Length {
		return ckpterr.New(ckpterr.OutOfRange, "its bytes lie at %d, %d long", s.Offset, s.Length)
	}
	for _, t := range s.TransformDescriptors {
		if !wellFormedTransform(t) {
			return ckpterr.New(ckpterr.UnknownTransform, "%q is no transform descriptor: want name/version", t)
		}
	}
	return nil
}

// safePath admits slash-separated paths that stay inside a folder on every
// system.
func safePath(p string) bool {
	if !fs.ValidPath(p) || p == "." || strings.ContainsRune(p, '\\') {
		return false
	}
	if len(p) >= 2 && p[1] == ':' {
		return false // a drive
	}
	return !strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 })
}

// wellFormedTransform tells "name/version" or "name@domain/version" with a
// version of digits and dots, as torch parses descriptors.
func wellFormedTransform(s string) bool {
	name, version, ok := strings.Cut(s, "/")
	if !ok || name == "" || name[0] == '@' || version == "" || version[0] == '.' {
		return false
	}
	for _, c := range []byte(version) {
		if (c < '0' || c > '9') && c != '.' {
			return false
		}
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r <= 0x20 || r >= 0x7f })
}
