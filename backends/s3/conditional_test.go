package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// places makes a prefix for each test: what was found out is remembered.
var places int

func probing(t *testing.T, s *fakes3.Server) *FS {
	t.Helper()
	places++
	return open(t, s, fmt.Sprintf("probing-%d/step", places), Options{Conditional: ConditionalProbe})
}

// capabilities are what f hands out of the two.
func capabilities(f *FS) (absent, version bool) {
	_, absent = fsbase.As[fsbase.ExclusiveCreator](f)
	_, version = fsbase.As[fsbase.Swapper](f)
	return absent, version
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name            string
		vices           fakes3.Vices
		absent, version bool
	}{
		{"good", fakes3.Vices{}, true, true},
		{"ignores If-None-Match", fakes3.Vices{IgnoreAbsent: true}, false, true},
		{"ignores If-Match", fakes3.Vices{IgnoreVersion: true}, true, false},
		{"ignores both", fakes3.Vices{IgnoreAbsent: true, IgnoreVersion: true}, false, false},
		{"ignores them on Complete", fakes3.Vices{IgnoreComplete: true}, false, false},
		{"refuses both", fakes3.Vices{NoConditions: true}, false, false},
		{"looks, then writes", fakes3.Vices{Window: time.Millisecond}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fakes3.New(bucket)
				s.Vices = tt.vices
				f := probing(t, s)
				absent, version := capabilities(f)
				if absent != tt.absent || version != tt.version {
					t.Errorf("create-if-absent %v, swap %v", absent, version)
				}
				if s.Keys() > 0 || s.Uploads() > 0 {
					t.Errorf("%d objects and %d uploads stay", s.Keys(), s.Uploads())
				}
				asked := len(s.Requests())
				capabilities(f)
				if again := len(s.Requests()); again > 0 || asked > 250 {
					t.Errorf("%d requests, then %d", asked, again)
				}
				refusesAlike(t, f, tt.absent, tt.version)
			})
		})
	}
}

// refusesAlike demands that what is not handed out cannot be reached in another
// way.
func refusesAlike(t *testing.T, f *FS, absent, version bool) {
	t.Helper()
	put(t, f, "src", []byte("x"))
	for cond, ok := range map[fsbase.Condition]bool{fsbase.IfAbsent(): absent, fsbase.IfVersion("v"): version} {
		if ok {
			continue
		}
		_, err := f.create(t.Context(), "a", cond)
		wantErr(t, err, errors.ErrUnsupported)
		_, err = f.Upload(t.Context(), "a", strings.NewReader("x"), 1, cond)
		wantErr(t, err, errors.ErrUnsupported)
		_, err = f.Copy(t.Context(), "src", "a", cond)
		wantErr(t, err, errors.ErrUnsupported)
	}
}

// What cannot be found out is no reason to go without a guard.
func TestProbeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakes3.New(bucket)
		f := probing(t, s)
		s.Break(answering("PutObject", 0, 403, "AccessDenied"))
		if absent, version := capabilities(f); !absent || !version {
			t.Errorf("create-if-absent %v, swap %v", absent, version)
		}
		_, err := fsbase.CreateExclusive(t.Context(), f, "a")
		wantErr(t, err, fs.ErrPermission)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v: nobody knows", err)
		}
		s.Mend()
		if _, err = fsbase.CreateExclusive(t.Context(), f, "a"); err != nil {
			t.Errorf("a failure is remembered: %v", err)
		}
	})
}

// Names that a probe used are removed as far as may be, and that is all.
func TestProbeMayNotRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakes3.New(bucket)
		f := probing(t, s)
		s.Break(answering("DeleteObject", 0, 403, "AccessDenied"))
		if absent, version := capabilities(f); !absent || !version {
			t.Errorf("create-if-absent %v, swap %v", absent, version)
		}
		for _, r := range s.Requests() {
			if r.Key != "" && !strings.HasPrefix(r.Key, f.prefix+".godcp-probe-") {
				t.Errorf("%s of %s", r.Op, r.Key)
			}
		}
	})
}

// Many who want to know at once ask once.
func TestProbeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakes3.New(bucket)
		f := probing(t, s)
		if err := f.allow(t.Context(), fsbase.IfAbsent()); err != nil {
			t.Fatal(err)
		}
		once := len(s.Requests())
		f = probing(t, s)
		var askers sync.WaitGroup
		for range 10 {
			askers.Go(func() {
				if err := f.allow(t.Context(), fsbase.IfVersion("v")); err != nil {
					t.Error(err)
				}
			})
		}
		askers.Wait()
		if n := len(s.Requests()); n > once {
			t.Errorf("%d requests, and one probe is %d", n, once)
		}
	})
}

// The steps of a run share what was found out; other runs do not.
func TestProbeOfSteps(t *testing.T) {
	c := clientOver(nil)
	placeOf := func(bucket, prefix string) place {
		f, err := New(c, bucket, prefix, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f.place()
	}
	step := placeOf("b", "run/step-1")
	for _, tt := range []struct {
		bucket, prefix string
		same           bool
	}{
		{"b", "run/step-2", true}, {"b", "run2/step-1", false}, {"b", "run/a/step-1", false}, {"c", "run/step-1", false}, {"b", "", false}, {"b", "run", false},
	} {
		if got := placeOf(tt.bucket, tt.prefix) == step; got != tt.same {
			t.Errorf("%s/%s: the same %v", tt.bucket, tt.prefix, got)
		}
	}
	if placeOf("b", "") != placeOf("b", "run") {
		t.Error("a bucket and a folder in it differ")
	}
}

// A context that ends while somebody else probes ends the wait.
func TestProbeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakes3.New(bucket)
		f := probing(t, s)
		found := findingOf(f.place())
		found.turn <- struct{}{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.CreateExclusive(ctx, "a")
		wantErr(t, err, context.DeadlineExceeded)
		<-found.turn
	})
}

func TestConditionalOff(t *testing.T) {
	s := fakes3.New(bucket)
	f := open(t, s, "off", Options{Conditional: ConditionalOff})
	if absent, version := capabilities(f); absent || version {
		t.Errorf("create-if-absent %v, swap %v", absent, version)
	}
	refusesAlike(t, f, false, false)
	if ops := s.Ops(); !slices.Equal(ops, []string{"PutObject"}) {
		t.Errorf("%q", ops)
	}
}
