package dcp

import (
	"context"
	"io"
	"sort"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// dataFile is a data file that is planned before its first byte is written: a
// row of items over the tensors' own memory. It is safe for concurrent use.
type dataFile struct {
	items []*torchfile.Item
	ends  []int64 // where each item ends, bytes
}

func (d *dataFile) add(it *torchfile.Item) (offset int64) {
	offset = d.size()
	d.items = append(d.items, it)
	d.ends = append(d.ends, offset+it.Size())
	return offset
}

func (d *dataFile) size() int64 {
	if len(d.ends) == 0 {
		return 0
	}
	return d.ends[len(d.ends)-1]
}

// ReadAt is io.ReaderAt.
func (d *dataFile) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for i := sort.Search(len(d.ends), func(i int) bool { return d.ends[i] > off }); n < len(p); i++ {
		if i == len(d.items) {
			return n, io.EOF
		}
		start := d.ends[i] - d.items[i].Size()
		k, err := d.items[i].ReadAt(p[n:min(len(p), n+int(min(d.ends[i]-off, int64(len(p)))))], off-start)
		n += k
		off += int64(k)
		if err != nil && err != io.EOF {
			return n, err
		}
	}
	return n, nil
}

// resident tells whether all data lies in memory, so that a file can go up in
// parallel parts. Of a planner that embeds the default one nothing is known: its
// ResolveData may be its own.
func resident(p planner.SavePlanner) bool {
	d, ok := p.(*planner.DefaultSavePlanner)
	return ok && d.Resident()
}

// upload writes the file as one dataFile; ok is false when too much would have
// to be copied for that.
func (f *fileWriter) upload(ctx context.Context, name string, cond fsbase.Condition) (rs []WriteResult, ok bool, err error) {
	n := len(f.items)
	d := dataFile{items: make([]*torchfile.Item, 0, n), ends: make([]int64, 0, n)}
	rs = make([]WriteResult, 0, n)
	copied := int64(0)
	for _, it := range f.items {
		if err := f.stop.Err(); err != nil {
			return nil, false, err
		}
		data, err := f.p.ResolveData(ctx, it)
		if err != nil {
			return nil, false, err
		}
		if t, isTensor := data.(*tensor.Tensor); isTensor {
			if _, dense := t.Bytes(); !dense {
				if copied += t.NumBytes(); copied > f.w.o.PerThreadCopyAhead {
					return nil, false, nil
				}
			}
		}
		item, err := makeItem(it, data)
		if err != nil {
			return nil, false, err
		}
		rs = append(rs, f.result(it, metadata.StorageInfo{
			RelativePath: name, Offset: d.add(item), Length: item.Size(),
		}))
	}
	info, err := fsbase.Upload(ctx, f.w.fsys, name, &d, d.size(), cond)
	if err != nil {
		return nil, false, err
	}
	// Only now, as the upload has the checksums made while the disk works.
	for i, it := range f.items {
		rs[i].StorageData.Describe(d.items[i].CRC32C(), payloadOffset(it, d.items[i]))
	}
	f.w.count(info.Size)
	return rs, true, nil
}

// payloadOffset is where a tensor's bare elements begin in its item; -1 for an
// object.
func payloadOffset(it planner.WriteItem, item *torchfile.Item) int64 {
	if it.Type == planner.WriteByteIO {
		return -1
	}
	return item.PayloadOffset()
}
