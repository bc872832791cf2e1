package gocloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/godcp/godcp/fsbase"
)

// times applies a fault to the first n requests of one of the kinds.
func times(n int, f fault, kinds ...string) func(stubRequest) fault {
	return func(r stubRequest) fault {
		for _, k := range kinds {
			if r.kind == k && n > 0 {
				n--
				return f
			}
		}
		return fault{}
	}
}

const always = 1 << 30

// wantClass demands that err is each of want and none of the other classes.
func wantClass(t *testing.T, what string, err error, want ...error) {
	t.Helper()
	all := []error{
		fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed, errors.ErrUnsupported, context.Canceled,
		context.DeadlineExceeded, fsbase.ErrPrecondition, fsbase.ErrChanged, fsbase.ErrThrottled, fsbase.ErrCommitUnknown,
	}
	for _, class := range all {
		expected := false
		for _, w := range want {
			expected = expected || w == class
		}
		if errors.Is(err, class) != expected {
			t.Errorf("%s: errors.Is(%v, %v) is %v", what, err, class, !expected)
		}
	}
	if err != nil && strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%s: a signature is in the error: %v", what, err)
	}
}

func write(w fsbase.WriteStream, err error, content []byte) (fsbase.Info, error) {
	if err != nil {
		return fsbase.Info{}, err
	}
	defer w.Close()
	if _, err := w.Write(content); err != nil {
		return fsbase.Info{}, err
	}
	return w.Commit()
}

// TestFaultsOfWrites lets the publishing request fail in each way, for each way
// to write and each condition.
func TestFaultsOfWrites(t *testing.T) {
	lost := fault{status: 500, code: "InternalError", after: true}
	for name, c := range map[string]struct {
		fault   fault
		times   int
		want    []error // nil: it succeeds
		publish bool
	}{
		"none":               {publish: true},
		"unavailable once":   {fault: fault{status: 500, code: "InternalError"}, times: 1, publish: true},
		"answer lost":        {fault: lost, times: 1, publish: true},
		"all answers lost":   {fault: lost, times: always, publish: true},
		"busy for ever":      {fault: fault{status: 503, code: "ServerBusy"}, times: always, want: []error{fsbase.ErrThrottled}},
		"broken for ever":    {fault: fault{status: 500, code: "InternalError"}, times: always, want: []error{fsbase.ErrCommitUnknown}},
		"forbidden":          {fault: fault{status: 403, code: "AuthorizationFailure"}, times: always, want: []error{fs.ErrPermission}},
		"container is not":   {fault: fault{status: 404, code: "ContainerNotFound"}, times: always, want: []error{fs.ErrNotExist}},
		"never any answer":   {fault: fault{hang: true}, times: always, want: []error{fsbase.ErrCommitUnknown}},
		"dropped once":       {fault: fault{drop: true}, times: 1, publish: true},
		"dropped for ever":   {fault: fault{drop: true}, times: always, want: []error{fsbase.ErrCommitUnknown}},
		"connection cut off": {fault: fault{status: -1}, times: 1, publish: true},
	} {
		t.Run(name, func(t *testing.T) {
			var cases sync.WaitGroup // most of their time is waiting
			for _, way := range []string{"stream", "upload", "blocks", "upload blocks"} {
				for _, cond := range []string{"", "absent", "version"} {
					cases.Go(func() {
						w := faultyWrite{way: way, cond: cond, fault: c.fault, times: c.times, want: c.want, publish: c.publish}
						if problem := w.run(t); problem != "" {
							t.Errorf("%s under condition %q: %s", way, cond, problem)
						}
					})
				}
			}
			cases.Wait()
		})
	}
}

// faultyWrite is one way to write under one fault.
type faultyWrite struct {
	way, cond string
	fault     fault
	times     int
	want      []error
	publish   bool
}

// run tells what is not as it should be.
func (c faultyWrite) run(t *testing.T) string {
	s := newStub(t)
	f := s.fs(t)
	old, next := []byte("old"), []byte("new")
	if strings.HasSuffix(c.way, "blocks") {
		next = bytes.Repeat(next, 70_000)
	}
	condition := fsbase.Condition{}
	if c.cond == "absent" {
		old, condition = nil, fsbase.IfAbsent()
	} else if info, err := fsbase.WriteFile(t.Context(), f, "a", old); err != nil {
		return err.Error()
	} else if c.cond == "version" {
		condition = fsbase.IfVersion(info.Version)
	}
	s.setFault(times(c.times, c.fault, "put", "commit"))
	var info fsbase.Info
	var err error
	if strings.HasPrefix(c.way, "upload") {
		info, err = fsbase.Upload(t.Context(), f, "a", bytes.NewReader(next), int64(len(next)), condition)
	} else {
		w, cerr := fsbase.CreateIf(t.Context(), f, "a", condition)
		info, err = write(w, cerr, next)
	}
	wantClass(t, c.way, err, c.want...)
	content := old
	if c.publish {
		content = next
	}
	there := s.blob("a")
	if there == nil && content != nil || there != nil && !bytes.Equal(there.content, content) {
		return fmt.Sprintf("error %v, and the content is not what it should be", err)
	}
	if err == nil && (*quoted(info.Version) != azcore.ETag(there.etag) || info.Size != int64(len(next))) {
		return fmt.Sprintf("Info %+v of ETag %s", info, there.etag)
	}
	var answer *azcore.ResponseError
	if c.want != nil && !c.fault.hang && !c.fault.drop && !errors.As(err, &answer) {
		return fmt.Sprintf("the client's error is not reachable: %v", err)
	}
	return ""
}

// A wildcard is no version, whatever the store takes it for, and neither is what
// cannot be sent.
func TestVersionThatIsNone(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	s.put(nil, "a", []byte("old"), "")
	for name, content := range map[string][]byte{"one block": []byte("new"), "several": bytes.Repeat([]byte("new"), 40_000)} {
		for _, v := range []fsbase.Version{"*", "a\nb", "a\x00", `"a"`} {
			_, err := fsbase.Upload(t.Context(), f, "a", bytes.NewReader(content), int64(len(content)), fsbase.IfVersion(v))
			wantClass(t, fmt.Sprintf("%s, upload over %q", name, v), err, fsbase.ErrPrecondition)
			w, err := fsbase.CreateIf(t.Context(), f, "a", fsbase.IfVersion(v))
			_, err = write(w, err, content)
			wantClass(t, fmt.Sprintf("%s, stream over %q", name, v), err, fsbase.ErrPrecondition)
			if got := string(s.blob("a").content); got != "old" {
				t.Errorf("%s over %q: the blob is %.10q", name, v, got)
			}
		}
	}
}

// Another writer's commit of the name drops our blocks. Content that can be
// read again goes up again, unless the condition is lost; a stream fails.
func TestDroppedBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		cond   fsbase.Condition
		upload []error
		stream []error
	}{
		"no condition": {fsbase.Condition{}, nil, []error{}},
		"absent":       {fsbase.IfAbsent(), []error{fs.ErrExist, fsbase.ErrPrecondition}, []error{fs.ErrExist, fsbase.ErrPrecondition}},
		"version":      {fsbase.IfVersion("0x1"), []error{fsbase.ErrPrecondition}, []error{fsbase.ErrPrecondition}},
	} {
		for _, way := range []string{"upload", "stream"} {
			s := newStub(t)
			f := s.fs(t)
			if !c.cond.Absent() {
				s.put(nil, "a", []byte("old"), "")
			}
			n := 0
			s.setFault(func(r stubRequest) fault {
				if r.kind == "commit" {
					if n++; n == 1 {
						s.put(nil, "a", []byte("theirs"), "another mark")
					}
				}
				return fault{}
			})
			content := bytes.Repeat([]byte("ours"), 40_000)
			var err error
			want := c.upload
			if way == "upload" {
				_, err = fsbase.Upload(t.Context(), f, "a", bytes.NewReader(content), int64(len(content)), c.cond)
			} else {
				want = c.stream
				w, cerr := fsbase.CreateIf(t.Context(), f, "a", c.cond)
				_, err = write(w, cerr, content)
			}
			wantClass(t, name+", "+way, err, want...)
			if (err == nil) != (want == nil) {
				t.Errorf("%s, %s: %v", name, way, err)
			}
			if ours := bytes.Equal(s.blob("a").content, content); ours != (err == nil) {
				t.Errorf("%s, %s: %v, published: %v", name, way, err, ours)
			}
		}
	}
}

// A source that fails, or is too short, publishes nothing, and is not asked
// again and again.
func TestFailingSource(t *testing.T) {
	errSource := errors.New("source")
	for _, size := range []int64{100, 300 << 10} {
		for _, at := range []int64{0, size / 2, size - 1} {
			s := newStub(t)
			f := s.fs(t)
			_, err := fsbase.Upload(t.Context(), f, "a", readerAt(func(p []byte, off int64) (int, error) {
				if n := at - off; n < int64(len(p)) {
					return int(max(n, 0)), errSource
				}
				return len(p), nil
			}), size, fsbase.Condition{})
			if !errors.Is(err, errSource) || s.blob("a") != nil {
				t.Errorf("%d of %d bytes: %v", at, size, err)
			}
			_, err = fsbase.Upload(t.Context(), f, "a", bytes.NewReader(make([]byte, at)), size, fsbase.Condition{})
			if !errors.Is(err, io.ErrUnexpectedEOF) || s.blob("a") != nil {
				t.Errorf("a source of %d of %d bytes: %v", at, size, err)
			}
		}
	}
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

func TestFaultsOfReads(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 3000)
	for name, c := range map[string]struct {
		fault fault
		times int
		want  []error
	}{
		"unavailable once": {fault: fault{status: 500}, times: 1},
		"breaks off":       {fault: fault{status: -1, cut: 777}, times: 20},
		"breaks at once":   {fault: fault{status: -1}, times: 2},
		"always breaks":    {fault: fault{status: -1}, times: always, want: []error{}},
		"hangs once":       {fault: fault{hang: true}, times: 1},
		"broken for ever":  {fault: fault{status: 500}, times: always, want: []error{}},
		"busy for ever":    {fault: fault{status: 503, code: "ServerBusy"}, times: always, want: []error{fsbase.ErrThrottled}},
		"replaced":         {fault: fault{status: 412, code: "ConditionNotMet"}, times: always, want: []error{fsbase.ErrChanged}},
		"removed":          {fault: fault{status: 404, code: "BlobNotFound"}, times: always, want: []error{fs.ErrNotExist}},
		"forbidden":        {fault: fault{status: 403, code: "AuthorizationFailure"}, times: always, want: []error{fs.ErrPermission}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			f := s.fs(t)
			s.put(nil, "a", content, "")
			r, err := f.OpenStream(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			s.setFault(times(c.times, c.fault, "read"))
			got := make([]byte, len(content)-100)
			n, err := r.ReadAt(got, 50)
			wantClass(t, name, err, c.want...)
			if (err == nil) != (c.want == nil) || err == nil && !bytes.Equal(got[:n], content[50:len(content)-50]) {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// A server that ignores the condition of a read is found out by its answer.
func TestServerThatIgnoresConditions(t *testing.T) {
	s := newStub(t)
	s.pinless = true
	f := s.fs(t)
	s.put(nil, "a", []byte("old"), "")
	r, err := f.OpenStream(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	s.put(nil, "a", []byte("new"), "")
	_, err = r.ReadAt(make([]byte, 2), 0)
	wantClass(t, "replaced", err, fsbase.ErrChanged)
}
