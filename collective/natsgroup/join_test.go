package natsgroup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/godcp/godcp/collective"
)

// named wants an error that names a rank.
func named(t *testing.T, err error, rank int, reason error) {
	t.Helper()
	var e *collective.RankError
	if !errors.As(err, &e) || e.Rank != rank || reason != nil && !errors.Is(err, reason) {
		t.Errorf("got %v, want rank %d named, for %v", err, rank, reason)
	}
}

// TestNobodyComes: ranks that do not appear are named.
func TestNobodyComes(t *testing.T) {
	o := quick
	o.JoinTimeout = 300 * time.Millisecond
	p := Place{Size: 4, Host: "127.0.0.1", Port: freePort(t)}
	late := make(chan error, 1)
	go func() {
		q := p
		q.Rank = 2
		_, err := Join(t.Context(), q, quick) // it learns from rank 0
		late <- err
	}()
	_, err := Join(t.Context(), p, o)
	if err == nil || !strings.Contains(err.Error(), "have not joined") {
		t.Errorf("rank 0: %v", err)
	}
	named(t, err, 1, context.DeadlineExceeded)
	named(t, <-late, 1, context.DeadlineExceeded)

	p.Rank = 3 // and now there is no rank 0
	_, err = Join(t.Context(), p, o)
	named(t, err, 0, context.DeadlineExceeded)
}

// TestCancelledJoin ends at once.
func TestCancelledJoin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := Place{Size: 2, Host: "127.0.0.1", Port: freePort(t)}
	time.AfterFunc(50*time.Millisecond, cancel)
	for _, rank := range []int{0, 1} {
		p.Rank = rank
		if _, err := Join(ctx, p, quick); !errors.Is(err, context.Canceled) {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}

// TestStranger: without the token nobody joins, and the group is not disturbed.
func TestStranger(t *testing.T) {
	const wrong = "a token that is not the job's"
	t.Run("embedded", func(t *testing.T) {
		p := Place{Host: "127.0.0.1", Port: freePort(t)}
		groups := open(t, p, 2, quick)
		o := quick
		o.Token = wrong
		p.Rank, p.Size = 1, 2
		_, err := Join(t.Context(), p, o)
		if err == nil || !strings.Contains(err.Error(), "another token") || strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v", err)
		}
		meet(t, groups)
	})
	t.Run("outer", func(t *testing.T) {
		o := quick
		o.URL, o.Job = outer(t, server.Options{}), newJob()
		p := Place{Rank: 1, Size: 2}
		strange := o
		strange.Token, strange.JoinTimeout = wrong, 300*time.Millisecond
		failed := make(chan error, 1)
		go func() {
			_, err := Join(t.Context(), p, strange)
			failed <- err
		}()
		if err := <-failed; err == nil || strings.Contains(err.Error(), wrong) || strings.Contains(err.Error(), token) {
			t.Errorf("got %v", err)
		}
		groups := open(t, p, 2, o)
		strange.JoinTimeout = 100 * time.Millisecond
		if _, err := Join(t.Context(), p, strange); err == nil {
			t.Error("joined")
		}
		meet(t, groups)
	})
}

// meet makes every rank call once.
func meet(t *testing.T, groups []*Group) {
	t.Helper()
	errs := make(chan error, len(groups))
	for _, g := range groups {
		go func() { errs <- g.Barrier(t.Context()) }()
	}
	for range groups {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestMisfits: a process with another world size, or a rank that there is, is
// refused and told why.
func TestMisfits(t *testing.T) {
	p := Place{Host: "127.0.0.1", Port: freePort(t)}
	groups := open(t, p, 2, quick)
	for _, tt := range []struct {
		p    Place
		want string
	}{
		{Place{1, 2, p.Host, p.Port}, "there is a rank 1"},
		{Place{2, 3, p.Host, p.Port}, "the group has 2 ranks"},
	} {
		if _, err := Join(t.Context(), tt.p, quick); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
	meet(t, groups)
}

// TestRestartedWhileJoining: a process that ends before all are there may be
// started again.
func TestRestartedWhileJoining(t *testing.T) {
	p := Place{Rank: 1, Size: 3, Host: "127.0.0.1", Port: freePort(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := Join(ctx, p, quick)
		ended <- err
	}()
	first := make(chan *Group, 1)
	go func() {
		q := p
		q.Rank = 0
		g, err := Join(t.Context(), q, quick)
		if err != nil {
			t.Error(err)
		}
		first <- g
	}()
	if err := <-ended; err == nil {
		t.Fatal("a group of three with two")
	}
	groups := make(chan *Group, 2)
	for _, rank := range []int{1, 2} {
		q := p
		q.Rank = rank
		go func() {
			g, err := Join(t.Context(), q, quick)
			if err != nil {
				t.Error(err)
			}
			groups <- g
		}()
	}
	all := []*Group{<-first, <-groups, <-groups}
	if t.Failed() {
		return
	}
	meet(t, all)
	for _, g := range all[1:] {
		g.Close()
	}
	all[0].Close()
}

// TestGhost: a process that said hello and died, which nobody knows yet, is no
// part of a group: the one that is started in its place is.
func TestGhost(t *testing.T) {
	o := quick
	o.URL, o.Job = outer(t, server.Options{}), newJob()
	o.Heartbeat, o.Silence = time.Minute, time.Hour
	l, err := connectUntil(t.Context(), Place{Rank: 1, Size: 3}, o, nil, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close(grace)
	joined := make(chan *Group, 3)
	join := func(rank int) {
		g, err := Join(t.Context(), Place{Rank: rank, Size: 3}, o)
		if err != nil {
			t.Error(err)
		}
		joined <- g
	}
	go join(0)
	go join(2)
	// Rank 2 begins when the ghost has been heard.
	var all []*Group
	for len(all) == 0 {
		l.send(root(o)+".join", "", message{kind: hello, rank: 1, world: 3, text: root(o) + ".ghost"})
		select {
		case g := <-joined:
			all = append(all, g)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if g := all[0]; g == nil || g.Rank() != 2 {
		t.Fatalf("%v has joined", g)
	}
	go join(1)
	all = append(all, <-joined, <-joined)
	if !t.Failed() {
		meet(t, all)
	}
	for _, g := range all {
		if g != nil && g.Rank() != 0 {
			g.Close()
		}
	}
	for _, g := range all {
		if g != nil {
			g.Close()
		}
	}
}

// TestTLS: a cluster with certificates and passwords.
func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	o := quick
	url := outer(t, server.Options{
		TLSConfig: &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12},
		Username:  "me", Password: "secret",
	})
	o.Job, o.URL = newJob(), strings.Replace(url, "://", "://me:secret@", 1)
	o.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	o.TLS.RootCAs.AddCert(web.Certificate())
	meet(t, open(t, Place{}, 2, o))

	o.URL, o.JoinTimeout = strings.Replace(url, "://", "://me:wrong-secret@", 1), 5*time.Second
	_, err := Join(t.Context(), Place{Rank: 1, Size: 2}, o)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("wrong password: %v", err)
	}
	o.URL, o.TLS = url, &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	_, err = Join(t.Context(), Place{Rank: 1, Size: 2}, o)
	if unknown := (&tls.CertificateVerificationError{}); !errors.As(err, &unknown) {
		t.Errorf("a server that nobody vouches for: %v", err)
	}
}

// TestAnother: groups of one job share a server, and end one by one.
func TestAnother(t *testing.T) {
	groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 3, quick)
	more := make([]*Group, 3)
	errs := make(chan error, 3)
	for rank, g := range groups {
		go func() {
			var err error
			more[rank], err = g.Another(t.Context(), "async")
			errs <- err
		}()
	}
	for range groups {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range []int{2, 1, 0} { // rank 0 with the server is still needed
		groups[g].Close()
	}
	meet(t, more)
	for _, g := range []int{2, 1, 0} {
		more[g].Close()
	}
	if _, err := groups[0].Another(t.Context(), "late"); err == nil {
		t.Error("a group without a server")
	}
}
