package dcp

import (
	"context"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

// allocator is a planner that takes memory for what the checkpoint claims to
// hold.
type allocator interface{ Allocates() bool }

// maxRatio is more than any compressor reaches: zstd makes 32 KiB of 1 GiB of
// zeros.
const maxRatio = 1 << 17

// maxDeflate is what deflate reaches at most. torch never deflates; others may.
const maxDeflate = 1032

// claimsOnTrust is how much memory is taken on the word of the metadata.
const claimsOnTrust = 16 << 20

// checkClaims compares the sizes that the metadata claims with the files, so
// that no memory is taken for elements that cannot be there: a chunk has no more
// bytes than its item can unpack to, and an item lies in its file. Chunks cover
// what is wanted of their tensor, so this bounds whole tensors too.
//
// What is small altogether is not worth a look at files whose size is unknown.
func (r *reader) checkClaims(ctx context.Context, jobs []job) error {
	trust := int64(claimsOnTrust)
	for len(jobs) > 0 {
		n := 1
		for n < len(jobs) && jobs[n].info.RelativePath == jobs[0].info.RelativePath {
			n++
		}
		if err := r.checkClaimsOfFile(ctx, jobs[:n], &trust); err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return ctx.Err()
}

func (r *reader) checkClaimsOfFile(ctx context.Context, jobs []job, trust *int64) error {
	f, err := r.use(ctx, jobs[0].info.RelativePath)
	if err != nil {
		return jobs[0].place(err)
	}
	defer f.done()
	for _, j := range jobs {
		if j.item.Tensor == nil {
			continue
		}
		if err := r.checkClaim(f, j, trust); err != nil {
			return j.place(err)
		}
	}
	return nil
}

func (r *reader) checkClaim(f *file, j job, trust *int64) error {
	n, ok := tensor.NumBytes(j.item.Tensor.Properties.DType, j.chunk.Sizes)
	if !ok {
		return ckpterr.New(ckpterr.SizeMismatch, "chunk %v has too many elements", j.chunk)
	}
	if !f.sized() && n <= *trust {
		*trust -= n
		return nil
	}
	size, err := f.size()
	if err != nil {
		return err
	}
	if len(j.info.TransformDescriptors) > 0 {
		if n/maxRatio > j.info.Length {
			return ckpterr.New(ckpterr.SizeMismatch, "chunk of %d bytes in a transformed item of %d", n, j.info.Length)
		}
		return nil
	}
	if n/maxDeflate <= j.info.Length {
		_, err := section(f, j.info.Offset, j.info.Length)
		if err == nil || !isBlob(f, j.info.Offset) {
			return err
		}
	}
	if n > size || !isBlob(f, j.info.Offset) {
		return ckpterr.New(ckpterr.SizeMismatch, "chunk of %d bytes in an item of %d", n, j.info.Length)
	}
	return nil
}
