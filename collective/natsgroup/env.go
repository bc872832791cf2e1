package natsgroup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
)

// Place is which rank a process is, and where rank 0 is.
type Place struct {
	Rank, Size int

	// Host and Port are where rank 0's server listens, as the other ranks reach
	// it. They do not matter with Options.URL, or for a group of one.
	Host string
	Port int
}

// FromEnv joins the group that the environment describes, as torchrun does: RANK,
// WORLD_SIZE, MASTER_ADDR and MASTER_PORT. It returns when all ranks are there.
//
// The port is GODCP_MASTER_PORT if that is set, else MASTER_PORT. Where torchrun
// itself listens on MASTER_PORT (it says so in TORCHELASTIC_USE_AGENT_STORE) it
// is the port after that.
func FromEnv(ctx context.Context, o Options) (*Group, error) {
	p, o, err := readEnv(os.Getenv, o)
	if err != nil {
		return nil, fmt.Errorf("natsgroup: %w", err)
	}
	return Join(ctx, p, o)
}

func readEnv(env func(string) string, o Options) (p Place, _ Options, err error) {
	o = fromEnv(env, o)
	if o.TLS == nil {
		if o.TLS, err = authorities(env("GODCP_NATS_CA")); err != nil {
			return p, o, err
		}
	}
	if p.Rank, err = number(env, "RANK", 0, 1<<20); err != nil {
		return p, o, err
	}
	if p.Size, err = number(env, "WORLD_SIZE", 1, 1<<20); err != nil {
		return p, o, err
	}
	if o.URL != "" || p.Size == 1 {
		return p, o, nil // nobody needs to find rank 0
	}
	if p.Host = env("MASTER_ADDR"); p.Host == "" {
		return p, o, errors.New("MASTER_ADDR is not set")
	}
	if env("GODCP_MASTER_PORT") != "" {
		p.Port, err = number(env, "GODCP_MASTER_PORT", 1, 65535)
		return p, o, err
	}
	if p.Port, err = number(env, "MASTER_PORT", 1, 65534); err == nil && env("TORCHELASTIC_USE_AGENT_STORE") == "True" {
		p.Port++
	}
	return p, o, err
}

// fromEnv fills in the options that the caller has left out.
func fromEnv(env func(string) string, o Options) Options {
	for _, d := range []struct {
		field *string
		names []string
	}{
		{&o.Token, []string{"GODCP_JOB_TOKEN"}},
		{&o.Job, []string{"GODCP_JOB_ID", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID"}},
		{&o.URL, []string{"GODCP_NATS_URL"}},
		{&o.Credentials, []string{"GODCP_NATS_CREDS"}},
	} {
		for _, name := range d.names {
			if *d.field == "" {
				*d.field = env(name)
			}
		}
	}
	return o
}

func number(env func(string) string, name string, least, most int) (int, error) {
	text := env(name)
	if text == "" {
		return 0, fmt.Errorf("%s is not set: start the program with torchrun, or see docs/ranks.md", name)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s is %q, not a number from %d to %d", name, text, least, most)
	}
	return n, nil
}

func authorities(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("GODCP_NATS_CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("GODCP_NATS_CA: no certificate in %s", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// check finds what cannot work. It never shows the token.
func (p Place) check(o Options) error {
	switch {
	case p.Size < 1 || p.Rank < 0 || p.Rank >= p.Size:
		return fmt.Errorf("natsgroup: rank %d of %d", p.Rank, p.Size)
	case p.Size == 1:
		return nil
	case o.URL == "" && (p.Host == "" || p.Port < 1 || p.Port > 65535):
		return fmt.Errorf("natsgroup: rank 0 at %q, port %d", p.Host, p.Port)
	case o.Token == "" && (o.URL != "" || !isLoopback(p.Host)):
		return errors.New("natsgroup: no job token (GODCP_JOB_TOKEN), and others can reach the server")
	}
	for one := range strings.SplitSeq(o.URL, ",") {
		if _, err := url.Parse(strings.TrimSpace(one)); err != nil {
			return errors.New("natsgroup: the URL of the NATS server is none") // err would show a password in it
		}
	}
	return nil
}

// isLoopback tells hosts that mean this machine for sure. A name that happens to
// resolve to a loopback address does not: elsewhere it may not.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// outside are the options of the connection to a server that runs already.
func (o Options) outside() []nats.Option {
	var opts []nats.Option
	if o.TLS != nil {
		opts = append(opts, nats.Secure(o.TLS))
	}
	if o.Credentials != "" {
		opts = append(opts, nats.UserCredentials(o.Credentials))
	}
	return append(opts, o.NATS...)
}
