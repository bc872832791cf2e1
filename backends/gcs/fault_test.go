package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/googleapi"

	"github.com/godcp/godcp/fsbase"
)

// impatient is the pace of tests in which something never works.
var impatient = pace{stall: 200 * time.Millisecond, patience: 300 * time.Millisecond}

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
func wantClass(t *testing.T, err error, want ...error) {
	t.Helper()
	all := []error{
		fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed, errors.ErrUnsupported, context.Canceled,
		context.DeadlineExceeded, fsbase.ErrPrecondition, fsbase.ErrChanged, fsbase.ErrThrottled, fsbase.ErrCommitUnknown,
		ErrChecksum, io.ErrUnexpectedEOF,
	}
	var pe *fs.PathError
	if len(want) > 0 && !errors.As(err, &pe) {
		t.Errorf("no *fs.PathError: %v", err)
	}
	for _, class := range all {
		expected := false
		for _, w := range want {
			expected = expected || w == class
		}
		if errors.Is(err, class) != expected {
			t.Errorf("errors.Is(%v, %v) is %v", err, class, !expected)
		}
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

// TestFaultsOfWrites lets requests of writes fail in each way, for each way to
// write and each condition.
func TestFaultsOfWrites(t *testing.T) {
	lostAnswer := fault{status: 503, after: true}
	for name, c := range map[string]struct {
		fault   fault
		times   int
		want    []error // nil: it succeeds
		publish bool    // whatever the error says
	}{
		"none":                     {publish: true},
		"unavailable once":         {fault: fault{status: 503}, times: 1, publish: true},
		"answer lost":              {fault: lostAnswer, times: 1, publish: true},
		"connection lost":          {fault: fault{status: -1}, times: 1, publish: true},
		"throttled once":           {fault: fault{status: 429}, times: 1, publish: true},
		"no answer once":           {fault: fault{hang: true}, times: 1, publish: true},
		"unavailable for ever":     {fault: fault{status: 503}, times: always, want: []error{fsbase.ErrCommitUnknown}},
		"all answers lost":         {fault: lostAnswer, times: always, publish: true},
		"throttled for ever":       {fault: fault{status: 429}, times: always, want: []error{fsbase.ErrThrottled}},
		"forbidden":                {fault: fault{status: 403}, times: always, want: []error{fs.ErrPermission}},
		"bucket not there":         {fault: fault{status: 404}, times: always, want: []error{fs.ErrNotExist}},
		"never any answer":         {fault: fault{hang: true}, times: always, want: []error{fsbase.ErrCommitUnknown}},
		"a lie about precondition": {fault: fault{status: 412}, times: always, want: []error{fsbase.ErrPrecondition}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cases sync.WaitGroup // most of their time is waiting
			for _, way := range []string{"stream", "upload", "parts", "upload parts"} {
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
	if c.times > 1 {
		f.pace = impatient
	} else if c.fault.hang {
		f.pace = pace{stall: 500 * time.Millisecond, patience: time.Second}
	}
	old, next := []byte("old"), bytes.Repeat([]byte("new "), 10)
	if strings.HasSuffix(c.way, "parts") {
		next = bytes.Repeat([]byte("new "), f.chunk/4+1)
	}
	condition := fsbase.IfAbsent()
	if c.cond == "absent" {
		old = nil
	} else {
		condition = fsbase.Condition{}
		info, err := f.Upload(t.Context(), "a", bytes.NewReader(old), int64(len(old)), condition)
		if err != nil {
			return err.Error()
		}
		if c.cond == "version" {
			condition = fsbase.IfVersion(info.Version)
		}
	}
	s.setFault(times(c.times, c.fault, "insert", "last"))
	var info fsbase.Info
	var err error
	if strings.HasPrefix(c.way, "upload") {
		info, err = f.Upload(t.Context(), "a", bytes.NewReader(next), int64(len(next)), condition)
	} else {
		w, cerr := fsbase.CreateIf(t.Context(), f, "a", condition)
		info, err = write(w, cerr, next)
	}
	want := c.want
	if errors.Is(err, fsbase.ErrPrecondition) && c.cond == "absent" {
		want = append([]error{fs.ErrExist}, want...)
	}
	wantClass(t, err, want...)
	content := old
	if c.publish {
		content = next
	}
	there := s.object("a")
	if there == nil && content != nil || there != nil && !bytes.Equal(there.content, content) {
		return fmt.Sprintf("error %v, and the content is not what it should be", err)
	}
	if err == nil && (info.Version != versionOf(there.generation) || info.Size != int64(len(next))) {
		return fmt.Sprintf("Info %+v of generation %d", info, there.generation)
	}
	return ""
}

// An answer got lost, and before we ask again somebody else replaces what we
// wrote, or removes it.
func TestOvertakenWhileUnsure(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stub)
		cond   fsbase.Condition
		want   []error
	}{
		"replaced":       {func(s *stub) { s.put("a", &stubObject{content: []byte("theirs")}) }, fsbase.IfAbsent(), []error{fs.ErrExist, fsbase.ErrPrecondition}},
		"replaced, swap": {func(s *stub) { s.put("a", &stubObject{content: []byte("theirs")}) }, fsbase.IfVersion("1001"), []error{fsbase.ErrPrecondition}},
		"removed, swap":  {func(s *stub) { delete(s.objects, "a") }, fsbase.IfVersion("1001"), []error{fsbase.ErrPrecondition}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub(t)
			f := s.fs(t)
			if !c.cond.Absent() {
				s.put("a", &stubObject{content: []byte("old")})
			}
			asked := 0
			s.fault = func(r stubRequest) fault {
				if r.kind != "insert" {
					return fault{}
				}
				if asked++; asked == 1 {
					return fault{status: 503, after: true}
				}
				c.change(s)
				return fault{}
			}
			_, err := f.Upload(t.Context(), "a", strings.NewReader("ours"), 4, c.cond)
			wantClass(t, err, c.want...)
		})
	}
}

// When the look at what is there fails too, the outcome is unknown.
func TestUnknownWhenLookingFails(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	f.pace = impatient
	insert := times(1, fault{status: 503, after: true}, "insert")
	s.fault = func(r stubRequest) fault {
		if r.kind == "stat" {
			return fault{status: 403}
		}
		return insert(r)
	}
	_, err := f.Upload(t.Context(), "a", strings.NewReader("ours"), 4, fsbase.IfAbsent())
	wantClass(t, err, fsbase.ErrCommitUnknown)
	var answer *googleapi.Error
	if !errors.As(err, &answer) || answer.Code != http.StatusForbidden {
		t.Errorf("the client's error is not reachable: %v", err)
	}
}

// A context that ends while the last request is under way leaves the outcome
// open; one that ends before does not.
func TestCancelledCommit(t *testing.T) {
	for _, kind := range []string{"insert", "last"} {
		s := newStub(t)
		f := s.fs(t)
		ctx, cancel := context.WithCancel(t.Context())
		var once sync.Once
		s.fault = func(r stubRequest) fault {
			if r.kind == kind {
				once.Do(cancel)
				return fault{hang: true}
			}
			return fault{}
		}
		content := []byte("ours")
		if kind == "last" {
			content = make([]byte, f.chunk+1)
		}
		w, err := f.CreateExclusive(ctx, "a")
		_, err = write(w, err, content)
		wantClass(t, err, fsbase.ErrCommitUnknown, context.Canceled)
	}
}

// What fails before the last part has published nothing, and says so.
func TestFaultsBeforeTheLastPart(t *testing.T) {
	for name, c := range map[string]struct {
		kind  string
		fault fault
		times int
		want  []error
	}{
		"session unavailable once":     {"session", fault{status: 503}, 1, nil},
		"session unavailable for ever": {"session", fault{status: 503}, always, []error{}},
		"session forbidden":            {"session", fault{status: 403}, always, []error{fs.ErrPermission}},
		"session lost the race":        {"session", fault{status: 412}, always, []error{fsbase.ErrPrecondition, fs.ErrExist}},
		"session hangs for ever":       {"session", fault{hang: true}, always, []error{}},
		"part unavailable once":        {"part", fault{status: 503}, 1, nil},
		"part hangs once":              {"part", fault{hang: true}, 1, nil},
		"part unavailable for ever":    {"part", fault{status: 503}, always, []error{}},
		"part dropped once":            {"part", fault{drop: true}, 1, nil},
		"part dropped for ever":        {"part", fault{drop: true}, always, []error{}},
		"part throttled for ever":      {"part", fault{status: 429}, always, []error{fsbase.ErrThrottled}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			f := s.fs(t)
			f.pace = pace{stall: impatient.stall, patience: time.Second}
			if c.times > 1 {
				f.pace = impatient
			}
			s.fault = times(c.times, c.fault, c.kind)
			content := bytes.Repeat([]byte("part"), f.chunk)
			w, err := f.CreateExclusive(t.Context(), "a")
			_, err = write(w, err, content)
			if c.want == nil {
				if err != nil || !bytes.Equal(s.objects["a"].content, content) {
					t.Errorf("%v", err)
				}
				return
			}
			if err == nil || s.objects["a"] != nil {
				t.Fatalf("%v, published: %v", err, s.objects["a"] != nil)
			}
			wantClass(t, err, c.want...)
			if text := fmt.Sprint(err); strings.Contains(text, "SECRET-") {
				t.Errorf("the address of the session is in the error: %s", text)
			}
		})
	}
}

// The service may lose a session; content that can be read again goes up again.
func TestLostSession(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	content := bytes.Repeat([]byte("part"), f.chunk)
	s.fault = times(1, fault{status: http.StatusGone}, "last")
	if _, err := f.Upload(t.Context(), "a", bytes.NewReader(content), int64(len(content)), fsbase.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.objects["a"].content, content) || len(s.sessions) != 2 {
		t.Errorf("%d sessions", len(s.sessions))
	}
}

// A source that fails publishes nothing, wherever it does.
func TestFailingSource(t *testing.T) {
	errSource := errors.New("source")
	for _, size := range []int64{100, 200 << 10, 3 << 20} {
		for _, at := range []int64{0, size / 2, size - 1} {
			s := newStub(t)
			f := s.fs(t)
			src := io.NewSectionReader(readerAt(func(p []byte, off int64) (int, error) {
				if off+int64(len(p)) > at {
					return 0, errSource
				}
				return len(p), nil
			}), 0, size)
			_, err := f.Upload(t.Context(), "a", src, size, fsbase.Condition{})
			if !errors.Is(err, errSource) || s.objects["a"] != nil {
				t.Errorf("%d of %d bytes: %v, published: %v", at, size, err, s.objects["a"] != nil)
			}
			wantClass(t, err)
		}
	}
}

// A source that changes between its two readings is refused by its checksum.
func TestChangingSource(t *testing.T) {
	s := newStub(t)
	f := s.fs(t)
	n := byte(0)
	src := readerAt(func(p []byte, _ int64) (int, error) {
		n++
		for i := range p {
			p[i] = n
		}
		return len(p), nil
	})
	_, err := f.Upload(t.Context(), "a", src, 100, fsbase.Condition{})
	var answer *googleapi.Error
	if !errors.As(err, &answer) || answer.Code != http.StatusBadRequest || s.objects["a"] != nil {
		t.Errorf("%v", err)
	}
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }
