package s3

import (
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
)

// What a body knows of a request that broke off.
func TestBodyJudges(t *testing.T) {
	write := &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
	read := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	for _, tt := range []struct {
		name  string
		read  int64
		err   error
		short bool
	}{
		{"nothing read", 0, io.EOF, true},
		{"some read", 9, read, true},
		{"all read, no answer", 10, read, false},
		{"all read, the connection broke while it took them", 10, &cutOff{read}, true},
		{"all read, something else was not written", 10, write, false},
		{"never sent", 0, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBody(strings.NewReader("0123456789abc"), 0, 10)
			if _, err := io.CopyN(io.Discard, b, tt.read); err != nil {
				t.Fatal(err)
			}
			err := b.judged(&url.Error{Op: "Put", Err: tt.err})
			var u *undelivered
			if errors.As(err, &u) != tt.short {
				t.Errorf("%T %v", err, err)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("%v hides %v", err, tt.err)
			}
			if n, err := b.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Errorf("it hands out more: %d, %v", n, err)
			}
		})
	}
}
