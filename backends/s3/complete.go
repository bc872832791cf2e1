package s3

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/godcp/godcp/fsbase"
)

// errConflict: another write of the key was under way, and the parts are lost.
// The condition may still hold; only a whole new upload can tell.
var errConflict = errors.New("another write of the name was under way")

// complete publishes the parts. Asked twice, a store either says again that it
// has done it or that it knows of no such upload; then the object tells.
func (m *multipart) complete(ctx context.Context) (fsbase.Info, error) {
	f := m.fs
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &f.bucket, Key: &m.key, UploadId: &m.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: m.sorted()},
	}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	in.IfNoneMatch, in.IfMatch = headers(m.cond)
	var v fsbase.Version
	a, all := repeat(ctx, true, func() error {
		out, err := f.client.CompleteMultipartUpload(ctx, in, f.settings)
		if code(err) == "ConditionalRequestConflict" {
			return answerOf(err, errConflict)
		}
		if err == nil {
			v = version(out.ETag)
		}
		return err
	})
	switch {
	case a == nil && v != "":
		return fsbase.Info{Size: m.size, Version: m.asRead(ctx, v)}, nil
	case a == nil:
		a, all = answerOf(errNoETag, nil), unclear // some stores answer 200 and break off
	}
	if all == unclear {
		o, err := f.head(ctx, m.key, "")
		switch {
		case err == nil && o.head.Metadata[tagName] == m.tag && o.size == m.size:
			return fsbase.Info{Size: m.size, Version: o.version}, nil
		case err == nil && errors.Is(a, fsbase.ErrPrecondition), isAbsent(err) && m.cond.Version() != "" && isNoKey(a):
			all = refused // another's is there, or nothing under If-Match: ours is lost
		}
	}
	return fsbase.Info{}, notCommitted(a, all, m.cond)
}

// conflicted says what a conflict means: lost, if the condition does not hold
// any more, else err as it is.
func (m *multipart) conflicted(ctx context.Context, err error) error {
	if a, _ := m.fs.lost(ctx, m.key, m.cond, err); a != nil {
		return a
	}
	return err
}

// lost is what a commit that is surely not done failed of, as err tells, if its
// condition does not hold any more; else nil, and why that is not known if so.
func (f *FS) lost(ctx context.Context, key string, cond fsbase.Condition, err error) (*answer, error) {
	o, headErr := f.head(ctx, key, "")
	switch {
	case cond.Absent() && headErr == nil:
		return answerOf(err, fsbase.ErrExist()), nil
	case cond.Version() != "" && headErr == nil && o.version != cond.Version(),
		cond.Version() != "" && isAbsent(headErr):
		return answerOf(err, fsbase.ErrPrecondition), nil
	}
	return nil, headErr
}

func isAbsent(err error) bool {
	var a *answer
	return errors.As(err, &a) && isNoKey(a)
}
