package conformance

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

var errorChecks = []Check{
	{
		ID: "errors/path-error", Clauses: []string{"E1"}, Level: Must, Profile: Core,
		Doc: "Every error is an *fs.PathError with the operation and the path.",
		run: checkPathErrors,
	},
	{
		ID: "errors/secrets", Clauses: []string{"E1"}, Level: Must, Profile: Core,
		Doc: "No error shows a password or a key, whether in its path or in its text.",
		run: checkSecrets,
	},
	{
		ID: "errors/classes", Clauses: []string{"E1"}, Level: Must, Profile: Core,
		Doc: "An error is of one class: what is absent is not forbidden, what is done is not absent.",
		run: checkClasses,
	},
}

// provoke returns an error of every kind that a healthy backend has, by what
// brought it about.
func (t *trial) provoke() map[string]error {
	p, absent := t.path("dir/a"), t.path("dir/absent")
	info := t.put(p, content(1, 100))
	done := t.cancelled()
	errs := map[string]error{}

	_, errs["OpenStream of an absent name"] = t.read(absent)
	_, errs["OpenStream of a folder"] = t.read(t.path("dir"))
	errs["Rename of an absent name"] = t.fs.Rename(t.ctx, absent, t.path("to"))
	for op, call := range t.pathCalls(p) {
		errs[op+" of an invalid path"] = call("../a")
	}
	for op, call := range done.pathCalls(p) {
		errs[op+" under a cancelled context"] = call(absent)
	}

	w := t.create(p)
	w.Close()
	_, errs["Write after Close"] = w.Write([]byte("x"))
	_, errs["Commit after Close"] = w.Commit()
	r := t.open(p)
	_, errs["ReadAt at a negative offset"] = r.ReadAt(make([]byte, 1), -1)
	r.Close()
	_, errs["ReadAt after Close"] = r.ReadAt(make([]byte, 1), 0)
	ctx, cancel := context.WithCancel(t.ctx)
	w, r = t.with(ctx).create(p), t.with(ctx).open(p)
	cancel()
	_, errs["Commit under a cancelled context"] = w.Commit()
	_, errs["ReadAt under a cancelled context"] = r.ReadAt(make([]byte, 1), 0)
	w.Close()
	r.Close()

	for _, w := range t.ways() {
		if w.cond != "" {
			q := t.path("dir/lost")
			_, errs[w.what+", which does not hold"] = w.begin(t, q, []byte("x"))(t, w.stale(t, q))
		}
	}
	if c, ok := fsbase.As[fsbase.Uploader](t.fs); ok {
		_, errs["Upload of a short source"] = c.Upload(t.ctx, p, source("x"), 2, fsbase.Condition{})
	}
	if c, ok := fsbase.As[fsbase.Swapper](t.fs); ok {
		_, errs["CreateSwap of an absent name"] = t.commit(func() (fsbase.WriteStream, error) {
			return c.CreateSwap(t.ctx, absent, info.Version)
		}, []byte("x"))
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		_, errs["ReadRanges of an absent name"] = c.ReadRanges(t.ctx, absent, "", nil)
		_, errs["ReadRanges of a version that is gone"] = c.ReadRanges(t.ctx, t.path("dir/lost"), t.gone("dir/lost"), nil)
		_, errs["ReadRanges past the end"] = c.ReadRanges(t.ctx, p, "", []fsbase.Range{{Offset: 99, Dst: make([]byte, 2)}})
	}
	if c, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		_, errs["Stat of an absent name"] = c.Stat(t.ctx, absent)
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		_, errs["Copy of an absent name"] = c.Copy(t.ctx, absent, t.path("to"), fsbase.Condition{})
	}
	if c, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for _, err := range c.List(done.ctx, t.prefix("dir/")) {
			errs["List under a cancelled context"] = err
		}
	}
	if c, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		for _, err := range c.RemoveAll(done.ctx, t.prefix("dir/")) {
			errs["RemoveAll under a cancelled context"] = err
		}
	}
	return errs
}

// gone returns a version that name had, and has not any more.
func (t *trial) gone(name string) fsbase.Version {
	p := t.path(name)
	info := t.put(p, content(5, 60))
	t.put(p, content(6, 60))
	return info.Version
}

func checkPathErrors(t *trial) {
	errs := t.provoke()
	for _, what := range slices.Sorted(maps.Keys(errs)) {
		err := errs[what]
		if err == nil {
			t.errorf("E1", "%s: no error", what)
			continue
		}
		var pe *fs.PathError
		switch {
		case !errors.As(err, &pe):
			t.errorf("E1", "%s: no *fs.PathError but %T: %v", what, err, err)
		case pe.Op == "" || pe.Err == nil:
			t.errorf("E1", "%s: an *fs.PathError with Op %q, Err %v", what, pe.Op, pe.Err)
		case pe.Path == "" && !strings.HasSuffix(what, "of an invalid path"):
			t.errorf("E1", "%s: an *fs.PathError without a path: %v", what, err)
		}
	}
}

// secretForms are how credentials look in URLs.
var secretForms = regexp.MustCompile(`(?i)://[^/@\s]*:[^/@\s]*@|[?&][^=&\s]*(secret|token|passw|signature|credential|access.?key|sig)[^=&\s]*=`)

func checkSecrets(t *trial) {
	for what, err := range t.provoke() {
		t.noSecret(what, err)
	}
}

// wantTold demands that err, if there is one, is an *fs.PathError that shows no
// credential.
func (t *trial) wantTold(what string, err error) {
	var pe *fs.PathError
	if err != nil && err != io.EOF && !errors.As(err, &pe) {
		t.errorf("E1", "%s: no *fs.PathError but %T: %v", what, err, err)
	}
	t.noSecret(what, err)
}

// noSecret demands that err shows no credential, of the harness or by its form.
func (t *trial) noSecret(what string, err error) {
	if err == nil {
		return
	}
	texts := []string{err.Error()}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		texts = append(texts, pe.Path)
	}
	for _, text := range texts {
		// Neither the secret nor the text goes into the report.
		if secretForms.MatchString(text) {
			t.errorf("E1", "%s: the error has something like a credential in it", what)
		}
		for i, s := range t.env.secrets {
			if s != "" && strings.Contains(text, s) {
				t.errorf("E1", "%s: the error has the secret %d of the harness in it", what, i)
			}
		}
	}
}

func checkClasses(t *trial) {
	classes := []error{
		fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed, errors.ErrUnsupported, context.Canceled,
		context.DeadlineExceeded, fsbase.ErrPrecondition, fsbase.ErrChanged, fsbase.ErrThrottled, fsbase.ErrCommitUnknown,
	}
	errs := t.provoke()
	for _, none := range []string{"ReadRanges past the end", "Upload of a short source"} {
		delete(errs, none) // of no class that the contract names
	}
	for _, what := range slices.Sorted(maps.Keys(errs)) {
		var is []string
		if errors.Is(errs[what], fs.ErrExist) && !strings.HasSuffix(what, ifAbsent+", which does not hold") {
			is = append(is, fs.ErrExist.Error()) // which a lost create-if-absent alone is, besides
		}
		for _, c := range classes {
			if errors.Is(errs[what], c) {
				is = append(is, c.Error())
			}
		}
		if len(is) != 1 {
			t.errorf("E1", "%s: %v is of the classes %q instead of one", what, errs[what], is)
		}
	}
}
