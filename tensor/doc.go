// Package tensor holds what a checkpoint says about arrays: element types,
// shapes, boxes, and headers over memory that can be sliced, copied, converted
// and printed without torch.
//
// A [Tensor] is a read-only header (dtype, shape, strides, offset, and torch's
// lazy conj and neg flags) over bytes that others may share. Headers may be used
// by several goroutines at once; for the bytes the usual rule of Go holds, so a
// [Copy] or [Convert] into memory must not race with anything that reads it.
//
// The bytes are always little-endian, as torch writes them; [SwapBytes] turns
// big-endian items round. Everything here works on hosts of either order except
// the typed views [Data] and [FromSlice], which are for little-endian hosts and
// return an error elsewhere.
//
// Errors are plain: they tell what does not fit, not where in a checkpoint it
// stood. Nothing panics on bad shapes, strides or boxes. Functions that allocate
// ([New], [Tensor.Contiguous]) allocate what the shape asks for: whoever took
// the shape from an untrusted file compares [NumBytes] with a limit first.
package tensor
