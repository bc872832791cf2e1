package safetensors

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/godcp/godcp/ckpterr"
)

// saveKey is where godcp says to which save a file belongs.
const saveKey = "godcp_save"

// SaveInfo says to which save a file belongs and what that save is as a whole:
// godcp's own addition to the layout, in __metadata__ under "godcp_save", which
// torch and the safetensors library ignore. By it a set of files that is not
// complete, or of two saves, is told from a whole one, and a tensor whose last
// part is missing from a smaller tensor.
type SaveInfo struct {
	SaveID  string
	Attempt string // random: another one for each attempt at the save
	File    int    // the number of this file among the Files of the set, from 1
	Files   int
	Indexed bool               // the set is complete only with an IndexName
	Sizes   map[string][]int64 // elements, the whole of each tensor in the file
}

// AddTo puts s into the metadata of a file.
func (s SaveInfo) AddTo(metadata map[string]string) {
	b := appendString([]byte(`{"save_id": `), s.SaveID, true)
	b = appendString(append(b, `, "attempt": `...), s.Attempt, true)
	b = strconv.AppendInt(append(b, `, "file": `...), int64(s.File), 10)
	b = strconv.AppendInt(append(b, `, "files": `...), int64(s.Files), 10)
	if s.Indexed {
		b = appendString(append(b, `, "index": `...), IndexName, true)
	}
	b = append(b, `, "sizes": {`...)
	for i, fqn := range slices.Sorted(maps.Keys(s.Sizes)) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(appendString(b, fqn, true), ": ["...)
		b = append(appendInts(b, s.Sizes[fqn]), ']')
	}
	metadata[saveKey] = string(append(b, "}}"...))
}

// saveInfo is the SaveInfo of a file; nil when it has none.
func (h *Header) saveInfo() (*SaveInfo, error) {
	text, ok := h.Metadata[saveKey]
	if !ok {
		return nil, nil
	}
	info, err := parseSave(text)
	if err != nil {
		return nil, err
	}
	for _, t := range h.Tensors {
		if len(info.Sizes[t.Name]) != len(t.Shape) || info.Sizes[t.Name] == nil {
			e := ckpterr.New(ckpterr.BadSafetensors, "%s has no size of %d dimensions for the tensor", saveKey, len(t.Shape))
			e.FQN = t.Name
			return nil, e
		}
	}
	return info, nil
}

// parseSave reads what AddTo writes. Other keys are ignored.
func parseSave(text string) (*SaveInfo, error) {
	s := &scanner{b: []byte(text), base: -1}
	info := &SaveInfo{}
	err := s.object(func(key string) (err error) {
		s.space()
		switch key {
		case "save_id":
			info.SaveID, err = s.str()
		case "attempt":
			info.Attempt, err = s.str()
		case "file":
			info.File, err = s.count()
		case "files":
			info.Files, err = s.count()
		case "index":
			var name string
			if name, err = s.str(); err == nil && name != IndexName {
				err = s.fault("index %q", clip(name))
			}
			info.Indexed = true
		case "sizes":
			info.Sizes, err = s.sizes()
		default:
			err = s.skip(1)
		}
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && (info.SaveID == "" || info.Attempt == "" || info.File < 1 || info.File > info.Files) {
		err = s.fault("file %d of %d of save %q, attempt %q", info.File, info.Files, clip(info.SaveID), clip(info.Attempt))
	}
	if err != nil {
		return nil, err
	}
	return info, nil
}

// count reads a number of files.
func (s *scanner) count() (int, error) {
	n, err := s.int()
	if err == nil && (n < 1 || n > math.MaxInt32) {
		err = s.fault("a number of files of %d", n)
	}
	return int(n), err
}

// sizes reads {fqn: [ints]}.
func (s *scanner) sizes() (map[string][]int64, error) {
	all := map[string][]int64{}
	err := s.object(func(fqn string) (err error) {
		if all[fqn], err = s.ints(maxRank); err == nil && slices.ContainsFunc(all[fqn], func(n int64) bool { return n < 0 }) {
			err = s.fault("a size of %v", all[fqn])
		}
		return ckpterr.At(err, ckpterr.Place{Offset: -1, FQN: fqn})
	})
	return all, err
}
