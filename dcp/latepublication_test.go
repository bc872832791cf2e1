package dcp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestLatePublication: the first attempt's publication arrives while a retry
// with the same SaveID is about to publish. Both are told that the save is
// done, and what the retry wrote is gone.
func TestLatePublication(t *testing.T) {
	for _, world := range []int{1, 3} {
		fsys := memfs.New()
		first, retry := latePublication(t, fsys, world, "the save", "the save")
		if first != nil || retry != nil {
			t.Errorf("the first attempt %v, the retry %v", first, retry)
		}
		if got := stepOf(t, fsys); got != 2 {
			t.Errorf("step %d", got)
		}
		for _, name := range names(t, fsys) {
			if !isMetadata(name) && !isPlain(name) {
				t.Errorf("%s of the retry is left", name)
			}
		}
	}
}

// TestLatePublicationOfAnother is the same with two saves, of which one loses.
func TestLatePublicationOfAnother(t *testing.T) {
	fsys := memfs.New()
	first, other := latePublication(t, fsys, 2, "the save", "another")
	if first != nil || !errors.Is(other, fsbase.ErrPrecondition) {
		t.Errorf("the first %v, the other %v", first, other)
	}
	if d := cmp.Diff([]string{".metadata", "__0_0.distcp", "__1_0.distcp"}, names(t, fsys)); d != "" {
		t.Error(d)
	}
}

// latePublication holds two attempts before they publish, and lets the first go
// first.
func latePublication(t *testing.T, fsys *memfs.FS, world int, firstID, retryID string) (first, retry error) {
	t.Helper()
	ids := map[string]string{"first": firstID, "retry": retryID}
	arrived := map[string]chan struct{}{"first": make(chan struct{}), "retry": make(chan struct{})}
	release := map[string]chan struct{}{"first": make(chan struct{}), "retry": make(chan struct{})}
	fsys.SetHook(func(ctx context.Context, op memfs.Op) error {
		who, _ := ctx.Value(actor{}).(string)
		if who != "" && op.Kind == memfs.OpCommit && op.Phase == memfs.Before && isMetadata(op.Path) {
			close(arrived[who])
			<-release[who]
		}
		return nil
	})
	defer fsys.SetHook(nil)
	ends := map[string]chan error{"first": make(chan error, 1), "retry": make(chan error, 1)}
	for _, who := range []string{"first", "retry"} {
		o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{SaveID: ids[who]}}
		go func() { ends[who] <- saveJob(as(t.Context(), who), fsys, 2, world, o) }()
		<-arrived[who]
	}
	close(release["first"])
	first = <-ends["first"]
	close(release["retry"])
	return first, <-ends["retry"]
}
