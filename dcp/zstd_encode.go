package dcp

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// TransformTo compresses to w in one frame, as torch does: level 3, no
// checksum (the archive inside has its own).
func (ZStandard) TransformTo(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w,
		zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(3)),
		// Without this, tensors of floats are found incompressible and stored.
		zstd.WithAllLitEntropyCompression(true),
		zstd.WithEncoderCRC(false),
		zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(2<<20))
}
