package mutants

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// committing makes faults of a function that changes the Info of Commit.
func committing(f func(v *variant, w *writer, info *fsbase.Info)) faults {
	return writing(func(v *variant, w *writer) *stream {
		return &stream{commit: func() (fsbase.Info, error) {
			info, err := w.Commit()
			if err == nil {
				f(v, w, &info)
			}
			return info, err
		}}
	})
}

// versioned makes faults of a function that tells versions from contents.
func versioned(f func(o object) fsbase.Version) faults {
	set := func(o *object) { o.info.Version = f(*o) }
	return faults{
		writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				o := object{data: w.data, info: info}
				set(&o)
				return o.info, err
			}}
		},
		reader: func(_ *variant, r *reader) fsbase.ReadStream {
			set(&r.object)
			return r
		},
	}
}

// summed makes faults of a checksum that readers tell.
func summed(sum func(data []byte) fsbase.Checksum) faults {
	return faults{reader: func(_ *variant, r *reader) fsbase.ReadStream {
		r.object.info.Sum = sum(r.object.data)
		return r
	}}
}

var infoMutants = []Mutant{
	{
		Name:  "Rename over a stream spoils its checksum",
		Kills: []string{"info/checksum"},
		faults: faults{
			rename: func(v *variant, ctx context.Context, p, newPath string) error {
				_, there := v.get(newPath)
				err := v.Store.Rename(ctx, p, newPath)
				v.mark(newPath, there && err == nil)
				return err
			},
			stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
				info, err := v.Store.Stat(ctx, p)
				if v.marked(p) {
					info.Sum = wrongSum
				}
				return info, err
			},
		},
	},
	{
		Name:   "Commit tells no version",
		Kills:  []string{"info/commit", "info/versions"},
		faults: committing(func(_ *variant, _ *writer, info *fsbase.Info) { info.Version = "" }),
	},
	{
		Name:   "Commit tells no path",
		Kills:  []string{"info/commit"},
		faults: committing(func(_ *variant, _ *writer, info *fsbase.Info) { info.Path = "" }),
	},
	{
		Name:  "Commit tells the size of the last Write",
		Kills: []string{"sizes/round-trip", "sizes/large", "interleaving/names"},
		faults: writing(func(_ *variant, w *writer) *stream {
			var last int
			return &stream{
				write: func(p []byte) (int, error) { last = len(p); return w.Write(p) },
				commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					info.Size = int64(last)
					return info, err
				},
			}
		}),
	},
	{
		Name:  "Commit tells the version that was there at creation",
		Kills: []string{"info/commit-under-way", "info/commit"},
		faults: writing(func(v *variant, w *writer) *stream {
			old, ok := v.get(w.path)
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if ok {
					info.Version = old.info.Version
				}
				return info, err
			}}
		}),
	},
	{
		Name:   "the version is the size",
		Kills:  []string{"info/versions"},
		faults: versioned(func(o object) fsbase.Version { return fsbase.Version(fmt.Sprint(o.info.Size)) }),
	},
	{
		Name:   "the version is the time in seconds",
		Kills:  []string{"info/versions"},
		faults: versioned(func(o object) fsbase.Version { return fsbase.Version(o.info.ModTime.Format("150405")) }),
	},
	{
		Name:  "each handle counts its own versions",
		Kills: []string{"handles/versions"},
		faults: faults{writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				n := len(v.last[w.path].data) + 1
				v.last[w.path] = object{data: make([]byte, n)}
				info.Version = fsbase.Version(fmt.Sprint(n))
				return info, err
			}}
		}},
	},
	{
		Name:  "readers tell no time",
		Kills: []string{"info/mod-time"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{info: func() fsbase.Info {
				info := r.object.info
				info.ModTime = time.Time{}
				return info
			}}
		}),
	},
	{
		Name:  "the MD5 is that of the first megabyte",
		Kills: []string{"info/checksum"},
		faults: summed(func(data []byte) fsbase.Checksum {
			sum := md5.Sum(data[:min(len(data), 1<<20)])
			return fsbase.Checksum{Algorithm: "md5", Value: base64.StdEncoding.EncodeToString(sum[:])}
		}),
	},
	{
		Name:  "a CRC-32 calls itself crc32c",
		Kills: []string{"info/checksum"},
		faults: summed(func(data []byte) fsbase.Checksum {
			h := crc32.NewIEEE()
			h.Write(data)
			return fsbase.Checksum{Algorithm: "crc32c", Value: base64.StdEncoding.EncodeToString(h.Sum(nil))}
		}),
	},
	{
		Name:   "a checksum has an algorithm that nobody knows",
		Kills:  []string{"info/checksum"},
		faults: summed(func([]byte) fsbase.Checksum { return fsbase.Checksum{Algorithm: "etag", Value: "x"} }),
	},
}

func base64Sum(algorithm string, sum uint32) fsbase.Checksum {
	b := []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
	return fsbase.Checksum{Algorithm: algorithm, Value: base64.StdEncoding.EncodeToString(b)}
}
