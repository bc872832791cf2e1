package gocloud

import (
	"bytes"
	"context"
	"errors"
	"hash/crc64"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
)

// The pauses between the requests of one call: doubled each time, and shortened
// by up to a half at random.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = 16 * time.Second
)

// again makes a request of a write on Azure until it succeeds, fails for good,
// or has failed for too long. Azure's client makes it once: it rewinds the body
// of a request that the transport may still be sending.
func (f *FS) again(ctx context.Context, call func(ctx context.Context, alive func()) error) error {
	once := policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
	for began, pause := time.Now(), firstPause; ; pause = min(2*pause, maxPause) {
		err := f.guarded(once, call)
		if err == nil || ctx.Err() != nil || !passing(err) || time.Since(began)+pause > f.patience {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause - rand.N(pause/2)):
		}
	}
}

// passing tells whether a request that failed may succeed when it is made again.
func passing(err error) bool {
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests ||
			answer.StatusCode == http.StatusRequestTimeout
	}
	var line *url.Error
	var network net.Error
	return errors.Is(err, errStalled) || errors.As(err, &line) || errors.As(err, &network) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// body is content as the client wants it. It tells that it is read, which may
// go on after the request has ended.
type body struct {
	bytes.Reader
	alive func()
}

func newBody(content []byte, alive func()) *body {
	return &body{*bytes.NewReader(content), alive}
}

func (b *body) Read(p []byte) (int, error) {
	b.alive()
	return b.Reader.Read(p)
}

func (b *body) Close() error { return nil }

var crc64Table = crc64.MakeTable(0x9a6c9329ac4bc9b5)

func sumOfPart(content []byte) azblob.TransferValidationType {
	return azblob.TransferValidationTypeCRC64(crc64.Checksum(content, crc64Table))
}
