package metadata

import (
	"math"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestRankLocalRefused: what cannot be is not written.
func TestRankLocalRefused(t *testing.T) {
	for _, r := range []RankLocal{{-1, 2}, {2, 2}, {0, 0}, {0, math.MaxInt32 + 1}} {
		m := sample()
		m.RankLocal = &r
		if _, err := Encode(m); err == nil || !strings.Contains(err.Error(), "rank") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// TestRankLocalForeign: somebody else's value under the key stays an extra, and
// is written as it was.
func TestRankLocalForeign(t *testing.T) {
	m := sample()
	m.RankLocal = &RankLocal{Rank: 3, WorldSize: 7}
	good, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	plain := string(good[:len(good)-sealLength]) // what is changed has no seal
	for name, bad := range map[string]string{
		"rank beyond the world": strings.Replace(plain, "K\x03", "K\x08", 1),
		"another key":           strings.Replace(plain, keyWorldSize, "world_sine", 1),
		"no int":                strings.Replace(plain, "K\x07", "\x88", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if bad == plain {
				t.Fatal("the form has changed")
			}
			got, err := Decode([]byte(bad + "."))
			if err != nil {
				t.Fatal(err)
			}
			if got.RankLocal != nil || len(got.Extra) != 1 || got.Extra[0].Key != keyRankLocal {
				t.Fatalf("%+v, extra %+v", got.RankLocal, got.Extra)
			}
			again, err := encodeAgain(t, got)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(len(got.Extra), len(again.Extra)); d != "" {
				t.Error(d)
			}
		})
	}
}
