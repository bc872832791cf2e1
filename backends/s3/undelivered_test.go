package s3

import (
	"io/fs"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// What a store never got whole it has not stored, so a line that broke before
// the end of the body leaves nothing open: the request is made again, under its
// condition, unless that does not hold any more.
func TestUndelivered(t *testing.T) {
	data := content(partSize - 1)
	const putOp, headOp, name = "PutObject", "HeadObject", "run/step/.metadata"
	for _, tt := range []struct {
		name  string
		there string // another's content, "" for none
		cuts  int    // 0 for all
		cond  func(there fsbase.Version) fsbase.Condition
		want  []error // nil: committed
		ops   []string
	}{
		{"absent", "", 2, absentIs, nil, []string{putOp, headOp, putOp, headOp, putOp}},
		{"version", "old", 1, fsbase.IfVersion, nil, []string{putOp, headOp, putOp}},
		{"any", "", 2, anyIs, nil, []string{putOp, putOp, putOp}},
		{"lost to another", "another's", 0, absentIs, []error{fsbase.ErrPrecondition, fs.ErrExist}, []string{putOp, headOp}},
		{"swap lost", "another's", 0, otherIs, []error{fsbase.ErrPrecondition}, []string{putOp, headOp}},
		{"swap of nothing", "", 0, otherIs, []error{fsbase.ErrPrecondition}, []string{putOp, headOp}},
	} {
		for how, write := range writes {
			bubble(t, tt.name+"/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
				var version fsbase.Version
				if tt.there != "" {
					s.Put(name, tt.there)
					info, err := f.Stat(t.Context(), ".metadata")
					if err != nil {
						t.Fatal(err)
					}
					version = info.Version
					s.Requests()
				}
				s.Break(cutBefore(putOp, tt.cuts))
				_, err := write(t.Context(), f, ".metadata", data, tt.cond(version))
				if tt.want != nil {
					wantNotCommitted(t, err, tt.want...)
					if got, _ := s.Object(name); string(got) != tt.there {
						t.Errorf("%d bytes are there", len(got))
					}
				} else if err != nil {
					t.Error(err)
				} else {
					want(t, s, name, data)
				}
				if d := cmp.Diff(tt.ops, s.Ops()); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

func absentIs(fsbase.Version) fsbase.Condition { return fsbase.IfAbsent() }
func anyIs(fsbase.Version) fsbase.Condition    { return fsbase.Condition{} }
func otherIs(fsbase.Version) fsbase.Condition  { return fsbase.IfVersion("another") }

// A condition that cannot be asked about leaves the truth: nothing was stored.
func TestUndeliveredForEver(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(cutBefore("PutObject", 0))
		s.Break(answering("HeadObject", 0, 403, ""))
		_, err := writes["upload"](t.Context(), f, ".metadata", content(partSize-1), fsbase.IfAbsent())
		wantNotCommitted(t, err)
		if _, there := s.Object("run/step/.metadata"); there {
			t.Error("it is there")
		}
	})
}

// Where nothing arrives and nothing can be asked, a commit ends after one row of
// attempts, and it is known that it is not done.
func TestUndeliveredLineDown(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(cutBefore("", 0))
		_, err := writes["upload"](t.Context(), f, ".metadata", content(partSize-1), fsbase.IfAbsent())
		wantNotCommitted(t, err)
		if n := len(s.Requests()); n != 1+attempts {
			t.Errorf("%d requests, want %d", n, 1+attempts)
		}
	})
}

// A store that refuses at once and hangs up is asked before the body is sent.
// Its answer arrives, or the line is down before it and it is asked again.
func TestAsksBeforeTheBody(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		var expect string
		s.Break(fakes3.Fault{Op: "PutObject", Do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
			expect = r.Header.Get("Expect")
			w.Header().Set("Connection", "close")
			fakes3.Fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		}})
		_, err := writes["upload"](t.Context(), f, ".metadata", content(1<<20), fsbase.IfAbsent())
		wantNotCommitted(t, err, fsbase.ErrPrecondition, fs.ErrExist)
		if expect != "100-continue" {
			t.Errorf("Expect: %q", expect)
		}
	})
}

// A store with real folders loses one between two steps of its own, and says
// that a folder is in the way. A moment later none is.
func TestFolderInTheWay(t *testing.T) {
	const op, code = "PutObject", "ExistingObjectIsDirectory"
	for name, cond := range map[string]fsbase.Condition{"any": {}, "absent": fsbase.IfAbsent()} {
		bubble(t, name, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(answering(op, folderAttempts-1, http.StatusConflict, code))
			_, err := writes["upload"](t.Context(), f, "a", []byte("content"), cond)
			committed(t, s, err)
		})
	}
	bubble(t, "a real one", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(answering(op, 0, http.StatusConflict, code))
		_, err := fsbase.WriteFile(t.Context(), f, "a", []byte("content"))
		wantNotCommitted(t, err, fs.ErrInvalid)
		if n := len(s.Requests()); n != folderAttempts {
			t.Errorf("%d requests, want %d", n, folderAttempts)
		}
	})
}
