package s3

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// TestOddStore puts what depends on versions to a store that tells another ETag
// of an upload in parts than of the object, and answers reads without a look at
// If-Match, as gofakes3 does.
func TestOddStore(t *testing.T) {
	s := fakes3.New(bucket)
	s.Vices = fakes3.Vices{OtherETag: true, IgnoreReadPin: true}
	rep, err := conformance.Verify(t.Context(), probing(t, s),
		conformance.Only("write/", "upload/", "ranged/", "pin/", "copy/", "read/", "swap/", "sizes/upload", "sizes/copy", "sizes/swap"),
		conformance.WithLimits(conformance.Limits{LargeSize: 9 << 20, HugeSize: -1, Rounds: 5}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rep.Checks {
		if c.Broken() {
			t.Errorf("%s: %s", c.ID, c.Detail)
		}
	}
}

// TestETagOfParts: whether a store tells the same ETag is asked once, of those
// that are not known to keep what S3 promises.
func TestETagOfParts(t *testing.T) {
	for name, c := range map[string]struct {
		vices       fakes3.Vices
		conditional Conditional
		heads       int // for three uploads
	}{
		"the same":           {fakes3.Vices{}, ConditionalOff, 1},
		"another":            {fakes3.Vices{OtherETag: true}, ConditionalOff, 3},
		"a store to believe": {fakes3.Vices{}, ConditionalOn, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakes3.New(bucket)
			s.Vices = c.vices
			places++
			f := open(t, s, fmt.Sprintf("etags-%d/step", places), Options{Conditional: c.conditional})
			for range 3 {
				info, err := fsbase.Upload(t.Context(), f, "a", bytes.NewReader(make([]byte, 9<<20)), 9<<20, fsbase.Condition{})
				if err != nil {
					t.Fatal(err)
				}
				there, err := f.head(t.Context(), f.prefix+"a", "")
				if err != nil || there.version != info.Version {
					t.Errorf("the upload told %q, the object has %q, %v", info.Version, there.version, err)
				}
			}
			heads := 0
			for _, r := range s.Requests() {
				if r.Op == "HeadObject" {
					heads++
				}
			}
			if heads -= 3; heads != c.heads { // three are of this test
				t.Errorf("%d HeadObject, want %d", heads, c.heads)
			}
		})
	}
}
