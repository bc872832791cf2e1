package dcp_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

// xor is a user's own extension: the one that the fixture was written with.
type xor struct{}

func (xor) Descriptor() string { return "stream.xor@example.org/1.0" }

func (xor) TransformFrom(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(xorReader{r}), nil }

func (xor) TransformTo(w io.Writer) (io.WriteCloser, error) { return xorWriter{w}, nil }

type xorWriter struct{ w io.Writer }

func (x xorWriter) Write(p []byte) (int, error) {
	b := bytes.Clone(p)
	for i := range b {
		b[i] ^= 0x5a
	}
	return x.w.Write(b)
}

func (xorWriter) Close() error { return nil }

type xorReader struct{ r io.Reader }

func (x xorReader) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	for i := range p[:n] {
		p[i] ^= 0x5a
	}
	return n, err
}

// TestTwoExtensions reads what torch wrote with two extensions and cannot read
// itself.
func TestTwoExtensions(t *testing.T) {
	const dir = "../testdata/fixtures/unknown_extension"
	ck, err := dcp.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var e *ckpterr.Error
	if _, err := ck.Tensor(t.Context(), "w"); !errors.As(err, &e) || e.Class != ckpterr.UnknownTransform || e.Hint == "" {
		t.Errorf("without the extension: %v", err)
	}
	reg := dcp.DefaultExtensions.Clone()
	reg.Register("stream.xor@example.org", func(string) (dcp.StreamTransformExtension, error) { return xor{}, nil })
	if ck, err = dcp.OpenWith(t.Context(), dir, dcp.OpenOptions{Extensions: reg}); err != nil {
		t.Fatal(err)
	}
	if v, err := ck.Value(t.Context(), "n"); err != nil || v != int64(1) {
		t.Errorf("got %v, %v", v, err)
	}
	if _, err := ck.Tensor(t.Context(), "w"); err != nil {
		t.Error(err)
	}
}

func compressed(t *testing.T, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

func TestZStandard(t *testing.T) {
	plain := bytes.Repeat([]byte("godcp "), 10_000)
	frame := compressed(t, plain)
	cases := []struct {
		name       string
		descriptor string
		input      []byte
		want       ckpterr.Class // "" for the plain bytes
	}{
		{"one frame", "stream.zstd/1", frame, ""},
		{"minor version", "stream.zstd/1.7", frame, ""},
		{"two frames", "stream.zstd/1", append(compressed(t, plain[:100]), compressed(t, plain[100:])...), ""},
		{"no version", "stream.zstd", frame, ckpterr.UnknownTransform},
		{"version 2", "stream.zstd/2", frame, ckpterr.UnknownTransform},
		{"version 10", "stream.zstd/10", frame, ckpterr.UnknownTransform},
		{"other case", "stream.ZSTD/1", frame, ckpterr.UnknownTransform},
		{"domain", "stream.zstd@x/1", frame, ckpterr.UnknownTransform},
		{"cut", "stream.zstd/1", frame[:len(frame)-3], ckpterr.BadTransform},
		{"junk behind", "stream.zstd/1", append(bytes.Clone(frame), "junk"...), ckpterr.BadTransform},
		{"not zstd", "stream.zstd/1", plain, ckpterr.BadTransform},
		{"empty", "stream.zstd/1", nil, ckpterr.BadTransform},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := unzstd(c.descriptor, c.input)
			switch {
			case c.want != "" && err == nil:
				t.Error("accepted")
			case c.want == ckpterr.UnknownTransform && ckpterr.ClassOf(err) != c.want:
				t.Errorf("got %v", err)
			case c.want == "" && (err != nil || !bytes.Equal(got, plain)):
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

func unzstd(descriptor string, input []byte) ([]byte, error) {
	exts, err := dcp.DefaultExtensions.From([]string{descriptor})
	if err != nil {
		return nil, err
	}
	r, err := exts[0].TransformFrom(bytes.NewReader(input))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
