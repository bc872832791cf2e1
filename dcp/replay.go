package dcp

import (
	"io"

	"github.com/godcp/godcp/ckpterr"
)

// What a replay keeps in memory, and how often it starts again, which bounds
// the work that an archive in an odd order makes.
const (
	replayHead  = 4 << 20
	replayTail  = 128 << 10
	replayOpens = 8
)

// replay is an io.ReaderAt over a stream that is only read forward, such as an
// item with its transforms undone. It keeps the first and the last bytes and
// opens the stream again for what lies between. It is for one goroutine.
type replay struct {
	open func() (io.ReadCloser, error)
	size int64   // of all of the stream, bytes
	buf  *[]byte // scratch memory of head
	head []byte
	tail []byte

	cur   io.ReadCloser
	pos   int64 // of cur
	opens int
}

// newReplay reads the stream once, to its end. More than limit bytes are
// LimitExceeded.
func newReplay(open func() (io.ReadCloser, error), limit int64) (*replay, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := &replay{open: open, buf: getScratch(replayHead)}
	if err := p.readOnce(r, limit); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *replay) readOnce(r io.Reader, limit int64) error {
	n, err := io.ReadFull(r, *p.buf)
	p.head, p.size = (*p.buf)[:n], int64(n)
	var before, now []byte
	if err == nil {
		before, now = make([]byte, 0, 2*replayTail), make([]byte, replayTail)
	}
	for err == nil && p.size <= limit {
		n, err = io.ReadFull(r, now)
		p.size += int64(n)
		before = append(before[max(0, len(before)-replayTail):], now[:n]...)
	}
	switch {
	case p.size > limit:
		return ckpterr.New(ckpterr.LimitExceeded, "item unpacks to more than %d bytes", limit)
	case err != io.EOF && err != io.ErrUnexpectedEOF: // of ReadFull at the stream's end
		return err
	}
	p.tail = before
	return nil
}

// ReadAt reads from memory, or forward in the stream.
func (p *replay) ReadAt(b []byte, off int64) (int, error) {
	if off >= p.size {
		return 0, io.EOF
	}
	if int64(len(b)) > p.size-off {
		n, err := p.ReadAt(b[:p.size-off], off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	if off+int64(len(b)) <= int64(len(p.head)) {
		return copy(b, p.head[off:]), nil
	}
	if at := off - (p.size - int64(len(p.tail))); at >= 0 {
		return copy(b, p.tail[at:]), nil
	}
	if err := p.seek(off); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(p.cur, b)
	p.pos += int64(n)
	return n, err
}

// seek brings the stream to off.
func (p *replay) seek(off int64) error {
	if p.cur == nil || off < p.pos {
		if p.opens++; p.opens > replayOpens {
			return ckpterr.New(ckpterr.LimitExceeded, "the archive's entries are in an order that takes more than %d passes", replayOpens)
		}
		p.rewind()
		cur, err := p.open()
		if err != nil {
			return err
		}
		p.cur, p.pos = cur, 0
	}
	n, err := io.CopyN(io.Discard, p.cur, off-p.pos)
	p.pos += n
	return err
}

func (p *replay) rewind() {
	if p.cur != nil {
		p.cur.Close() // read from only
		p.cur = nil
	}
}

// close gives the memory back: nothing that was read may be used any more.
func (p *replay) close() {
	p.rewind()
	putScratch(p.buf)
}
