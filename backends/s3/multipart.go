package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/godcp/godcp/fsbase"
)

// tagName is the metadata by which a lost CompleteMultipartUpload is found to
// have succeeded.
const tagName = "godcp-upload"

const (
	abortTime = 30 * time.Second       // for the removal of parts, after the caller's context
	cutPause  = 200 * time.Millisecond // until a store has noticed that a request was cut off
)

// multipart is an upload in parts. Its parts may go up at once.
type multipart struct {
	fs   *FS
	key  string
	id   string
	tag  string
	cond fsbase.Condition // of complete
	cut  atomic.Bool      // a part was given up while it was sent

	mu    sync.Mutex
	parts []types.CompletedPart
	size  int64
}

// The checksums of the parts of an upload. Copies have none of ours: the bytes
// never come here, and some stores refuse them for parts that they make.
const (
	sentParts   = types.ChecksumAlgorithmCrc32c
	copiedParts = types.ChecksumAlgorithm("")
)

// begin begins an upload, which must be completed or aborted. One whose answer
// was lost cannot be: it has no parts, and costs nothing. One that begins when
// ctx ends is waited for, so that it can.
func (f *FS) begin(ctx context.Context, key string, cond fsbase.Condition, sums types.ChecksumAlgorithm) (*multipart, error) {
	m := &multipart{fs: f, key: key, tag: rand.Text(), cond: cond}
	in := &s3.CreateMultipartUploadInput{
		Bucket: &f.bucket, Key: &key, ChecksumAlgorithm: sums,
		Metadata: map[string]string{tagName: m.tag}, StorageClass: types.StorageClass(f.o.StorageClass),
	}
	in.ServerSideEncryption, in.SSEKMSKeyId = f.encryption()
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	out, err := ask(ctx, f, lingeringly(f.client.CreateMultipartUpload), in)
	if err != nil {
		return nil, err
	}
	m.id = aws.ToString(out.UploadId)
	if m.id == "" {
		return nil, errors.New("the answer to CreateMultipartUpload has no upload ID")
	}
	return m, nil
}

// upload sends n bytes of src as one part. The first number is 1.
func (m *multipart) upload(ctx context.Context, number int, src io.ReaderAt, off, n int64) error {
	f := m.fs
	crc, err := sum(ctx, src, off, n)
	if err != nil {
		return err
	}
	in := &s3.UploadPartInput{
		Bucket: &f.bucket, Key: &m.key, UploadId: &m.id, PartNumber: aws.Int32(int32(number)),
		ContentLength: &n, ChecksumCRC32C: &crc,
	}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	var out *s3.UploadPartOutput
	a, _ := repeat(ctx, true, func() error {
		b := newBody(src, off, n)
		in.Body = b
		var err error
		out, err = f.client.UploadPart(ctx, in, f.settings, unsigned)
		return b.judged(err)
	})
	if a != nil {
		if ctx.Err() != nil {
			m.cut.Store(true)
		}
		return a
	}
	return m.add(n, types.CompletedPart{PartNumber: in.PartNumber, ETag: out.ETag, ChecksumCRC32C: &crc})
}

func (m *multipart) add(n int64, p types.CompletedPart) error {
	if p.ETag == nil {
		return fmt.Errorf("part %d: %w", *p.PartNumber, errNoETag)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts = append(m.parts, p)
	m.size += n
	return nil
}

// sorted returns the parts in their order.
func (m *multipart) sorted() []types.CompletedPart {
	return slices.SortedFunc(slices.Values(m.parts), func(a, b types.CompletedPart) int {
		return int(*a.PartNumber - *b.PartNumber)
	})
}

// abort removes the parts, whatever became of the caller's context. None may be
// under way here. The store may still be busy with one whose request was cut
// off, and keep it, and the upload with it: so it is asked twice then. An upload
// that is completed is not touched.
func (m *multipart) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	in := &s3.AbortMultipartUploadInput{Bucket: &m.fs.bucket, Key: &m.key, UploadId: &m.id}
	for last := !m.cut.Load(); ; last = true {
		_, err := ask(ctx, m.fs, m.fs.client.AbortMultipartUpload, in)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || last {
			return err
		}
		if err := sleep(ctx, cutPause); err != nil {
			return err
		}
	}
}

// aborted is the error err of an upload, after an abort.
func (m *multipart) aborted(ctx context.Context, err error) error {
	if e := m.abort(ctx); e != nil {
		return fmt.Errorf("%w (and parts of upload %s stay: %s)", err, m.id, e.Error())
	}
	return err
}
