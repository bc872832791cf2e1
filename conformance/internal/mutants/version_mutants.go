package mutants

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// retell changes what is told of a name.
func (d *disk) retell(p string, f func(info *fsbase.Info)) fsbase.Info {
	o := d.files[p]
	f(&o.info)
	d.files[p], d.durable[p] = o, o
	return o.info
}

// set changes the version of a name.
func (d *disk) set(p string, v fsbase.Version) fsbase.Info {
	return d.retell(p, func(info *fsbase.Info) { info.Version = v })
}

// counted makes faults in which versions of a name are numbers, which count
// says.
func counted(count func(v *variant, p string) fsbase.Version) faults {
	return faults{writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
		return &stream{writer: w, commit: func() (fsbase.Info, error) {
			info, err := w.Commit()
			if err != nil {
				return info, err
			}
			n := count(v, w.path)
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			return v.disk.set(w.path, n), nil
		}}
	}}
}

var versionMutants = []Mutant{
	{
		Name:  "the time is that of the beginning",
		Kills: []string{"info/times"},
		faults: writing(func(v *variant, w *writer) *stream {
			begun := time.Now()
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if err != nil {
					return info, err
				}
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				return v.disk.retell(w.path, func(info *fsbase.Info) { info.ModTime = begun }), nil
			}}
		}),
	},
	{
		Name:  "the version is the CRC-32C",
		Kills: []string{"info/versions-alike"},
		faults: versioned(func(o object) fsbase.Version {
			return fsbase.Version(fmt.Sprint(crc32.Checksum(o.data, crc32.MakeTable(crc32.Castagnoli))))
		}),
	},
	{
		Name:   "the version is the CRC-32",
		Kills:  []string{"info/versions-alike"},
		faults: versioned(func(o object) fsbase.Version { return fsbase.Version(fmt.Sprint(crc32.ChecksumIEEE(o.data))) }),
	},
	{
		Name:  "the version is the exclusive or of the CRC-32 of parts of 1 MiB",
		Kills: []string{"info/versions-alike"},
		faults: versioned(func(o object) fsbase.Version {
			var sum uint32
			for part := range slices.Chunk(o.data, mib) {
				sum ^= crc32.ChecksumIEEE(part)
			}
			return fsbase.Version(fmt.Sprint(len(o.data), sum))
		}),
	},
	{
		Name:  "the version is of the size and both ends",
		Kills: []string{"info/versions-alike"},
		faults: versioned(func(o object) fsbase.Version {
			n := len(o.data)
			return fsbase.Version(fmt.Sprint(n, crc32.ChecksumIEEE(o.data[:min(n, 64<<10)]), crc32.ChecksumIEEE(o.data[max(0, n-64<<10):])))
		}),
	},
	{
		Name:  "versions of a name begin anew when it was removed",
		Kills: []string{"info/versions-again"},
		faults: func() faults {
			f := counted(func(v *variant, p string) fsbase.Version {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				o := v.last[p]
				o.data = append(o.data, 0)
				v.last[p] = o
				return fsbase.Version(fmt.Sprint("n", len(o.data)))
			})
			f.remove = func(v *variant, ctx context.Context, p string) error {
				err := v.Store.RmFile(ctx, p)
				if err == nil {
					v.mark(p, false)
				}
				return err
			}
			return f
		}(),
	},
	{
		Name:  "versions count to 256",
		Kills: []string{"info/versions"},
		faults: counted(func(v *variant, p string) fsbase.Version {
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			return fsbase.Version(fmt.Sprint("n", v.disk.commits%256))
		}),
	},
	{
		Name:  "the version is a sum of the first block",
		Kills: []string{"info/versions-again"},
		faults: versioned(func(o object) fsbase.Version {
			return fsbase.Version(fmt.Sprintf("%x", crc32.ChecksumIEEE(o.data[:min(len(o.data), 4096)])))
		}),
	},
	{
		Name:  "Upload keeps the version of what it replaces",
		Kills: []string{"info/versions-again"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			old, there := v.get(p)
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if err == nil && there {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				info = v.disk.set(p, old.info.Version)
			}
			return info, err
		}),
	},
	{
		Name:  "times go back",
		Kills: []string{"info/times"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{info: func() fsbase.Info {
				info := r.object.info
				info.ModTime = time.Unix(1<<31, 0).Add(-time.Since(time.Unix(0, 0)))
				return info
			}}
		}),
	},
	{
		Name:  "Stat tells the time of the question",
		Kills: []string{"info/times"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			info, err := v.Store.Stat(ctx, p)
			info.ModTime = time.Now()
			return info, err
		}},
	},
	{
		Name:  "the checksum of an Upload is that of its last part",
		Kills: []string{"info/checksum"},
		faults: func() faults {
			f := uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
				info, err := v.Store.Upload(ctx, p, src, size, cond)
				if err == nil && size > 1<<20 {
					v.mark(string(info.Version), true)
				}
				return info, err
			})
			f.reader = func(v *variant, r *reader) fsbase.ReadStream {
				data := r.object.data
				if v.marked(string(r.object.info.Version)) {
					data = data[len(data)-1<<20:]
				}
				r.object.info.Sum = crc32c(data)
				return r
			}
			return f
		}(),
	},
}

func crc32c(data []byte) fsbase.Checksum {
	return base64Sum("crc32c", crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}
