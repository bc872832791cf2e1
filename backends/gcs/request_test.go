package gcs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/fsbase"
)

// short is a request as kind, name and condition.
func (r stubRequest) short() string {
	s := r.kind
	if r.name != "" {
		s += " " + r.name
	}
	if to := r.query.Get("to"); to != "" {
		s += " to " + to
	}
	if m := r.query.Get("ifSourceGenerationMatch"); m != "" {
		s += " from " + m
	}
	if r.match != "" {
		s += " if " + r.match
	}
	if r.rng != "" {
		s += " " + r.rng
	}
	return s
}

// TestRequests holds what each call asks of the service, as docs/backends.md
// tells it.
func TestRequests(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 256<<10+1)
	for name, c := range map[string]struct {
		call func(f *FS) error
		want []string
	}{
		"write": {func(f *FS) error {
			w, err := f.CreateStream(t.Context(), "b")
			_, err = write(w, err, []byte("new"))
			return err
		}, []string{"insert b"}},
		"write exclusively": {func(f *FS) error {
			w, err := f.CreateExclusive(t.Context(), "b")
			_, err = write(w, err, []byte("new"))
			return err
		}, []string{"insert b if 0"}},
		"swap": {func(f *FS) error {
			w, err := f.CreateSwap(t.Context(), "a", "1001")
			_, err = write(w, err, []byte("new"))
			return err
		}, []string{"insert a if 1001"}},
		"swap of what is no version": {func(f *FS) error {
			w, err := f.CreateSwap(t.Context(), "a", "etag")
			_, err = write(w, err, []byte("new"))
			if !errors.Is(err, fsbase.ErrPrecondition) {
				return err
			}
			return nil
		}, nil},
		"write parts": {func(f *FS) error {
			w, err := f.CreateExclusive(t.Context(), "b")
			_, err = write(w, err, big)
			return err
		}, []string{"session b if 0", "part bytes 0-262143/*", "last bytes 262144-262144/262145"}},
		"upload parts": {func(f *FS) error {
			_, err := f.Upload(t.Context(), "b", bytes.NewReader(big), int64(len(big)), fsbase.IfAbsent())
			return err
		}, []string{"session b if 0", "part bytes 0-262143/*", "last bytes 262144-262144/262145"}},
		"abandon parts": {func(f *FS) error {
			w, err := f.CreateStream(t.Context(), "b")
			if err != nil {
				return err
			}
			_, err = w.Write(append(big, big...))
			return errors.Join(err, w.Close())
		}, []string{"session b", "part bytes 0-262143/*", "part bytes 262144-524287/*"}},
		"read": {func(f *FS) error {
			r, err := f.OpenStream(t.Context(), "a")
			if err != nil {
				return err
			}
			_, err = r.ReadAt(make([]byte, 2), 1)
			_, past := r.ReadAt(make([]byte, 2), 3) // needs none
			if past == nil {
				return errors.New("no io.EOF")
			}
			return errors.Join(err, r.Close())
		}, []string{"stat a", "read a if 1001 bytes=1-2"}},
		"ranges": {func(f *FS) error {
			_, err := f.ReadRanges(t.Context(), "a", "", []fsbase.Range{
				{Dst: nil}, {Offset: 2, Dst: make([]byte, 1)}, {Offset: 0, Dst: make([]byte, 1)},
			})
			return err
		}, []string{"read a bytes=0-2"}},
		"ranges far apart": {func(f *FS) error {
			_, err := f.ReadRanges(t.Context(), "large", "", []fsbase.Range{
				{Offset: 1 << 20, Dst: make([]byte, 10)}, {Offset: 5, Dst: make([]byte, 10)}, {Offset: 100, Dst: make([]byte, 10)},
			})
			return err
		}, []string{"read large bytes=5-109", "read large if 1002 bytes=1048576-1048585"}},
		"pinned ranges": {func(f *FS) error {
			_, err := f.ReadRanges(t.Context(), "a", "1001", []fsbase.Range{{Offset: 1, Dst: make([]byte, 1)}})
			return err
		}, []string{"read a if 1001 bytes=1-1"}},
		"no ranges": {func(f *FS) error {
			_, err := f.ReadRanges(t.Context(), "a", "1001", nil)
			return err
		}, []string{"stat a"}},
		"stat":   {func(f *FS) error { _, err := f.Stat(t.Context(), "a"); return err }, []string{"stat a"}},
		"exists": {func(f *FS) error { _, err := f.Exists(t.Context(), "b"); return err }, []string{"stat b"}},
		"remove": {func(f *FS) error { return f.RmFile(t.Context(), "a") }, []string{"stat a", "delete a if 1001"}},
		"rename": {func(f *FS) error { return f.Rename(t.Context(), "a", "b") }, []string{"stat a", "move a to b from 1001"}},
		"copy": {func(f *FS) error {
			_, err := f.Copy(t.Context(), "a", "b", fsbase.IfAbsent())
			return err
		}, []string{"copy a to b if 0"}},
		"copy large": {func(f *FS) error {
			_, err := f.Copy(t.Context(), "large", "b", fsbase.Condition{})
			return err
		}, []string{"copy large to b", "copy large to b"}},
		"list": {func(f *FS) error {
			for _, err := range f.List(t.Context(), "l") {
				if err != nil {
					return err
				}
			}
			return nil
		}, []string{"list"}},
		"mkdir": {func(f *FS) error { return f.Mkdir(t.Context(), "folder") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub(t)
			f := s.fs(t)
			s.put("a", &stubObject{content: []byte("old")})
			s.put("large", &stubObject{content: make([]byte, 2<<20)})
			if err := c.call(f); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range s.did() {
				got = append(got, r.short())
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// Every upload carries the sum of its content: at once, or with the last part.
func TestChecksumsOfWrites(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	big := bytes.Repeat([]byte("x"), 300<<10)
	if _, err := f.Upload(t.Context(), "a", bytes.NewReader(big), int64(len(big)), fsbase.Condition{}); err != nil {
		t.Fatal(err)
	}
	var sums []string
	for _, r := range s.did() {
		if r.kind == "last" {
			sums = append(sums, r.hash)
		}
	}
	if d := cmp.Diff([]string{"crc32c=" + hashOf(big)}, sums); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	// A service that stored other bytes than it was given is not believed.
	attrs, err := f.attrs(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.publication("a", fsbase.Condition{}).outcome(t.Context(), attrs, attrs.CRC32C+1, nil)
	wantClass(t, err, ErrChecksum)
}

// Objects that are no streams are not listed, and lists go on after a page.
func TestListSkipsWhatIsNoPath(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	for _, name := range []string{"dir/", "dir//x", "/x", "../x", "dir/a", "b"} {
		s.put(name, &stubObject{})
	}
	var names []string
	for info, err := range f.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Path)
	}
	if d := cmp.Diff([]string{"b", "dir/a"}, names); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for i := range 2100 {
		s.put(fmt.Sprintf("many/%04d", i), &stubObject{})
	}
	s.did()
	s.fault = times(2, fault{status: 503}, "list")
	n := 0
	for _, err := range f.List(t.Context(), "many/") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if asked := len(s.did()); n != 2100 || asked != 5 {
		t.Errorf("%d names in %d requests", n, asked)
	}
}

func TestNames(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	for _, name := range []string{"a\nb", "a\rb", ".well-known/acme-challenge/x", strings.Repeat("n", 1025)} {
		_, err := f.CreateStream(t.Context(), name)
		wantClass(t, err, fs.ErrInvalid)
		_, err = f.Upload(t.Context(), name, bytes.NewReader(nil), 0, fsbase.Condition{})
		wantClass(t, err, fs.ErrInvalid)
		wantClass(t, f.Rename(t.Context(), "a", name), fs.ErrInvalid)
		_, err = f.Copy(t.Context(), "a", name, fsbase.Condition{})
		wantClass(t, err, fs.ErrInvalid)
	}
	if did := s.did(); len(did) > 0 {
		t.Errorf("asked the service: %v", did)
	}
}

// A name that is replaced between the look and the removal is looked at again.
func TestRemoveOfWhatIsReplaced(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	s.put("a", &stubObject{content: []byte("old")})
	n := 0
	s.fault = func(r stubRequest) fault {
		if r.kind == "delete" && n < 3 {
			n++
			s.put("a", &stubObject{content: []byte("new")})
		}
		return fault{}
	}
	if err := f.RmFile(t.Context(), "a"); err != nil || len(s.objects) != 0 {
		t.Errorf("%v, %d objects", err, len(s.objects))
	}
}

// A move whose answer got lost has happened.
func TestLostAnswerOfMove(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	s.put("a", &stubObject{content: []byte("old")})
	s.fault = times(1, fault{status: 503, after: true}, "move")
	if err := f.Rename(t.Context(), "a", "b"); err != nil || s.objects["b"] == nil {
		t.Errorf("%v", err)
	}
}
