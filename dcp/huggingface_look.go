package dcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// claimName is the file that keeps other savers out while a safetensors save is
// under way. Savers of other names would not meet each other at their files,
// and the loser's would lie in the winner's checkpoint.
const claimName = ".godcp-claim"

// occupy makes the place this save's own: it looks, leaves its claim, and looks
// once more, for another saver may have come and gone between.
func (w *HuggingFaceStorageWriter) occupy(ctx context.Context, attempt string, names []string) (*base, error) {
	b, err := w.lookAt(ctx, names, false)
	if err != nil || b.finished {
		return b, err
	}
	if err := w.fsys.Mkdir(ctx, "."); err != nil {
		return nil, err
	}
	if !b.guarded {
		return b, nil
	}
	body := fmt.Appendf(nil, "save %q, attempt %s\n", w.o.SaveID, attempt)
	if _, err := fsbase.Publish(ctx, w.fsys, claimName, body, fsbase.IfAbsent()); err != nil {
		return nil, claimError(err)
	}
	if b, err = w.lookAt(ctx, names, true); err != nil || b.finished {
		w.release(ctx) // nobody has written anything
		return b, err
	}
	w.note(written{claimName, false})
	return b, nil
}

// unfinished is what is there when it is no checkpoint.
const unfinished = "another save is under way there, or has failed"

func claimError(err error) error {
	if errors.Is(err, fsbase.ErrCommitUnknown) {
		err = unpublished{err}
	}
	return fmt.Errorf("claiming the folder: save to a new one if %s: %w", unfinished, err)
}

// release gives the claim up. Only this save can have made it.
func (w *HuggingFaceStorageWriter) release(ctx context.Context) {
	if err := w.fsys.RmFile(ctx, claimName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.leave(claimName)
	}
}

// lookAt finds out what is there: nothing, or the checkpoint of this very
// SaveID. All else is an error, and so is not to be allowed to look. claimed says
// that the claim is our own.
func (w *HuggingFaceStorageWriter) lookAt(ctx context.Context, names []string, claimed bool) (*base, error) {
	b := &base{}
	_, b.guarded = fsbase.As[fsbase.ExclusiveCreator](w.fsys)
	there, err := w.occupants(ctx, names)
	if err != nil {
		return nil, err
	}
	if i := slices.Index(there, claimName); claimed && i >= 0 {
		there = slices.Delete(there, i, i+1)
	}
	if len(there) == 0 {
		return b, nil
	}
	what := "a checkpoint is there already"
	if slices.Contains(there, claimName) {
		what = unfinished
	}
	if !slices.Contains(there, metadata.Name) {
		folder, err := safetensors.OpenFolder(ctx, w.fsys, slices.DeleteFunc(slices.Clone(there), isNoSafetensors))
		switch class := ckpterr.ClassOf(err); {
		case err != nil && class == "":
			return nil, err
		case err != nil:
			what = fmt.Sprintf("%s (%v)", unfinished, err)
		case folder.SaveID == w.o.SaveID:
			b.md, b.finished = folderMetadata(folder), true
			w.report.AlreadySaved = true
			return b, nil
		}
	}
	if w.o.Overwrite {
		return nil, fmt.Errorf("%s, and safetensors cannot replace it: save to a new folder: %w",
			what, &fs.PathError{Op: "save", Path: there[0], Err: errors.ErrUnsupported})
	}
	return nil, fmt.Errorf("%s: save to a new folder: %w", what, &fs.PathError{Op: "save", Path: there[0], Err: fs.ErrExist})
}

func isNoSafetensors(name string) bool { return !strings.HasSuffix(name, ".safetensors") }

// occupants are the files at the top that a checkpoint is made of. Where the
// storage cannot list, those are found that this save would write.
func (w *HuggingFaceStorageWriter) occupants(ctx context.Context, names []string) ([]string, error) {
	all := append([]string{claimName, metadata.Name, safetensors.IndexName}, names...)
	var there []string
	for info, err := range fsbase.List(ctx, w.fsys, "") {
		if errors.Is(err, errors.ErrUnsupported) {
			return w.existing(ctx, all)
		}
		if err != nil {
			return nil, err
		}
		if name := info.Path; !strings.Contains(name, "/") && (!isNoSafetensors(name) || slices.Contains(all[:3], name)) {
			there = append(there, name)
		}
	}
	return there, nil
}

func (w *HuggingFaceStorageWriter) existing(ctx context.Context, names []string) ([]string, error) {
	var there []string
	for _, name := range names {
		ok, err := w.fsys.Exists(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok {
			there = append(there, name)
		}
	}
	return there, nil
}
