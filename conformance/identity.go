package conformance

import (
	"errors"
	"io/fs"
	"maps"

	"github.com/godcp/godcp/fsbase"
)

var identityChecks = []Check{
	{
		ID: "names/validate-id", Clauses: []string{"N1", "E1"}, Level: Must, Profile: Core,
		Doc: "ValidateCheckpointID serves the harness's own ID, does not touch storage, and its errors are like all others.",
		run: checkValidateID,
	},
}

// someIDs are what people give for checkpoints, of which a backend serves some.
var someIDs = []string{
	"", "checkpoint", "dir/checkpoint", "/abs/checkpoint", "../checkpoint", "mem://bucket/a", "file:///a", "s3://bucket/a",
	"gs://bucket/a", "azblob://container/a", "none://host/a", "s3://me:hunter2@bucket/a?secret=hunter2", "://", "a\x00b", "%zz",
	"s3://me:hunter2@bucket/a%zz", "s3://me:hunter2@bucket/a\x00b", "s3://me:hunter2@[bucket/a", "s3://me:hunter2@bucket:port/a",
}

func checkValidateID(t *trial) {
	if own := t.env.ownID; own != "" {
		if err := t.fs.ValidateCheckpointID(own); err != nil {
			t.errorf("N1", "ValidateCheckpointID of the harness's own ID: %v", err)
		}
	}
	for _, id := range append([]string{t.env.ownID}, someIDs...) {
		err := t.fs.ValidateCheckpointID(id)
		if again := t.fs.ValidateCheckpointID(id); (again == nil) != (err == nil) {
			t.errorf("N1", "ValidateCheckpointID(%q) is %v and, asked again, %v", id, err, again)
		}
		if err == nil {
			continue
		}
		var pe *fs.PathError
		if !errors.As(err, &pe) {
			t.errorf("E1", "ValidateCheckpointID(%q): no *fs.PathError but %T: %v", id, err, err)
		}
		t.noSecret("ValidateCheckpointID", err)
	}
	t.leavesStorage(func() {
		for _, id := range append([]string{t.env.ownID}, someIDs...) {
			_ = t.fs.ValidateCheckpointID(id)
		}
	})
}

// leavesStorage demands that call changes nothing in the storage. Below a
// folder, others may do so meanwhile: then each of some calls has to, and
// nothing but them.
func (t *trial) leavesStorage(call func()) {
	if !has[fsbase.Lister](t.fs) {
		return
	}
	t.put(t.path("a"), []byte("x"))
	tries, touched := 1, 0
	if t.root != "" {
		tries = 3
	}
	for range tries {
		idle := t.storage()
		before := t.storage()
		call()
		if maps.Equal(idle, before) && !maps.Equal(before, t.storage()) {
			touched++
		}
	}
	if touched == tries {
		t.errorf("N1", "ValidateCheckpointID changes what is in the storage")
	}
}

// storage returns what is in all of the storage, up to a bound.
func (t *trial) storage() map[string]fsbase.Version {
	const most = 3000
	all := map[string]fsbase.Version{}
	for info, err := range as[fsbase.Lister](t).List(t.ctx, "") {
		if err != nil {
			t.fatalf("List of the root: %v", err)
		}
		if all[info.Path] = info.Version; len(all) == most {
			break
		}
	}
	return all
}
