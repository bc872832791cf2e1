package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// A client of one's own: its credentials, its transport, and a key that S3
// encrypts with and does not keep.
func ExampleNew() {
	transport, stop := fakes3.Start(fakes3.New("models")) // in place of S3
	defer stop()
	client := awss3.New(awss3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("https://s3.eu-west-1.amazonaws.com"), UsePathStyle: true,
		Credentials: aws.AnonymousCredentials{}, HTTPClient: &http.Client{Transport: plain{transport}},
	})
	fsys, err := s3.New(client, "models", "run7/step-1000", s3.Options{SSECustomerKey: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	_, err = fsbase.Publish(ctx, fsys, ".metadata", []byte("first"), fsbase.IfAbsent())
	fmt.Println(err)
	_, err = fsbase.Publish(ctx, fsys, ".metadata", []byte("second"), fsbase.IfAbsent())
	fmt.Println(err)
	// Output:
	// <nil>
	// publish .metadata: commit .metadata: file already exists: PutObject: 412 PreconditionFailed: PreconditionFailed on purpose (request REQUEST)
}

// plain sends over HTTP what is meant for HTTPS.
type plain struct{ inner http.RoundTripper }

func (p plain) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return p.inner.RoundTrip(r)
}

// Importing the package is enough to open its URLs. Nothing is asked before it
// is needed.
func ExampleRegister() {
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	var mux fsbase.Mux
	s3.Register(&mux)
	fsys, err := mux.Open(context.Background(), "s3://models/run7?region=eu-west-1&storage_class=STANDARD_IA")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fsbase.Limits(fsys).ReadsInFlight, "ranged reads at once suit it")
	_, err = mux.Open(context.Background(), "s3://models/run7?secret=…")
	fmt.Println(err)
	// Output:
	// 32 ranged reads at once suit it
	// open s3://models/run7: scheme "s3" has no parameter "secret": it has region, endpoint, path_style, profile, anonymous, sse, kms_key_id, request_payer, expected_bucket_owner, storage_class, conditional
}
