package s3

import (
	"context"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// headSize is how much of a stream comes with its opening. The `.metadata` of a
// small checkpoint is one request so.
const headSize = 1 << 20

// OpenStream is one GET of the first bytes, which are kept. Each ReadAt is one
// GET of what they lack. R1–R7.
func (f *FS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	const op = "open"
	key, err := f.key(ctx, op, path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, headSize)
	g := getter{fs: f, key: key, dst: [][]byte{head}}
	err = g.run(ctx)
	if isPastEnd(err) { // an empty stream has no first byte
		var o object
		o, err = f.head(ctx, key, "")
		if err == nil && o.size > 0 { // it was: overwritten since
			err = g.run(ctx)
		} else {
			g.info = o.info(path)
		}
	}
	if err != nil {
		return nil, pathError(op, path, err)
	}
	info := g.info
	info.Path = path
	head = head[:g.done]
	if 2*g.done < headSize {
		head = slices.Clone(head) // what is open should not cost more than it has
	}
	return fsbase.NewReadStream(ctx, info, func(p []byte, off int64) (int, error) {
		n := copy(p, head[min(off, int64(len(head))):])
		if n == len(p) {
			return n, nil
		}
		g := getter{fs: f, key: key, pin: info.Version, offset: off + int64(n), dst: [][]byte{p[n:]}}
		err := g.run(ctx)
		return n + int(g.done), err
	}), nil
}
