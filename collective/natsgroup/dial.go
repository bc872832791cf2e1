package natsgroup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// connect makes one attempt to connect a rank. lost is called once when the
// connection breaks, not when it is closed.
func connect(ctx context.Context, p Place, o Options, e *embedded, lost func(error)) (*link, error) {
	s, err := newSeal(o)
	if err != nil {
		return nil, err
	}
	opts := []nats.Option{
		// A message that came while nobody was connected is gone for ever.
		nats.NoReconnect(),
		nats.Name("godcp rank " + strconv.Itoa(p.Rank)),
		nats.Timeout(5 * time.Second),
		nats.FlusherTimeout(o.Silence),
		nats.NoCallbacksAfterClientClose(),
		nats.ClosedHandler(func(nc *nats.Conn) {
			err := nc.LastError()
			if err == nil {
				err = io.EOF
			}
			lost(err)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				lost(err)
			}
		}),
	}
	var nc *nats.Conn
	w := &wire{}
	defer context.AfterFunc(ctx, w.cut)()
	if o.URL != "" {
		nc, err = nats.Connect(o.URL, append(append(opts, nats.SetCustomDialer(dialer{ctx, w})), o.outside()...)...)
	} else {
		_, sign, loginErr := login(o.Token)
		if loginErr != nil {
			return nil, loginErr
		}
		opts = append(opts, sign)
		if e != nil {
			nc, err = e.connect(w, opts...)
		} else {
			nc, err = nats.Connect("nats://"+net.JoinHostPort(p.Host, strconv.Itoa(p.Port)),
				append(opts, nats.SetCustomDialer(dialer{ctx, w}))...)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	l, err := newLink(nc, w, s)
	if err != nil {
		nc.Close()
	}
	return l, err
}

// dialer dials for as long as a context allows, and keeps what it dialled.
type dialer struct {
	ctx  context.Context
	wire *wire
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, 5*time.Second)
	defer cancel()
	var nd net.Dialer
	c, err := nd.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return d.wire.keep(c), nil
}
