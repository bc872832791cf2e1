package dcp

import (
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/godcp/godcp/ckpterr"
)

const zstdName = "stream.zstd"

// zstdWindow is the largest window that is decoded, in bytes; torch writes 2
// MiB and zstd's own limit for streams is 128 MiB.
const zstdWindow = 128 << 20

// ZStandard is torch's extension of that name: each item is compressed on its
// own.
type ZStandard struct{}

// newZStandard accepts what torch accepts: version 1, with any minor part.
func newZStandard(version string) (StreamTransformExtension, error) {
	if major, _, _ := strings.Cut(version, "."); major != "1" {
		return nil, ckpterr.New(ckpterr.UnknownTransform, "unknown version %q of extension %s", version, zstdName)
	}
	return ZStandard{}, nil
}

// Descriptor is "stream.zstd/1".
func (ZStandard) Descriptor() string { return zstdName + "/1" }

// TransformFrom decodes the frames of r up to its end.
func (ZStandard) TransformFrom(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(&nonEmpty{r: r}, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		return nil, err
	}
	return zstdReader{d}, nil
}

type zstdReader struct{ d *zstd.Decoder }

func (z zstdReader) Read(p []byte) (int, error) {
	n, err := z.d.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = ckpterr.New(ckpterr.LimitExceeded, "zstd window: %w", err)
	}
	return n, err
}

func (z zstdReader) Close() error {
	z.d.Close()
	return nil
}

var errNoFrame = errors.New("no zstd frame in an empty item")

// nonEmpty makes empty input an error: the decoder takes it for no frames.
type nonEmpty struct {
	r    io.Reader
	some bool
}

func (e *nonEmpty) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.some = e.some || n > 0
	if err == io.EOF && !e.some {
		err = errNoFrame
	}
	return n, err
}
