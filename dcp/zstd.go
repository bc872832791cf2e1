package dcp

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/godcp/godcp/ckpterr"
)

const zstdName = "stream.zstd"

// Windows, in bytes, which are what a decoder takes of memory. torch writes 2
// MiB; a frame that begins by asking for more than zstdUsual gets up to
// zstdWindow: half of zstd's own limit for streams, so that a decoder with its
// output stays within what a verification may take.
const (
	zstdUsual  = 8 << 20
	zstdWindow = 64 << 20
)

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
	start := make([]byte, zstd.HeaderMaxSize)
	n, err := io.ReadFull(r, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if n == 0 {
		return nil, errNoFrame
	}
	pool := &usualDecoders
	if wideWindow(start[:n]) {
		pool = &wideDecoders
	}
	d := pool.Get().(*zstd.Decoder)
	if err := d.Reset(io.MultiReader(bytes.NewReader(start[:n]), r)); err != nil {
		return nil, err
	}
	return &zstdReader{d, pool}, nil
}

// Decoders are used again: what is in them takes longer to make than a small
// item to decode.
var usualDecoders, wideDecoders = decoders(zstdUsual), decoders(zstdWindow)

func decoders(window uint64) sync.Pool {
	return sync.Pool{New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			panic(err) // of options, which are constant
		}
		return d
	}}
}

// wideWindow tells whether a frame that begins so takes more memory than usual.
func wideWindow(start []byte) bool {
	var h zstd.Header
	return h.Decode(start) == nil && h.WindowSize > zstdUsual
}

type zstdReader struct {
	d    *zstd.Decoder
	pool *sync.Pool
}

func (z *zstdReader) Read(p []byte) (int, error) {
	if z.d == nil {
		return 0, fs.ErrClosed
	}
	n, err := z.d.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = ckpterr.New(ckpterr.LimitExceeded, "zstd window: %w", err)
	}
	return n, err
}

func (z *zstdReader) Close() error {
	if z.d == nil {
		return nil
	}
	if z.d.Reset(nil) == nil { // lets go of the input
		z.pool.Put(z.d)
	}
	z.d = nil
	return nil
}

// errNoFrame: the decoder would take empty input for no frames.
var errNoFrame = errors.New("no zstd frame in an empty item")
