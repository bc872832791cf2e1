package mutants

import (
	"bytes"
	"compress/flate"
	"context"
	"hash/crc32"
	"io"

	"github.com/godcp/godcp/fsbase"
)

// compressed is data as a storage may keep it.
func compressed(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// keeping makes faults in which a commit publishes what is kept of a content.
func keeping(kept func(v *variant, data []byte) []byte) faults {
	return writing(func(v *variant, w *writer) *stream {
		return &stream{commit: func() (fsbase.Info, error) {
			w.data = kept(v, w.data)
			return w.Commit()
		}}
	})
}

// sample is what a content is known by to those who do not read all of it.
func sample(data []byte) string {
	const n = 1 << 10
	if len(data) < 3*n {
		return string(data)
	}
	middle := len(data) / 2
	return string(data[:n]) + string(data[middle:middle+n]) + string(data[len(data)-n:])
}

// sameSum tells whether two contents have one size and one CRC.
func sameSum(a, b []byte, poly uint32) bool {
	table := crc32.MakeTable(poly)
	return len(a) == len(b) && crc32.Checksum(a, table) == crc32.Checksum(b, table)
}

var contentMutants = []Mutant{
	{
		Name:  "what compresses loses all behind 32 KiB",
		Kills: []string{"sizes/compressible"},
		faults: keeping(func(_ *variant, data []byte) []byte {
			if n := len(data); between(n, 32<<10, mib) && len(compressed(data)) < n {
				clear(data[32<<10:])
			}
			return data
		}),
	},
	{
		Name:  "what compresses to its own length is read as it is kept",
		Kills: []string{"sizes/compressible"},
		faults: keeping(func(_ *variant, data []byte) []byte {
			if n := len(data); between(n, 16, 25) {
				if c := compressed(data); len(c) == n {
					return c
				}
			}
			return data
		}),
	},
	{
		Name:  "blocks of zeros are not kept, and missing",
		Kills: []string{"sizes/compressible"},
		faults: keeping(func(_ *variant, data []byte) (kept []byte) {
			for len(data) > 0 {
				n := min(len(data), 4096)
				if n < 4096 || len(bytes.Trim(data[:n], "\x00")) > 0 {
					kept = append(kept, data[:n]...)
				}
				data = data[n:]
			}
			return kept
		}),
	},
	{
		Name:  "a Copy has no zeros at its end",
		Kills: []string{"sizes/compressible"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			o, _ := v.get(src)
			if data := bytes.TrimRight(o.data, "\x00"); len(o.data)-len(data) > 8 { // not what happens to be zero
				return v.put("copy", dst, data, cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "contents with the same bytes at the beginning, the middle and the end are kept once",
		Kills: []string{"info/contents-alike"},
		faults: keeping(func(v *variant, data []byte) []byte {
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			for _, o := range v.disk.files {
				if len(o.data) == len(data) && sample(o.data) == sample(data) {
					return o.data
				}
			}
			return data
		}),
	},
	{
		Name:  "Copy over a stream with its size and CRC-32C does nothing",
		Kills: []string{"info/contents-alike"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			from, there := v.get(src)
			if to, ok := v.get(dst); there && ok && sameSum(from.data, to.data, crc32.Castagnoli) {
				return v.put("copy", dst, to.data, cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "Rename over a stream with its size and CRC-32 only removes the source",
		Kills: []string{"info/contents-alike"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			from, there := v.get(p)
			if to, ok := v.get(q); there && ok && p != q && sameSum(from.data, to.data, crc32.IEEE) {
				return v.Store.RmFile(ctx, p)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "parts of an Upload with one CRC-32C are one",
		Kills: []string{"info/parts-alike"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			data := make([]byte, size)
			if err := fsbase.ReadSource(src, data, 0); err != nil {
				return fsbase.Info{}, failed("upload", p, err)
			}
			const part = 2 * mib
			for at := part; at+part <= len(data); at += part {
				if sameSum(data[:part], data[at:at+part], crc32.Castagnoli) {
					copy(data[at:], data[:part])
				}
			}
			return v.Store.Upload(ctx, p, bytes.NewReader(data), size, cond)
		}),
	},
}
