package fsbase

import "context"

// NewBytesReader returns a stream that reads content, which nobody may change
// any more: clauses R2–R5 and R7 for storage that gives a whole value at a
// time. The Info's Size is len(content), whatever info says.
func NewBytesReader(ctx context.Context, info Info, content []byte) ReadStream {
	info.Size = int64(len(content))
	return NewReadStream(ctx, info, func(p []byte, off int64) (int, error) { return copy(p, content[off:]), nil })
}
