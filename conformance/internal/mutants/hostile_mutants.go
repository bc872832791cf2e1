package mutants

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// sourcing makes faults of an Upload that reads its source with read, which
// returns what to publish.
func sourcing(read func(ctx context.Context, src io.ReaderAt, size int64) ([]byte, error)) faults {
	return uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
		data, err := read(ctx, src, size)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fsbase.Info{}, failed("upload", p, err)
		}
		return v.put("upload", p, data, cond)
	})
}

// part is how much of a source is read at once.
const part = 1 << 20

// readParts reads the parts of a source, several at once.
func readParts(src io.ReaderAt, size int64, got func(off int64, data []byte, err error)) *sync.WaitGroup {
	var wg sync.WaitGroup
	for off := int64(0); off < size; off += part {
		wg.Go(func() {
			data := make([]byte, min(part, size-off))
			err := fsbase.ReadSource(src, data, off)
			got(off, data, err)
		})
	}
	return &wg
}

var hostileMutants = []Mutant{
	{
		Name:  "a source that says io.ErrUnexpectedEOF with all bytes has ended",
		Kills: []string{"hostile/error-with-all-bytes"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, size)
			if n, err := src.ReadAt(data, 0); int64(n) == size && errors.Is(err, io.ErrUnexpectedEOF) {
				return data, nil
			}
			return data, fsbase.ReadSource(src, data, 0)
		}),
	},
	{
		Name:  "Upload does not count the bytes of a source without an error",
		Kills: []string{"hostile/broken-source"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, size)
			if n, err := src.ReadAt(data, 0); err != nil && (err != io.EOF || int64(n) < size) {
				return nil, io.ErrUnexpectedEOF
			}
			return data, nil
		}),
	},
	{
		Name:  "Upload waits for ever for a source that gives nothing",
		Kills: []string{"hostile/broken-source"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, size)
			for off := int64(0); off < size; {
				n, err := src.ReadAt(data[off:], off)
				if n < 0 || int64(n) > size-off {
					return nil, io.ErrUnexpectedEOF
				}
				off += int64(n)
				if err == io.EOF && off < size {
					return nil, io.ErrUnexpectedEOF
				} else if err != nil && err != io.EOF {
					return nil, err
				}
			}
			return data, nil
		}),
	},
	{
		Name:  "Upload believes every count of its source",
		Kills: []string{"hostile/broken-source"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, size)
			n, err := src.ReadAt(data, 0)
			if data = data[:n]; int64(n) < size && (err == nil || err == io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if err == io.EOF {
				err = nil
			}
			return data, err
		}),
	},
	{
		Name:  "Upload forgets an error that comes with all bytes",
		Kills: []string{"hostile/error-with-all-bytes"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, size)
			_, err := io.ReadFull(io.NewSectionReader(src, 0, size), data)
			return data, err
		}),
	},
	{
		Name:  "Upload reads whole blocks of its source",
		Kills: []string{"hostile/outside-source"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, (size+4095)/4096*4096)
			if n, err := src.ReadAt(data, 0); int64(n) < size {
				return nil, err
			}
			return data[:size], nil
		}),
	},
	{
		Name:  "Upload puts parts together in the order in which they come",
		Kills: []string{"hostile/slow-source"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			var mu sync.Mutex
			var all []byte
			var failure error
			readParts(src, size, func(_ int64, data []byte, err error) {
				mu.Lock()
				defer mu.Unlock()
				all, failure = append(all, data...), err
			}).Wait()
			return all, failure
		}),
	},
	{
		Name:  "Upload returns at the first error, and its other parts are still read",
		Kills: []string{"hostile/source-left-alone"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			all := make([]byte, size)
			first := make(chan error, size/part+1)
			wg := readParts(src, size, func(off int64, data []byte, err error) {
				copy(all[off:], data)
				if err != nil {
					first <- err
				}
			})
			go func() { wg.Wait(); close(first) }()
			return all, <-first
		}),
	},
	{
		Name:  "Upload checks its condition before it reads its source",
		Kills: []string{"hostile/source-interferes"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if err := v.holds(p, cond); err != nil {
				return fsbase.Info{}, err
			}
			return v.Store.Upload(ctx, p, src, size, fsbase.Condition{})
		}),
	},
	{
		Name:  "the last part of a large Upload is sent as it was read",
		Kills: []string{"hostile/broken-source"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if size < 2*largePart {
				return v.Store.Upload(ctx, p, src, size, cond)
			}
			data := make([]byte, size)
			last := size - size%largePart
			if err := fsbase.ReadSource(src, data[:last], 0); err != nil {
				return fsbase.Info{}, failed("upload", p, err)
			}
			if n, err := src.ReadAt(data[last:], last); n < 0 || int64(n) > size-last || err != nil && (err != io.EOF || last+int64(n) < size) {
				return fsbase.Info{}, failed("upload", p, errors.New("the source failed"))
			}
			if err := ctx.Err(); err != nil {
				return fsbase.Info{}, failed("upload", p, err)
			}
			return v.put("upload", p, data, cond)
		}),
	},
}
