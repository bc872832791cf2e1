package gocloud

import (
	"testing"

	"go.uber.org/goleak"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestConformanceOnMemblob(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			bucket := memblob.OpenBucket(nil)
			t.Cleanup(func() { bucket.Close() })
			f, err := Wrap(bucket)
			if err != nil {
				t.Fatal(err)
			}
			return f
		},
		CheckpointID: "custom://bucket/run7",
		Limits:       conformance.Limits{Rounds: 50},
	})
}

// TestConformanceOnFileblob shows how far a driver goes that is no storage for
// checkpoints.
func TestConformanceOnFileblob(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			bucket, err := fileblob.OpenBucket(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { bucket.Close() })
			f, err := Wrap(bucket)
			if err != nil {
				t.Fatal(err)
			}
			return f
		},
		Limits: conformance.Limits{Rounds: 50},
		Except: []conformance.Exception{
			{Check: "names/bytes", Reason: "a name of 255 bytes is an error of the system without a class"},
			{Check: "names/every-call", Reason: "a name of 255 bytes is an error of the system without a class"},
			{Check: "names/long", Reason: "a name of 256 bytes is an error of the system without a class"},
			{Check: "names/beside", Reason: "a name that ends with .attrs is refused by an error without a class"},
			{Check: "read/absent", Reason: below},
			{Check: "operations/exists", Reason: below},
			{Check: "operations/remove", Reason: "folders: " + below},
			{Check: "capability/stat", Reason: below},
			{Check: "race/overwrite", Reason: torn},
			{Check: "race/rename-over", Reason: torn},
			{Check: "race/overwrite-large", Reason: torn},
			{Check: "race/writers", Reason: torn},
			{Check: "race/every-way", Reason: torn},
			{Check: "race/crossing", Reason: torn},
			{Check: "race/infos", Reason: torn},
			{Check: "race/own-info", Reason: torn},
			{Check: "cancel/others", Reason: torn},
			{Check: "history/overwrite", Reason: torn},
			{Check: "info/times", Reason: "the time is that of the last write to a temporary file"},
			{Check: "list/many", Reason: walks},
			{Check: "list/beside-writes", Reason: torn},
		},
	})
}

const (
	below = "what is below a file is an error of the system without a class"
	torn  = "metadata lie in a file of their own, which readers find half written"
	walks = "pages follow a walk through folders, and lose names between two"
)
