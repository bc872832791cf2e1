package gocloud

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/godcp/godcp/fsbase"
)

const (
	blockSize = 16 << 20
	maxBlocks = blockblob.MaxBlocks
)

// publication is one write of one name on Azure under one condition.
type publication struct {
	fs     *FS
	path   string
	cond   fsbase.Condition
	mark   string
	client *blockblob.Client
	blocks []string // ids of what was sent, in order

	// unsure: a request may have published without our hearing of it.
	unsure bool
}

func (f *FS) publication(p string, cond fsbase.Condition) *publication {
	return &publication{fs: f, path: p, cond: cond, mark: rand.Text(), client: f.azure.NewBlockBlobClient(azureKey(p))}
}

func (p *publication) metadata() map[string]*string { return map[string]*string{markKey: &p.mark} }

func headers() *azblob.HTTPHeaders {
	t := contentType
	return &azblob.HTTPHeaders{BlobContentType: &t}
}

// send publishes in one request. The service compares a CRC64.
func (p *publication) send(ctx context.Context, content []byte) (fsbase.Info, error) {
	var answer blockblob.UploadResponse
	err := p.request(ctx, func(ctx context.Context, alive func()) (err error) {
		answer, err = p.client.Upload(ctx, newBody(content, alive), &blockblob.UploadOptions{
			Metadata: p.metadata(), HTTPHeaders: headers(), AccessConditions: conditions(p.cond),
			TransactionalValidation: sumOfPart(content),
		})
		return err
	})
	return p.outcome(ctx, int64(len(content)), answer.ETag, answer.LastModified, err)
}

// request makes a request of a write again until it succeeds or fails for good,
// and remembers when one has failed without saying that nothing was done.
func (p *publication) request(ctx context.Context, call func(ctx context.Context, alive func()) error) error {
	return p.fs.again(ctx, func(ctx context.Context, alive func()) error {
		err := call(ctx, alive)
		if err != nil && !refused(err) {
			p.unsure = true
		}
		return err
	})
}

// nextBlock returns the id of another block: of one length for all, and not
// another writer's.
func (p *publication) nextBlock() string {
	id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s-%08d", p.mark, len(p.blocks)))
	p.blocks = append(p.blocks, id)
	return id
}

// stage sends a block.
func (p *publication) stage(ctx context.Context, id string, content []byte) error {
	return p.fs.again(ctx, func(ctx context.Context, alive func()) error {
		_, err := p.client.StageBlock(ctx, id, newBody(content, alive), &blockblob.StageBlockOptions{
			TransactionalValidation: sumOfPart(content),
		})
		return err
	})
}

// commit publishes the blocks.
func (p *publication) commit(ctx context.Context, size int64) (fsbase.Info, error) {
	var answer blockblob.CommitBlockListResponse
	err := p.request(ctx, func(ctx context.Context, _ func()) (err error) {
		answer, err = p.client.CommitBlockList(ctx, p.blocks, &blockblob.CommitBlockListOptions{
			Metadata: p.metadata(), HTTPHeaders: headers(), AccessConditions: conditions(p.cond),
		})
		return err
	})
	return p.outcome(ctx, size, answer.ETag, answer.LastModified, err)
}

// outcome is what became of the write.
func (p *publication) outcome(ctx context.Context, size int64, etag *azcore.ETag, modified *time.Time, err error) (fsbase.Info, error) {
	switch {
	case err != nil:
		return p.resolve(ctx, err)
	case etag == nil || modified == nil:
		return p.resolve(ctx, errors.New("an answer without ETag or time"))
	}
	return fsbase.Info{
		Path: p.path, Size: size, ModTime: *modified, Version: fsbase.Version(strings.Trim(string(*etag), `"`)),
	}, nil
}

// resolve finds out what became of a write that failed. A condition may have
// failed because of an earlier request of ours, whose answer got lost; the mark
// tells.
func (p *publication) resolve(ctx context.Context, failed error) (fsbase.Info, error) {
	lost, dropped := p.lost(failed), isDropped(failed)
	if refused(failed) && !p.unsure && !lost && !dropped {
		return fsbase.Info{}, fail(ctx, "commit", p.path, failed)
	}
	a, err := p.fs.attributes(ctx, p.path)
	there := err == nil
	absent := classOf(err) == fs.ErrNotExist
	switch {
	case there && a.Metadata[markKey] == p.mark:
		return p.fs.infoOf(p.path, a), nil
	case lost && (there || absent && !p.cond.Absent()):
		return fsbase.Info{}, p.precondition(failed)
	case dropped && p.cond.Absent() && there, dropped && p.cond.Version() != "" && (absent || there && p.fs.versionOf(a) != p.cond.Version()):
		return fsbase.Info{}, p.precondition(failed)
	case dropped:
		return fsbase.Info{}, driverError{nil, fmt.Errorf("somebody has committed the name meanwhile: %w", failed)}
	}
	return fsbase.Info{}, unknown(ctx, failed)
}

// lost tells whether err says that the condition does not hold.
func (p *publication) lost(err error) bool {
	class := classOf(err)
	return class == fsbase.ErrPrecondition || class == fs.ErrNotExist && p.cond.Version() != "" && isBlobNotFound(err)
}

// precondition is err, which says that the condition does not hold, in the
// class of C2 or C3.
func (p *publication) precondition(err error) error {
	if p.cond.Absent() {
		return driverError{fsbase.ErrExist(), err}
	}
	return driverError{fsbase.ErrPrecondition, err}
}
