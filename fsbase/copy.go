package fsbase

import "context"

// Copy publishes the content of src as dst inside the storage, under a
// condition on dst: [Copier].
func Copy(ctx context.Context, fsys FileSystemBase, src, dst string, cond Condition) (Info, error) {
	if err := cond.Check("copy", dst); err != nil {
		return Info{}, err
	}
	if err := CheckPath("copy", src); err != nil {
		return Info{}, err
	}
	if err := CheckWrite(ctx, "copy", dst); err != nil {
		return Info{}, err
	}
	c, ok := As[Copier](fsys)
	if !ok {
		return Info{}, unsupported("copy", src)
	}
	return c.Copy(ctx, src, dst, cond)
}
