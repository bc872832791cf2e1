package conformance

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// fence is a wrapper with a prefix, and what lies around it.
type fence struct {
	prefix  string                 // that names have inside
	folder  string                 // prefix without the slash, if it ends in one
	outside map[string]fsbase.Info // streams that lie outside, by their name inside
	hostile []string               // paths that a careless wrapper leads to them, or elsewhere
}

// outsider is how the names outside end.
const outsider = "outsider"

func checkEscape(t *trial) {
	s, w := t.spied()
	inside := t.on(s.inner)
	f, ok := t.fence(s, w)
	if !ok {
		return // names are not changed: there is no outside
	}
	defer func() {
		for name := range f.outside {
			_ = s.inner.RmFile(t.ctx, name) // tidying up
		}
	}()
	for name := range f.outside {
		f.outside[name] = inside.put(name, []byte("outside"))
	}
	before := inside.namesOutside(f)
	good := t.path("good")
	for _, h := range f.hostile {
		w.put(good, []byte("inside"))
		for _, call := range w.pathCalls(good) {
			_ = call(h) // its error is for names/invalid-path
		}
		if b, err := w.read(h); err == nil {
			t.errorf("N1", "OpenStream(%q) reads %q", h, b)
		}
	}
	t.looksInside(w, f)
	t.listsInside(w, f)
	for name, was := range f.outside {
		inside.wantContent("N1", name, []byte("outside"))
		if r, err := s.inner.OpenStream(t.ctx, name); err == nil {
			if now := r.Info().Version; now != was.Version {
				t.errorf("N1", "%q, which is outside of %q, was written again", name, f.prefix)
			}
			r.Close()
		}
	}
	for _, name := range inside.namesOutside(f) {
		if !slices.Contains(before, name) {
			t.errorf("N1", "%q is there now, which is outside of %q", name, f.prefix)
			_ = s.inner.RmFile(t.ctx, name)
		}
	}
}

// looksInside calls what looks with the names that streams outside have: inside
// there is nothing of these names.
func (t *trial) looksInside(w *trial, f *fence) {
	to := t.path("to")
	for name := range f.outside {
		w.wantAbsent("N1", name)
		w.wantNotExist("N1", w.fs.Rename(t.ctx, name, to), "Rename(%q), which is outside", name)
		if c, ok := fsbase.As[fsbase.Copier](w.fs); ok {
			_, err := c.Copy(t.ctx, name, to, fsbase.Condition{})
			w.wantNotExist("N1", err, "Copy(%q), which is outside", name)
		}
		w.wantAbsent("N1", to)
	}
}

// fence finds out which prefix names get, by looking at one.
func (t *trial) fence(s *spy, w *trial) (*fence, bool) {
	p := t.path("a")
	f := &fence{outside: map[string]fsbase.Info{}}
	paths := pathsOf(s.during(nil, func() { w.put(p, nil) }))
	i := slices.IndexFunc(paths, func(inside string) bool { return strings.HasSuffix(inside, p) && inside != p })
	if i < 0 {
		return nil, false
	}
	f.prefix = strings.TrimSuffix(paths[i], p)
	for _, name := range []string{p, t.path("dir/b"), t.path("leaf")} {
		if !slices.Equal(pathsOf(s.during(nil, func() { w.put(name, []byte(name)) })), []string{f.prefix + name}) {
			t.absent("the wrapper makes more of a name than a prefix and the name")
		}
	}
	f.folder = strings.TrimSuffix(f.prefix, "/")
	up, base := path.Split(f.folder)
	mine := t.prefix(outsider)
	for _, name := range []string{
		f.folder + "x/" + mine, f.folder + "." + mine, f.folder + mine, up + "beside/" + mine, mine,
	} {
		if fs.ValidPath(name) && !strings.HasPrefix(name, f.prefix) {
			f.outside[name] = fsbase.Info{}
			f.hostile = append(f.hostile, "/"+name, strings.Repeat("../", strings.Count(f.prefix, "/"))+name)
		}
	}
	f.hostile = append(f.hostile, "..", "../"+mine+"-new", "../../"+mine+"-new", "../"+base+"x/"+mine,
		"a/../../"+mine+"-new", "./../"+mine+"-new", "/"+mine+"-new", "//"+mine+"-new", "a/../..")
	return f, true
}

// namesOutside returns the names outside the prefix, as far as they can be
// found: all of them where the storage is the check's own, else those that the
// hostile paths would lead to.
func (t *trial) namesOutside(f *fence) []string {
	var names []string
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok && t.root == "" {
		for info, err := range l.List(t.ctx, "") {
			if err != nil {
				t.fatalf("List inside: %v", err)
			}
			names = append(names, info.Path)
		}
	} else {
		for _, h := range f.hostile {
			name := strings.TrimPrefix(path.Clean("/"+f.prefix+h), "/")
			ok, err := t.fs.Exists(t.ctx, name)
			if err != nil && !errors.Is(err, fs.ErrInvalid) {
				t.fatalf("Exists(%q) inside: %v", name, err)
			}
			if ok {
				names = append(names, name)
			}
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, f.prefix) })
}

// listsInside lists and removes with prefixes that a careless wrapper takes
// for more than its own.
func (t *trial) listsInside(w *trial, f *fence) {
	if l, ok := fsbase.As[fsbase.Lister](w.fs); ok {
		for _, prefix := range []string{"", t.prefix(""), "../", "..", "/", "x/", "."} {
			for info, err := range l.List(t.ctx, prefix) {
				if t.failed() {
					break // one is enough
				}
				if err == nil && strings.HasSuffix(info.Path, outsider) {
					t.errorf("C8", "List(%q) yields %q, which is outside of %q", prefix, info.Path, f.prefix)
				}
			}
		}
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](w.fs); ok {
		prefixes := []string{"../", "/", "x/" + t.prefix(outsider)}
		if t.root == "" { // else these are prefixes of others' streams
			prefixes = append(prefixes, "", ".", "..", "x/")
		}
		for _, prefix := range prefixes {
			for name, err := range r.RemoveAll(t.ctx, prefix) {
				if err == nil && strings.HasSuffix(name, outsider) {
					t.errorf("C10", "RemoveAll(%q) removes %q, which is outside of %q", prefix, name, f.prefix)
				}
			}
		}
	}
}
