package dcp_test

import (
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/internal/torchfile"
)

// TestSharedTexts decodes small objects that repeat a long text very often.
func TestSharedTexts(t *testing.T) {
	const n = 1 << 16
	text := "X\x00\x00\x01\x00" + strings.Repeat("x", n)
	encode := "c_codecs\nencode\nq\x01"
	cases := map[string]string{
		"str":   "\x80\x02" + text + "q\x000](" + strings.Repeat("h\x00", 10_000) + "e.",
		"bytes": "\x80\x02" + text + "q\x000" + encode + "0X\x06\x00\x00\x00latin1q\x020](" + strings.Repeat("h\x01h\x00h\x02\x86R", 10_000) + "e.",
	}
	for name, pkl := range cases {
		item, err := torchfile.NewObjectItem([]byte(pkl), nil)
		if err != nil {
			t.Fatal(err)
		}
		archive := make([]byte, item.Size())
		if _, err := item.ReadAt(archive, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := dcp.DecodeValue(archive); ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
