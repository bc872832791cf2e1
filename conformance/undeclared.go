package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// A value that has AsCapability may have methods that AsCapability does not
// hand out. Often that is right: an S3 that ignores conditions, a wrapper whose
// embedded backend would be reached around it. Sometimes a case was forgotten.
// So what is hidden is put to the checks of the capability, and what passes is
// told in a note.

// hidden are the capabilities that a value may hide, each with the checks that
// show whether it works.
var hidden = []struct {
	name   Capability
	reveal func(fsbase.FileSystemBase) (fsbase.FileSystemBase, bool)
	writes bool // it could write where nobody looks
	checks []string
}{
	{ExclusiveCreator, reveal[fsbase.ExclusiveCreator], true, []string{"exclusive/creates", "exclusive/refuses"}},
	{Swapper, reveal[fsbase.Swapper], true, []string{"swap/current", "swap/stale"}},
	{Uploader, reveal[fsbase.Uploader], true, []string{"upload/publishes", "upload/short-source"}},
	{RangeReader, reveal[fsbase.RangeReader], false, []string{"ranged/fills", "ranged/pin"}},
	{Stater, reveal[fsbase.Stater], false, []string{"capability/stat"}},
	{Lister, reveal[fsbase.Lister], false, []string{"list/order", "list/prefix"}},
	{Copier, reveal[fsbase.Copier], false, []string{"copy/copies", "copy/absent"}},
	{RemoveAller, reveal[fsbase.RemoveAller], false, []string{"removeall/prefix"}},
	{PartLimiter, reveal[fsbase.PartLimiter], false, []string{"capability/part-limits"}},
	{Unsyncer, reveal[fsbase.Unsyncer], true, []string{"durable/without-sync"}},
}

// revealed hands out one capability more than the file system in it.
type revealed[T any] struct {
	fsbase.FileSystemBase
	hidden T
}

func (r revealed[T]) AsCapability(target any) bool {
	if t, ok := target.(*T); ok {
		*t = r.hidden
		return true
	}
	return r.FileSystemBase.(fsbase.Capable).AsCapability(target)
}

// reveal returns fsys with the capability T if fsys has and hides it.
func reveal[T any](fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, bool) {
	t, ok := fsys.(T)
	if !ok || has[T](fsys) {
		return nil, false
	}
	return revealed[T]{fsys, t}, true
}

// undeclared returns a note for each capability that fsys has, hides, and
// could hand out. It works below root, which is not the root of fsys.
func (e *environment) undeclared(ctx context.Context, fsys fsbase.FileSystemBase, root string) []string {
	if _, ok := fsys.(fsbase.Capable); !ok {
		return nil // As asserts: nothing is hidden
	}
	var notes []string
	for _, h := range hidden {
		shown, ok := h.reveal(fsys)
		switch {
		case !ok || ctx.Err() != nil:
		case h.writes && !e.sameNames(ctx, fsys, root):
			notes = append(notes, fmt.Sprintf("%s is there and not handed out. It was not tried: nothing shows that what it writes can be found here", h.name))
		case e.passes(ctx, shown, root, h.checks):
			notes = append(notes, fmt.Sprintf("%s is there and not handed out, yet it passes %s", h.name, strings.Join(h.checks, " and ")))
		}
	}
	return notes
}

// passes tells whether fsys passes all of the checks.
func (e *environment) passes(ctx context.Context, fsys fsbase.FileSystemBase, root string, ids []string) bool {
	bare := *e
	bare.except = nil
	for _, c := range Checks() {
		if slices.Contains(ids, c.ID) && bare.run(ctx, c, fsys, root+"/"+c.ID).Result != Pass {
			return false
		}
	}
	return true
}

// sameNames tells whether the methods that fsys hides work on the names that
// it shows. Those of an embedded backend may not: what they write would lie
// outside, where it is not to be. Methods that only read show it, of all that
// fsys has; if there is none, nothing does.
func (e *environment) sameNames(ctx context.Context, fsys fsbase.FileSystemBase, root string) bool {
	seen := 0
	t := &trial{record: &record{}, fs: fsys, root: root, env: e}
	t.check.run = func(t *trial) {
		p := t.path("names/a")
		want := t.put(p, []byte("x")).Version
		see := func(got fsbase.Version, err error) {
			if err != nil || got != want {
				t.fatalf("%q is not seen", p)
			}
			seen++
		}
		if c, ok := fsys.(fsbase.Stater); ok {
			info, err := c.Stat(t.ctx, p)
			see(info.Version, err)
		}
		if c, ok := fsys.(fsbase.RangeReader); ok {
			info, err := c.ReadRanges(t.ctx, p, "", nil)
			see(info.Version, err)
		}
		if c, ok := fsys.(fsbase.Lister); ok {
			for info, err := range c.List(t.ctx, p) {
				see(info.Version, err)
			}
		}
	}
	t.carryOut(ctx)
	return !t.failed() && seen > 0 // in this order: one that hangs may still count
}
