package s3

import (
	"context"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
)

// transport is what all clients made from URLs send with, so that opening one
// step of a run after another opens no new connections. HTTP/1.1: parts that
// share a connection share its speed.
var transport = sync.OnceValue(func() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = 256
		t.MaxIdleConnsPerHost = 128
		t.DisableCompression = true
		t.WriteBufferSize = 128 << 10
		t.ReadBufferSize = 32 << 10
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
	})
})

// client makes the client of a URL. It reads the environment and the files that
// all AWS tools share, and makes no request.
func (l location) client(ctx context.Context) (*s3.Client, error) {
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(transport()),
		config.WithLogger(logging.Nop{}), // a library does not write to stderr; errors say what happened
	}
	if l.region != "" {
		load = append(load, config.WithRegion(l.region))
	}
	if l.profile != "" {
		load = append(load, config.WithSharedConfigProfile(l.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, invalid("the AWS configuration: %s", clean(err.Error()))
	}
	c := s3.NewFromConfig(cfg, func(o *s3.Options) {
		if l.endpoint != "" {
			o.BaseEndpoint = &l.endpoint
		}
		if l.anonymous {
			o.Credentials = aws.AnonymousCredentials{}
		}
		elsewhere := !siteOf(*o, l.bucket).aws
		if elsewhere && o.Region == "" {
			o.Region = "us-east-1" // signatures need one, and most stores take any
		}
		// Few servers of one's own have a host name for each bucket.
		o.UsePathStyle = elsewhere
		if l.pathStyle != nil {
			o.UsePathStyle = *l.pathStyle
		}
	})
	if c.Options().Region == "" {
		return nil, invalid("no region: say region= in the URL, AWS_REGION, or region in the profile")
	}
	return c, nil
}
