package safetensors

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
)

// IndexName is the file that says which file holds which tensor.
const IndexName = "model.safetensors.index.json"

const maxIndex = maxHeader

// readIndex reads the weight_map of the index; nil when there is no index.
func readIndex(ctx context.Context, fsys fsbase.FileSystemBase) (map[string]string, error) {
	rs, err := fsys.OpenStream(ctx, IndexName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	at := ckpterr.Place{File: IndexName, Offset: -1}
	size := rs.Info().Size
	if size > maxIndex {
		return nil, ckpterr.At(ckpterr.New(ckpterr.LimitExceeded, "an index of %d bytes, more than %d", size, maxIndex), at)
	}
	b := make([]byte, size)
	if err := readFull(rs, b, 0); err != nil {
		return nil, ckpterr.At(err, at)
	}
	m, err := parseIndex(b)
	return m, ckpterr.At(err, at)
}

// parseIndex reads {"metadata": anything, "weight_map": {fqn: file}}.
func parseIndex(text []byte) (map[string]string, error) {
	s := &scanner{b: text}
	var weights map[string]string
	err := s.object(func(key string) (err error) {
		if key != "weight_map" {
			return s.skip(1)
		}
		weights, err = s.stringMap()
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && weights == nil {
		err = s.fault("no weight_map")
	}
	return weights, err
}

// checkIndex holds the index against the files.
func checkIndex(index map[string]string, files []file) error {
	byName := make(map[string]*file, len(files))
	for i := range files {
		byName[files[i].name] = &files[i]
	}
	for _, fqn := range slices.Sorted(maps.Keys(index)) {
		name := index[fqn]
		var e *ckpterr.Error
		if f := byName[name]; f != nil {
			if _, ok := f.header.Lookup(fqn); ok {
				continue
			}
			e = ckpterr.New(ckpterr.MissingItem, "not in %q, where the index says it is", name)
		} else if !plainName(name) {
			e = ckpterr.New(ckpterr.UnsafePath, "%q is no plain name in the folder", name)
		} else {
			e = ckpterr.New(ckpterr.MissingFile, "%q is not there", name)
		}
		e.File, e.FQN = IndexName, fqn
		return e
	}
	return nil
}

// plainName tells whether name is a file right in the folder, on any system.
func plainName(name string) bool {
	return name != "." && fs.ValidPath(name) && !strings.ContainsAny(name, "/\\:\x00")
}
