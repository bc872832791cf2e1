package mutants

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// addressed is a correct wrapper that stores a content under its hash, once for
// all names that have it, and under each name which one it is. It hides every
// capability.
type addressed struct {
	names, blobs fsbase.FileSystemBase
	fsbase.FileSystemBase
}

// Addressed returns a wrapper that stores contents by their hashes.
func Addressed(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
	below := func(dir string) fsbase.FileSystemBase {
		s, err := fsbase.Sub(inner, dir)
		if err != nil {
			panic(err)
		}
		return s
	}
	names := below("names")
	return addressed{names: names, blobs: below("blobs"), FileSystemBase: names}
}

// AddressedHides are the capabilities that Addressed does not hand out.
func AddressedHides() []string { return append([]string{"Uploader", "RangeReader"}, scrambledHides...) }

// entry is what is stored under a name. No two are equal.
type entry struct {
	Hash   string
	Size   int64
	Number string
}

// entries counts them, and entryBytes is more than one takes.
var entries atomic.Int64

const entryBytes = 200

// AsCapability implements fsbase.Capable.
func (a addressed) AsCapability(any) bool { return false }

func (a addressed) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	w, err := a.names.CreateStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return &addressedWriter{WriteStream: w, a: a, ctx: ctx, path: path}, nil
}

type addressedWriter struct {
	fsbase.WriteStream // of the entry
	a                  addressed
	ctx                context.Context
	path               string
	data               []byte
}

func (w *addressedWriter) Write(p []byte) (int, error) {
	if _, err := w.WriteStream.Write(nil); err != nil { // closed, or cancelled
		return 0, err
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *addressedWriter) Commit() (fsbase.Info, error) {
	sum := sha256.Sum256(w.data)
	e := entry{hex.EncodeToString(sum[:]), int64(len(w.data)), strconv.FormatInt(entries.Add(1), 10)}
	text, err := json.Marshal(e)
	if err == nil {
		_, err = w.WriteStream.Write(text)
	}
	if err != nil {
		return fsbase.Info{}, err
	}
	if err := w.a.keep(w.ctx, e.Hash, w.data); err != nil {
		w.Close()
		return fsbase.Info{}, named("commit", w.path, err)
	}
	info, err := w.WriteStream.Commit()
	info.Size, info.Sum = e.Size, fsbase.Checksum{}
	return info, err
}

// keep stores a content, though it may be there: nobody knows how durably.
func (a addressed) keep(ctx context.Context, hash string, data []byte) error {
	b, err := a.blobs.CreateStream(ctx, hash)
	if err != nil {
		return err
	}
	defer b.Close()
	if _, err := b.Write(data); err != nil {
		return err
	}
	_, err = b.Commit()
	return err
}

// named is an error of a blob as one of the name that it is of.
func named(op, path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return failed(op, path, err)
}

func (a addressed) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	text, info, err := fsbase.ReadFile(ctx, a.names, path, entryBytes)
	if err != nil {
		return nil, err
	}
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, failed("open", path, err)
	}
	r, err := a.blobs.OpenStream(ctx, e.Hash)
	if err != nil {
		return nil, named("open", path, err)
	}
	info.Size, info.Sum = e.Size, fsbase.Checksum{}
	return addressedReader{r, info}, nil
}

type addressedReader struct {
	fsbase.ReadStream
	info fsbase.Info
}

func (r addressedReader) Info() fsbase.Info { return r.info }

func (r addressedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReadStream.ReadAt(p, off)
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = failed(pe.Op, r.info.Path, pe.Err)
	}
	return n, err
}
