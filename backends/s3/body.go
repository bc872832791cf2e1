package s3

import (
	"errors"
	"io"
	"sync"
)

// body is a part of a source on its way. It remembers how far the transport
// came, and that the source failed: what the transport makes of it looks like a
// fault of the line.
type body struct {
	*io.SectionReader

	mu   sync.Mutex // a transport may read on after its answer
	left int64      // not read yet
	err  error      // of the source
	over bool       // nothing more is handed out
}

func newBody(src io.ReaderAt, off, n int64) *body {
	return &body{SectionReader: io.NewSectionReader(src, off, n), left: n}
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.SectionReader.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, errOver
	}
	b.left -= int64(n)
	if err != nil && (err != io.EOF || b.left > 0) {
		b.err = &sourceError{b.Size() - b.left, ended(err)}
	}
	return n, err
}

// errOver is what a transport reads that goes on after it has failed.
var errOver = errors.New("the request is over")

// judged is the error of the request that the body was for, with what the body
// knows about it. Nothing is read afterwards.
func (b *body) judged(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	var short *cutOff
	switch {
	case err == nil:
		return nil
	case b.err != nil:
		return b.err
	case (b.left > 0 || errors.As(err, &short)) && status(err) == 0 && !neverSent(err):
		return &undelivered{err}
	}
	return err
}

// undelivered: there was no answer, and the store cannot have had all bytes. It
// was told their number and their sum before them, so it has published nothing.
type undelivered struct{ err error }

func (u *undelivered) Error() string { return u.err.Error() }
func (u *undelivered) Unwrap() error { return u.err }
