package s3

import (
	"context"
	"crypto/md5"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// settings are what every request of this package has in common, whatever the
// client was made for.
func (f *FS) settings(o *s3.Options) {
	o.Retryer = aws.NopRetryer{} // see repeat
	// Checksums are made here; the SDK's default kind, a trailer, is unknown to
	// many stores.
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.HTTPClient = watched{inner: o.HTTPClient, limit: f.stall}
	if f.o.RequestPayer {
		o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("X-Amz-Request-Payer", "requester"))
	}
	if f.o.ExpectedBucketOwner != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("X-Amz-Expected-Bucket-Owner", f.o.ExpectedBucketOwner))
	}
}

// unsigned leaves the body out of the signature: its CRC-32C, in a header, is
// in it. The SHA-256 that it saves costs more than all the rest of an upload.
func unsigned(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
}

// operation is a method of the client.
type operation[In, Out any] func(context.Context, *In, ...func(*s3.Options)) (*Out, error)

// ask makes a request that may be made twice, until it has an answer.
func ask[In, Out any](ctx context.Context, f *FS, op operation[In, Out], in *In) (*Out, error) {
	var out *Out
	a, _ := repeat(ctx, true, func() (err error) {
		out, err = op(ctx, in, f.settings)
		return err
	})
	if a != nil {
		return nil, a
	}
	return out, nil
}

// customerKey is the three headers of SSE-C, or nothing.
func (f *FS) customerKey() (algorithm, key, sum *string) {
	k := f.o.SSECustomerKey
	if k == nil {
		return nil, nil, nil
	}
	digest := md5.Sum(k) // as S3 has it: against a key that was damaged on its way
	return aws.String("AES256"), aws.String(base64.StdEncoding.EncodeToString(k)),
		aws.String(base64.StdEncoding.EncodeToString(digest[:]))
}

// encryption is how the store encrypts what is written, or nothing.
func (f *FS) encryption() (sse types.ServerSideEncryption, kmsKey *string) {
	return types.ServerSideEncryption(f.o.SSE), nonEmpty(f.o.KMSKeyID)
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
