package conformance

import (
	"bytes"

	"github.com/godcp/godcp/fsbase"
)

// filled prepares a small stream under each name.
func (t *trial) filled(names []string, data []byte) func(int) error {
	return func(i int) error { return t.fill(names[i], data) }
}

// basicOperations are the kinds that every backend has.
func basicOperations(t *trial) []operation {
	data, buf := content(1, smallSize), make([]byte, smallSize)
	write, open, read, exists := t.paths("write"), t.paths("open"), t.paths("read"), t.paths("exists")
	rename, renamed, remove := t.paths("rename"), t.paths("renamed"), t.paths("remove")
	return []operation{
		{"write 4 KiB", nil, func(i int) error { return t.fill(write[i], data) }},
		{"open and close", t.filled(open, data), func(i int) error { return t.readInto(open[i], nil) }},
		{"open, read 4 KiB and close", t.filled(read, data), func(i int) error { return t.readInto(read[i], buf) }},
		{"exists", t.filled(exists, data), func(i int) error {
			_, err := t.fs.Exists(t.ctx, exists[i])
			return err
		}},
		{"rename", t.filled(rename, data), func(i int) error { return t.fs.Rename(t.ctx, rename[i], renamed[i]) }},
		{"remove", t.filled(remove, data), func(i int) error { return t.fs.RmFile(t.ctx, remove[i]) }},
	}
}

// capabilityOperations are the kinds that only some backends have.
func capabilityOperations(t *trial) []operation {
	var all []operation
	data := content(1, smallSize)
	if c, ok := fsbase.As[fsbase.ExclusiveCreator](t.fs); ok {
		names := t.paths("exclusive")
		all = append(all, operation{"create 4 KiB if absent", nil, func(i int) error {
			_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateExclusive(t.ctx, names[i]) }, data)
			return err
		}})
	}
	if c, ok := fsbase.As[fsbase.Swapper](t.fs); ok {
		names, versions := t.paths("swap"), make([]fsbase.Version, operationCount)
		all = append(all, operation{"swap 4 KiB", func(i int) error {
			info, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, names[i]) }, data[1:])
			versions[i] = info.Version
			return err
		}, func(i int) error {
			_, err := t.commit(func() (fsbase.WriteStream, error) { return c.CreateSwap(t.ctx, names[i], versions[i]) }, data)
			return err
		}})
	}
	if c, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		names, src := t.paths("upload"), bytes.NewReader(data)
		all = append(all, operation{"upload 4 KiB", nil, func(i int) error {
			_, err := c.Upload(t.ctx, names[i], src, smallSize, fsbase.Condition{})
			return err
		}})
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		names, ranges := t.paths("ranges"), scattered(8, 128, 512)
		all = append(all, operation{"read 8 ranges of 128 bytes", t.filled(names, data), func(i int) error {
			_, err := c.ReadRanges(t.ctx, names[i], "", ranges)
			return err
		}})
	}
	if c, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		names := t.paths("stat")
		all = append(all, operation{"stat", t.filled(names, data), func(i int) error {
			_, err := c.Stat(t.ctx, names[i])
			return err
		}})
	}
	if c, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		all = append(all, operation{"list a folder", t.filled(t.paths("list"), data), func(int) error {
			for _, err := range c.List(t.ctx, t.prefix("list/")) {
				if err != nil {
					return err
				}
			}
			return nil
		}})
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		from, to := t.paths("copy"), t.paths("copied")
		all = append(all, operation{"copy 4 KiB", t.filled(from, data), func(i int) error {
			_, err := c.Copy(t.ctx, from[i], to[i], fsbase.Condition{})
			return err
		}})
	}
	return all
}

// scattered returns n ranges of size bytes, one in each gap.
func scattered(n, size, gap int) []fsbase.Range {
	ranges := make([]fsbase.Range, n)
	for i := range ranges {
		ranges[i] = fsbase.Range{Offset: int64(i * gap), Dst: make([]byte, size)}
	}
	return ranges
}
