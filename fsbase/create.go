package fsbase

import "context"

// CreateExclusive begins a write that commits only if nothing has the name:
// [ExclusiveCreator].
func CreateExclusive(ctx context.Context, fsys FileSystemBase, path string) (WriteStream, error) {
	if err := CheckWrite(ctx, "create", path); err != nil {
		return nil, err
	}
	c, ok := As[ExclusiveCreator](fsys)
	if !ok {
		return nil, unsupported("create exclusive", path)
	}
	return c.CreateExclusive(ctx, path)
}

// CreateSwap begins a write that commits only if the name still has the
// version old: [Swapper].
func CreateSwap(ctx context.Context, fsys FileSystemBase, path string, old Version) (WriteStream, error) {
	if err := IfVersion(old).Check("create", path); err != nil {
		return nil, err
	}
	if err := CheckWrite(ctx, "create", path); err != nil {
		return nil, err
	}
	c, ok := As[Swapper](fsys)
	if !ok {
		return nil, unsupported("create swap", path)
	}
	return c.CreateSwap(ctx, path, old)
}

// CreateIf begins a write under a condition: CreateExclusive for [IfAbsent],
// CreateSwap for [IfVersion], CreateStream for the zero Condition.
func CreateIf(ctx context.Context, fsys FileSystemBase, path string, cond Condition) (WriteStream, error) {
	if err := cond.Check("create", path); err != nil {
		return nil, err
	}
	switch {
	case cond.Absent():
		return CreateExclusive(ctx, fsys, path)
	case cond.Version() != "":
		return CreateSwap(ctx, fsys, path, cond.Version())
	}
	if err := CheckWrite(ctx, "create", path); err != nil {
		return nil, err
	}
	return fsys.CreateStream(ctx, path)
}
