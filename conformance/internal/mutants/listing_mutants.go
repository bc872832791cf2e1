package mutants

import (
	"context"
	"encoding/base64"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf16"

	"github.com/godcp/godcp/fsbase"
)

// retelling makes faults of a function that changes each Info of a listing.
func retelling(f func(info *fsbase.Info)) faults {
	return listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
		for i := range infos {
			f(&infos[i])
		}
		return infos
	})
}

// unlisted makes faults of names that listings leave out.
func unlisted(f func(name string) bool) faults {
	return listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
		return slices.DeleteFunc(infos, func(i fsbase.Info) bool { return f(i.Path) })
	})
}

// turning makes faults of the name after which the second page begins.
func turning(after func(last string) string) faults {
	return listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
		if len(infos) <= listPage {
			return infos
		}
		name := after(infos[listPage-1].Path)
		rest := slices.DeleteFunc(slices.Clone(infos), func(i fsbase.Info) bool { return i.Path <= name })
		return append(infos[:listPage:listPage], rest...)
	})
}

// wrongSum is the sum of no content.
var wrongSum = fsbase.Checksum{Algorithm: "sha256", Value: base64.StdEncoding.EncodeToString(make([]byte, 32))}

// part is a temporary name beside p while f runs.
func (v *variant) part(p string, f func()) {
	v.disk.mu.Lock()
	v.disk.store(p+".part", nil, false)
	v.disk.mu.Unlock()
	defer v.unlink(p + ".part")
	f()
}

var listingMutants = []Mutant{
	{
		Name:  "of 64 connections each listing that is left keeps one",
		Kills: []string{"list/many"},
		faults: func() faults {
			var left atomic.Int32
			return faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
				return func(yield func(fsbase.Info, error) bool) {
					if left.Load() >= 64 {
						yield(fsbase.Info{}, failed("list", prefix, fsbase.ErrThrottled))
						return
					}
					for info, err := range v.Store.List(ctx, prefix) {
						if !yield(info, err) {
							left.Add(1)
							return
						}
					}
				}
			}}
		}(),
	},
	{
		Name:  "the parts of an open stream are listed",
		Kills: []string{"list/unfinished"},
		faults: writing(func(v *variant, w *writer) *stream {
			drop := func() { v.unlink(w.path + ".part") }
			return &stream{
				write: func(p []byte) (int, error) {
					n, err := w.Write(p)
					if len(w.data) > largePart {
						v.disk.mu.Lock()
						v.disk.store(w.path+".part", nil, false)
						v.disk.mu.Unlock()
					}
					return n, err
				},
				commit: func() (fsbase.Info, error) { drop(); return w.Commit() },
				close:  func() error { drop(); return w.Close() },
			}
		}),
	},
	{
		Name:  "a page begins after the unescaped name of the last",
		Kills: []string{"list/many-odd"},
		faults: turning(func(last string) string {
			if plain, err := url.QueryUnescape(last); err == nil {
				return plain
			}
			return last
		}),
	},
	{
		Name:   "a page begins after the last name with plus signs for blanks",
		Kills:  []string{"list/many-odd"},
		faults: turning(func(last string) string { return strings.ReplaceAll(last, " ", "+") }),
	},
	{
		Name:  "a listing ends with a page of the folder that has nothing with the prefix",
		Kills: []string{"list/many"},
		faults: listing(func(v *variant, prefix string, _ []fsbase.Info) (found []fsbase.Info) {
			for page := range slices.Chunk(v.infos(prefix[:strings.LastIndexByte(prefix, '/')+1]), listPage) {
				page = slices.DeleteFunc(page, func(i fsbase.Info) bool { return !strings.HasPrefix(i.Path, prefix) })
				if len(page) == 0 {
					break
				}
				found = append(found, page...)
			}
			return found
		}),
	},
	{
		Name:  "listings are in the order of UTF-16",
		Kills: []string{"list/order", "list/prefix"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			slices.SortFunc(infos, func(a, b fsbase.Info) int {
				return slices.Compare(utf16.Encode([]rune(a.Path)), utf16.Encode([]rune(b.Path)))
			})
			return infos
		}),
	},
	{
		Name:  "listings have what has the prefix within",
		Kills: []string{"list/prefix"},
		faults: listing(func(v *variant, prefix string, _ []fsbase.Info) []fsbase.Info {
			return slices.DeleteFunc(v.infos(""), func(i fsbase.Info) bool { return !strings.Contains(i.Path, prefix) })
		}),
	},
	{
		Name:  "listings end after their second page",
		Kills: []string{"list/many"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			return infos[:min(len(infos), 2000)]
		}),
	},
	{
		Name:   "names with control characters are not listed",
		Kills:  []string{"names/bytes"},
		faults: unlisted(func(name string) bool { return strings.ContainsAny(name, "\n\t\a") }),
	},
	{
		Name:   "names with quotes are not listed",
		Kills:  []string{"names/bytes"},
		faults: unlisted(func(name string) bool { return strings.ContainsAny(name, `"'<>`) }),
	},
	{
		Name:   "List tells times in seconds",
		Kills:  []string{"info/times"},
		faults: retelling(func(info *fsbase.Info) { info.ModTime = info.ModTime.Truncate(time.Second) }),
	},
	{
		Name:   "Commit tells a time before the reader's",
		Kills:  []string{"info/times"},
		faults: committing(func(_ *variant, _ *writer, info *fsbase.Info) { info.ModTime = info.ModTime.Add(-time.Hour) }),
	},
	{
		Name:  "ReadRanges tells the time of the question",
		Kills: []string{"info/times"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			info.ModTime = time.Now()
			return info, err
		}),
	},
	{
		Name:   "List tells a wrong checksum",
		Kills:  []string{"info/checksum"},
		faults: retelling(func(info *fsbase.Info) { info.Sum = wrongSum }),
	},
	{
		Name:  "Stat tells a wrong checksum",
		Kills: []string{"info/checksum"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			info, err := v.Store.Stat(ctx, p)
			info.Sum = wrongSum
			return info, err
		}},
	},
	{
		Name:  "ReadRanges tells a wrong checksum",
		Kills: []string{"info/checksum"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			info.Sum = wrongSum
			return info, err
		}),
	},
	{
		Name:  "Upload has a temporary name while it reads its source",
		Kills: []string{"list/unfinished"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (info fsbase.Info, err error) {
			v.part(p, func() { info, err = v.Store.Upload(ctx, p, src, size, cond) })
			return info, err
		}),
	},
	{
		Name:  "Copy has a temporary name while it runs",
		Kills: []string{"list/beside-writes"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (info fsbase.Info, err error) {
			v.part(dst, func() {
				yield()
				info, err = v.Store.Copy(ctx, src, dst, cond)
			})
			return info, err
		}),
	},
}
