package s3

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// everything calls every operation once.
func everything(t *testing.T, f *FS) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	put(t, f, "a", []byte("x"))
	_, err := writes["upload"](ctx, f, "large", large, fsbase.Condition{})
	must(err)
	_, err = readAll(ctx, f, "a")
	must(err)
	_, err = f.Stat(ctx, "a")
	must(err)
	_, err = f.Copy(ctx, "a", "b", fsbase.Condition{})
	must(err)
	_, err = f.Copy(ctx, "a", "c", fsbase.IfAbsent())
	must(err)
	must(f.RmFile(ctx, "a"))
	w, err := f.CreateStream(ctx, "d")
	must(err)
	_, err = w.Write(large)
	must(err)
	must(w.Close())
	for _, err := range f.RemoveAll(ctx, "") {
		must(err)
	}
}

// Which options are in the headers of which requests.
func TestOptionsInRequests(t *testing.T) {
	const owner, payer, sse, kms, class = "X-Amz-Expected-Bucket-Owner", "X-Amz-Request-Payer", "X-Amz-Server-Side-Encryption",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "X-Amz-Storage-Class"
	const key, source = "X-Amz-Server-Side-Encryption-Customer-Key", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key"
	begins := "PutObject CopyObject CreateMultipartUpload"
	keyed := begins + " UploadPart UploadPartCopy CompleteMultipartUpload GetObject HeadObject"
	tests := []struct {
		name    string
		o       Options
		headers map[string]string // header to operations, "" for all
	}{
		{"owner", Options{ExpectedBucketOwner: "123456789012"}, map[string]string{owner: ""}},
		{"payer", Options{RequestPayer: true}, map[string]string{payer: ""}},
		{"kms", Options{SSE: "aws:kms", KMSKeyID: "k", StorageClass: "STANDARD_IA"}, map[string]string{sse: begins, kms: begins, class: begins}},
		{"customer key", Options{SSECustomerKey: bytes.Repeat([]byte{7}, 32)}, map[string]string{
			key: keyed, key + "-Md5": keyed, source: "CopyObject UploadPartCopy",
		}},
		{"none", Options{}, map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fakes3.New(bucket)
			tt.o.Conditional = ConditionalOn
			everything(t, open(t, s, "p", tt.o))
			seen := map[string]bool{}
			for _, r := range s.Requests() {
				seen[r.Op] = true
				for _, header := range []string{owner, payer, sse, kms, class, key, key + "-Md5", source} {
					ops, expected := tt.headers[header]
					expected = expected && (ops == "" || strings.Contains(" "+ops+" ", " "+r.Op+" "))
					if has := r.Header.Get(header) != ""; has != expected {
						t.Errorf("%s: %s there %v, want %v", r.Op, header, has, expected)
					}
				}
			}
			if len(seen) != 11 {
				t.Errorf("only %d operations: %v", len(seen), seen)
			}
		})
	}
}

// Bodies are in no signature, their checksums are, and trailers are unknown.
func TestBodiesHaveChecksums(t *testing.T) {
	s, f := newFS(t)
	everything(t, f)
	for _, r := range s.Requests() {
		upload := r.Op == "PutObject" || r.Op == "UploadPart"
		if upload && (r.Header.Get("X-Amz-Content-Sha256") != "UNSIGNED-PAYLOAD" ||
			!strings.Contains(r.Header.Get("Authorization"), "x-amz-checksum-crc32c")) {
			t.Errorf("%s: %v", r.Op, r.Header)
		}
		if r.Header.Get("X-Amz-Trailer") != "" || r.Header.Get("X-Amz-Sdk-Checksum-Algorithm") != "" {
			t.Errorf("%s has a checksum of the SDK's: %v", r.Op, r.Header)
		}
	}
}

// The client's own retries would repeat what may have been done.
func TestOneLayerRetries(t *testing.T) {
	s := fakes3.New(bucket)
	transport, stop := fakes3.Start(s)
	t.Cleanup(stop)
	c := s3.New(clientOver(transport).Options(), func(o *s3.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 5 })
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
	})
	f, err := New(c, bucket, "", Options{Conditional: ConditionalOn})
	if err != nil {
		t.Fatal(err)
	}
	s.Break(answering("PutObject", 0, 500, "InternalError"))
	_, err = writes["stream"](t.Context(), f, "a", []byte("x"), fsbase.IfAbsent())
	wantUnknown(t, err)
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestNoCredentials(t *testing.T) {
	s := fakes3.New(bucket)
	transport, stop := fakes3.Start(s)
	t.Cleanup(stop)
	c := s3.New(clientOver(transport).Options(), func(o *s3.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, http.ErrNoCookie
		})
	})
	f, err := New(c, bucket, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Exists(t.Context(), "a")
	wantErr(t, err, fs.ErrPermission)
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
}
