package natsgroup

import (
	"crypto/tls"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// Options say how ranks find each other and how long they wait. All ranks of a
// group have the same. A zero field has the default that is named.
type Options struct {
	// Token is the secret of the job: 16 random bytes or more, in any spelling.
	// Default: the environment's GODCP_JOB_TOKEN. It may be empty only where
	// rank 0's server can be reached from the same machine alone.
	Token string

	// Job tells the groups of different jobs on one server apart. Default:
	// GODCP_JOB_ID, else TORCHELASTIC_RUN_ID, else SLURM_JOB_ID, else "job".
	Job string

	// Name tells the groups of one job apart, see Group.Another.
	Name string

	// URL is a NATS server, or several with commas, that runs already. Default:
	// GODCP_NATS_URL; if that is empty too, rank 0 runs one.
	URL string

	// Credentials is the file with the NATS credentials for URL. Default:
	// GODCP_NATS_CREDS.
	Credentials string

	// TLS is how to connect to URL, beside what its scheme says. Default: with
	// the authorities in the file GODCP_NATS_CA if that is set.
	TLS *tls.Config

	// NATS is added to the options of the connection to URL.
	NATS []nats.Option

	// CallTimeout bounds every call, whatever its context allows: from when the
	// first rank has called until all have. Ranks that have not called by then
	// have given up. Default: 30 minutes, as in torch, since a rank may wait for
	// the slowest write; that a process died is known much sooner.
	CallTimeout time.Duration

	// JoinTimeout bounds how long ranks wait for each other to appear. Default: 5
	// minutes.
	JoinTimeout time.Duration

	// Heartbeat is how often a rank tells that it lives. Default: 1 second.
	Heartbeat time.Duration

	// Silence is after how long without any sign of life a rank has given up.
	// Default: 15 seconds.
	Silence time.Duration

	// Linger bounds how long Close of rank 0 waits for the others to have got
	// all results. Default: 5 seconds.
	Linger time.Duration

	// MaxBytes is the most that one call carries, from all ranks together; more
	// makes a rank give up. Default: 1 GiB.
	MaxBytes int64
}

// withDefaults fills in what does not come from the environment.
func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.CallTimeout, 30 * time.Minute},
		{&o.JoinTimeout, 5 * time.Minute},
		{&o.Heartbeat, time.Second},
		{&o.Silence, 15 * time.Second},
		{&o.Linger, 5 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 30
	}
	if o.Job == "" {
		o.Job = "job"
	}
	return o
}

func (o Options) check() error {
	switch {
	case min(o.CallTimeout, o.JoinTimeout, o.Heartbeat, o.Silence, o.Linger) < 0 || o.MaxBytes < 0:
		return errors.New("natsgroup: an option is negative")
	case o.Silence < 2*o.Heartbeat:
		return errors.New("natsgroup: Silence must be at least two times Heartbeat")
	}
	return nil
}

// Reasons beside those of the package collective for which a rank is taken to
// have given up.
var (
	// ErrGone: nobody listens any more where the rank was; its process has ended.
	ErrGone = errors.New("its process has gone")

	// ErrSilent: there was no sign of life for too long.
	ErrSilent = errors.New("no sign of life")

	// ErrDisconnected: the connection to the NATS server has broken.
	ErrDisconnected = errors.New("lost the connection to the NATS server")

	// ErrTooLarge: a call carries more than Options.MaxBytes.
	ErrTooLarge = errors.New("more data than a call may carry")
)
