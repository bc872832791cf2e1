package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// neverSent tells an error of making the connection.
func neverSent(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

// neverSigned tells that there were no credentials to sign a request with. What
// a metadata service answered when it was asked for some is in such an error,
// and not the store's.
func neverSigned(err error) bool {
	var signing *v4.SigningError
	var op *smithy.OperationError
	return errors.As(err, &signing) || errors.As(err, &op) && strings.HasPrefix(op.Err.Error(), "get identity: ")
}

// judgeUnsigned judges what was never sent for that reason.
func judgeUnsigned(ctx context.Context, err error) (*answer, fate) {
	if ctx.Err() != nil {
		return answerOf(err, ctx.Err()), refused
	}
	const missing = "no credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the role of the machine (anonymous=true does without): "
	return &answer{class: fs.ErrPermission, text: missing + clean(err.Error()), err: err}, refused
}

// judgeTransport judges what did not get as far as an answer.
func judgeTransport(err error) (*answer, fate) {
	var send *smithyhttp.RequestSendError
	if !errors.As(err, &send) {
		var broken *brokenBody
		if errors.As(err, &broken) {
			return answerOf(err, nil), unclear
		}
		return answerOf(err, nil), refused // never sent
	}
	var cert *tls.CertificateVerificationError
	var name x509.HostnameError
	switch {
	case errors.As(err, &cert), errors.As(err, &name):
		return answerOf(err, nil), refused
	case neverSent(err):
		return answerOf(err, nil), undone
	}
	return answerOf(err, nil), unclear
}
