package gcs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/godcp/godcp/fsbase"
)

// TestFaultsOfReads lets requests of reads fail in each way, over both APIs
// that the client has for them.
func TestFaultsOfReads(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 3000)
	for api, opts := range map[string][]option.ClientOption{"JSON": nil, "XML": {storage.WithXMLReads()}} {
		for name, c := range map[string]struct {
			fault fault
			times int
			want  []error
		}{
			"none":                 {},
			"unavailable once":     {fault: fault{status: 503}, times: 1},
			"cut":                  {fault: fault{status: -1, cut: 777}, times: 3},
			"cut at once":          {fault: fault{status: -1}, times: 1},
			"no answer once":       {fault: fault{hang: true}, times: 1},
			"throttled once":       {fault: fault{status: 429}, times: 1},
			"unavailable for ever": {fault: fault{status: 503}, times: always, want: []error{}},
			"never any answer":     {fault: fault{hang: true}, times: always, want: []error{}},
			"throttled for ever":   {fault: fault{status: 429}, times: always, want: []error{fsbase.ErrThrottled}},
			"forbidden":            {fault: fault{status: 403}, times: always, want: []error{fs.ErrPermission}},
			"replaced":             {fault: fault{status: 412}, times: always, want: []error{fsbase.ErrChanged}},
			"removed":              {fault: fault{status: 404}, times: always, want: []error{fs.ErrNotExist}},
		} {
			t.Run(name+"/"+api, func(t *testing.T) {
				t.Parallel()
				s := newStub(t)
				f := s.fs(t, opts...)
				f.pace.stall = impatient.stall
				if c.times > 3 {
					f.pace = impatient
				}
				s.put("a", &stubObject{content: content})
				r, err := f.OpenStream(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				s.fault = times(c.times, c.fault, "read")
				got := make([]byte, len(content)-100)
				n, err := r.ReadAt(got, 50)
				if c.want == nil {
					if err != nil || !bytes.Equal(got[:n], content[50:len(content)-50]) {
						t.Errorf("%d bytes, %v", n, err)
					}
					return
				}
				if err == nil {
					t.Error("no error")
				}
				wantClass(t, err, c.want...)
				if _, err := f.ReadRanges(t.Context(), "a", "", []fsbase.Range{{Dst: got}}); err == nil {
					t.Error("no error of ReadRanges")
				}
			})
		}
	}
}

// A server that ignores the generation, as emulators do, is found out by its
// answer.
func TestServerThatIgnoresGenerations(t *testing.T) {
	for api, opts := range map[string][]option.ClientOption{"JSON": nil, "XML": {storage.WithXMLReads()}} {
		s := newStub(t)
		s.pinless = true
		f := s.fs(t, opts...)
		old := s.put("a", &stubObject{content: []byte("old")})
		r, err := f.OpenStream(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		s.put("a", &stubObject{content: []byte("new")})
		_, err = r.ReadAt(make([]byte, 2), 0)
		wantClass(t, err, fsbase.ErrChanged)
		_, err = f.ReadRanges(t.Context(), "a", versionOf(old.generation), []fsbase.Range{{Dst: make([]byte, 2)}})
		wantClass(t, err, fsbase.ErrChanged)
		if t.Failed() {
			t.Fatal(api)
		}
	}
}

// What was not asked for is not removed because a server lists it.
func TestListOfWhatWasNotAskedFor(t *testing.T) {
	s := newStub(t)
	s.unfiltered = true
	f := s.fs(t)
	s.put("e/a", &stubObject{content: []byte("x")})
	failed := false
	for name, err := range f.RemoveAll(t.Context(), "d/") {
		if name != "" {
			t.Errorf("%q is removed", name)
		}
		failed = errors.Is(err, errUnasked)
	}
	if _, there := s.objects["e/a"]; !there || !failed {
		t.Errorf("there: %t, refused: %t", there, failed)
	}
}

func TestChecksumOfReads(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	s.put("a", &stubObject{content: []byte("content"), crc32c: hashOf([]byte("other"))})
	r, err := f.OpenStream(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.ReadAt(make([]byte, 7), 0)
	wantClass(t, err, ErrChecksum)
	if n, err := r.ReadAt(make([]byte, 10), 1); n != 6 || err != io.EOF { // of a part nobody knows the sum
		t.Errorf("%d, %v", n, err)
	}
}

// What the service decompresses on the way has neither the size nor the ranges
// of the object.
func TestTranscodedObject(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	s.put("a", &stubObject{content: []byte("content"), encoding: "gzip"})
	r, err := f.OpenStream(t.Context(), "a")
	if err == nil {
		_, err = r.ReadAt(make([]byte, 3), 0)
	}
	if err == nil {
		t.Error("no error")
	}
	wantClass(t, err)
}

func TestOtherErrorsHaveAClass(t *testing.T) {
	for status, want := range map[int]error{401: fs.ErrPermission, 403: fs.ErrPermission, 429: fsbase.ErrThrottled, 400: nil, 500: nil} {
		s := newStub(t)
		f := s.fs(t)
		f.pace = impatient
		s.put("a", &stubObject{content: []byte("content")})
		s.fault = times(always, fault{status: status}, "stat", "list", "copy")
		_, serr := f.Stat(t.Context(), "a")
		_, eerr := f.Exists(t.Context(), "a")
		_, cerr := f.Copy(t.Context(), "a", "b", fsbase.Condition{})
		var lerr error
		for _, lerr = range f.List(t.Context(), "") {
		}
		for what, err := range map[string]error{
			"Stat": serr, "Exists": eerr, "List": lerr, "RmFile": f.RmFile(t.Context(), "a"),
			"Rename": f.Rename(t.Context(), "a", "b"), "Copy": cerr,
		} {
			var answer *googleapi.Error
			if !errors.As(err, &answer) || answer.Code != status {
				t.Errorf("%s: the answer %d is not reachable: %v", what, status, err)
			}
			switch {
			case want != nil:
				wantClass(t, err, want)
			case what == "Copy" && status == 500:
				wantClass(t, err, fsbase.ErrCommitUnknown)
			default:
				wantClass(t, err)
			}
		}
	}
}
