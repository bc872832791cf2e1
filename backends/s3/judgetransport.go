package s3

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// neverSent tells an error of making the connection.
func neverSent(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

// judgeTransport judges what did not get as far as an answer.
func judgeTransport(err error) (*answer, fate) {
	var send *smithyhttp.RequestSendError
	if !errors.As(err, &send) {
		var signing *v4.SigningError
		if errors.As(err, &signing) || strings.Contains(err.Error(), "get identity") {
			return answerOf(err, fs.ErrPermission), refused // no credentials
		}
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
