package mutants

import (
	"context"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// misread are ways in which single methods take a name for another.
var (
	unescape = strings.NewReplacer("%20", " ", "%2F", "/", "+", " ").Replace
	compose  = strings.NewReplacer("e\u0301", "\u00e9").Replace
	undot    = func(p string) string { return strings.TrimRight(p, ". ") }
)

// taking makes faults of one method that misreads names.
func taking(method string, misread func(string) string) faults {
	// A name that is none after that is left: names are what this is about.
	other := func(v *variant, p string) string {
		if q := misread(p); ready(context.Background(), "", q) == nil {
			return q
		}
		return p
	}
	switch method {
	case "exclusive":
		return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			if cond.Absent() {
				p = other(v, p)
			}
			return begun(v.Store.create(ctx, p, cond))
		}}
	case "rename":
		return faults{rename: func(v *variant, ctx context.Context, p, q string) error { return v.Store.Rename(ctx, p, other(v, q)) }}
	case "remove":
		return faults{remove: func(v *variant, ctx context.Context, p string) error { return v.Store.RmFile(ctx, other(v, p)) }}
	case "upload":
		return faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Upload(ctx, other(v, p), src, size, cond)
		}}
	case "stat":
		return faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			info, err := v.Store.Stat(ctx, other(v, p))
			info.Path = p
			return info, err
		}}
	case "copy":
		return faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Copy(ctx, other(v, src), dst, cond)
		}}
	case "ranges":
		return faults{ranges: func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			return v.Store.ReadRanges(ctx, other(v, p), pin, ranges)
		}}
	}
	panic(method)
}

// matching returns the names that a shell would take pattern for.
func (v *variant) matching(pattern string) (names []string) {
	for _, info := range v.infos("") {
		if ok, err := path.Match(pattern, info.Path); ok && err == nil {
			names = append(names, info.Path)
		}
	}
	return names
}

// like matches as SQL's LIKE does, where _ is one character and % are any.
func like(prefix string) *regexp.Regexp {
	p := strings.NewReplacer("_", ".", "%", ".*").Replace(regexp.QuoteMeta(prefix))
	return regexp.MustCompile("^" + p)
}

var oddNameMutants = []Mutant{
	{
		Name:  "large streams have a blank for a plus sign in their name",
		Kills: []string{"names/large"},
		faults: publishing(func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
			if len(data) < largePart {
				return publish()
			}
			return v.put("commit", strings.ReplaceAll(w.path, "+", " "), data, cond)
		}),
	},
	{
		Name:  "what is told of a stream lies beside it, under its name and .meta",
		Kills: []string{"names/beside"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if err == nil && !strings.HasSuffix(w.path, ".meta") {
					v.disk.mu.Lock()
					defer v.disk.mu.Unlock()
					if _, there := v.disk.files[w.path+".meta"]; there {
						v.disk.store(w.path+".meta", []byte(info.Version), true)
					}
				}
				return info, err
			}}
		}),
	},
	{Name: "RmFile unescapes", Kills: []string{"names/every-call"}, faults: taking("remove", unescape)},
	{Name: "Rename unescapes its target", Kills: []string{"names/every-call"}, faults: taking("rename", unescape)},
	{Name: "Copy unescapes its source", Kills: []string{"names/every-call"}, faults: taking("copy", unescape)},
	{Name: "Upload composes Unicode", Kills: []string{"names/every-call"}, faults: taking("upload", compose)},
	{Name: "Stat does not know of case", Kills: []string{"names/every-call"}, faults: taking("stat", strings.ToLower)},
	{Name: "exclusive creation leaves out dots and spaces at the end", Kills: []string{"names/every-call"}, faults: taking("exclusive", undot)},
	{
		Name:  "ReadRanges cuts long names",
		Kills: []string{"names/every-call"},
		faults: taking("ranges", func(p string) string {
			dir, base := path.Split(p)
			return dir + base[:min(len(base), 100)]
		}),
	},
	{
		Name:  "OpenStream finds a name with a space at the end without it",
		Kills: []string{"names/every-call"},
		faults: faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
			if _, ok := v.get(p); !ok {
				p = undot(p)
			}
			return v.Store.OpenStream(ctx, p)
		}},
	},
	{
		Name:  "RemoveAll leaves hidden names",
		Kills: []string{"names/every-call", "removeall/prefix"},
		faults: removing(func(v *variant, _ string, infos []fsbase.Info) []string {
			var seen []fsbase.Info
			for _, i := range infos {
				if !strings.HasPrefix(path.Base(i.Path), ".") {
					seen = append(seen, i)
				}
			}
			return v.removed(seen)
		}),
	},
	{
		Name:  "names that end as temporary ones do are not listed",
		Kills: []string{"names/every-call"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			var seen []fsbase.Info
			for _, i := range infos {
				if !strings.HasSuffix(i.Path, ".tmp") {
					seen = append(seen, i)
				}
			}
			return seen
		}),
	},
	{
		Name:  "RmFile takes patterns",
		Kills: []string{"names/patterns"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if err := v.Store.RmFile(ctx, p); err != nil {
				return err
			}
			for _, n := range v.matching(p) {
				v.unlink(n)
			}
			return nil
		}},
	},
	{
		Name:  "Exists takes patterns",
		Kills: []string{"names/patterns"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			ok, err := v.Store.Exists(ctx, p)
			return ok || err == nil && len(v.matching(p)) > 0, err
		}},
	},
	{
		Name:  "List takes % and _ in its prefix for any characters",
		Kills: []string{"names/patterns"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				if err := ctx.Err(); err != nil {
					yield(fsbase.Info{}, failed("list", prefix, err))
					return
				}
				for _, info := range v.infos("") {
					if like(prefix).MatchString(info.Path) && !yield(info, nil) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll takes patterns",
		Kills: []string{"names/patterns"},
		faults: removing(func(v *variant, prefix string, infos []fsbase.Info) []string {
			for _, n := range v.matching(prefix + "*") {
				v.unlink(n)
			}
			return v.removed(infos)
		}),
	},
	{
		Name:   "names are cut at 900 bytes",
		Kills:  []string{"names/every-call"},
		faults: faults{path: func(p string) string { return p[:min(len(p), 900)] }},
	},
	{
		Name:  "names that end like a part's are not listed",
		Kills: []string{"names/beside"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil && strings.HasSuffix(strings.TrimRight(info.Path, "0123456789"), ".part") && !strings.HasSuffix(info.Path, ".part") {
						continue
					}
					if !yield(info, err) {
						return
					}
				}
			}
		}},
	},
}
