package s3

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// site is what kind of store a client talks to.
type site struct {
	endpoint  string // or the region, of AWS
	aws       bool
	loopback  bool
	directory bool // a directory bucket: S3 Express One Zone
}

func siteOf(o s3.Options, bucket string) site {
	s := site{endpoint: aws.ToString(o.BaseEndpoint), aws: true}
	if hasResolver(o) {
		s.endpoint = fmt.Sprintf("resolver %p", o.EndpointResolverV2)
		s.aws = false // who knows
	} else if s.endpoint != "" {
		host := ""
		if u, err := url.Parse(s.endpoint); err == nil {
			host = strings.ToLower(u.Hostname())
		}
		s.aws = isAWS(host)
		ip := net.ParseIP(host)
		s.loopback = host == "localhost" || ip != nil && ip.IsLoopback()
	} else {
		s.endpoint = "aws " + o.Region
	}
	s.directory = s.aws && strings.HasSuffix(bucket, "--x-s3")
	return s
}

// hasResolver tells a client whose endpoints come from its owner's code.
func hasResolver(o s3.Options) bool {
	standard := reflect.TypeOf(s3.NewDefaultEndpointResolverV2())
	return o.EndpointResolverV2 != nil && reflect.TypeOf(o.EndpointResolverV2) != standard
}

// isAWS tells the hosts of Amazon from those of stores that are only like S3.
func isAWS(host string) bool {
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}

// conditional is what a site is believed until someone says otherwise.
func (s site) conditional() Conditional {
	if s.aws {
		return ConditionalOn
	}
	return ConditionalProbe
}

// parallel is how many parts of one file go up at once. Measured on two cores:
// to a server on the same machine more than four make it slower.
func (s site) parallel() int {
	if s.loopback {
		return 4
	}
	return 16
}
