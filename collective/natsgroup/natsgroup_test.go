package natsgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/collective/internal/grouptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "3f0d1c6a5b7e49d2"

// quick are the options of a group whose ranks notice each other's fate soon.
var quick = Options{Token: token, Heartbeat: 50 * time.Millisecond, Silence: 20 * time.Second, JoinTimeout: 20 * time.Second}

var jobs atomic.Int64

// newJob is a name that no other test has.
func newJob() string { return "job " + strconv.FormatInt(jobs.Add(1), 10) }

// outer starts a server such as a cluster would have.
func outer(t *testing.T, o server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoLog, o.NoSigs = "127.0.0.1", server.RANDOM_PORT, true, true
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s.ClientURL()
}

// freePort is one that nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// tryOpen makes the ranks of a group join at once.
func tryOpen(ctx context.Context, p Place, n int, o Options) ([]*Group, []error) {
	groups, errs := make([]*Group, n), make([]error, n)
	var wg sync.WaitGroup
	for rank := range n {
		wg.Go(func() {
			p := p
			p.Rank, p.Size = rank, n
			groups[rank], errs[rank] = Join(ctx, p, o)
		})
	}
	wg.Wait()
	return groups, errs
}

// open is tryOpen for groups that come to be. They are closed with the test.
func open(t *testing.T, p Place, n int, o Options) []*Group {
	t.Helper()
	groups, errs := tryOpen(t.Context(), p, n, o)
	for rank, err := range errs {
		if err != nil {
			t.Fatalf("rank %d: %v", rank, err)
		}
	}
	t.Cleanup(func() {
		var wg sync.WaitGroup
		for _, g := range groups {
			wg.Go(func() { g.Close() })
		}
		wg.Wait()
	})
	return groups
}

func asGroups(groups []*Group) (all []collective.Group) {
	for _, g := range groups {
		all = append(all, g)
	}
	return all
}

// openEmbedded makes groups whose rank 0 has the server.
func openEmbedded(t *testing.T, n int) []collective.Group {
	t.Helper()
	return asGroups(open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, n, quick))
}

func TestEmbedded(t *testing.T) { grouptest.Run(t, openEmbedded) }

// TestOuter has all groups on one server, as many at once as there are.
func TestOuter(t *testing.T) {
	o := quick
	o.URL = outer(t, server.Options{})
	grouptest.Run(t, func(t *testing.T, n int) []collective.Group {
		o := o
		o.Job = newJob()
		return asGroups(open(t, Place{}, n, o))
	})
}

// TestSteps: what fails on some ranks is one error on all, with every one of
// them, and the group goes on.
func TestSteps(t *testing.T) {
	groups := open(t, Place{Host: "127.0.0.1", Port: freePort(t)}, 4, quick)
	for range 2 {
		errs := make([]error, len(groups))
		var wg sync.WaitGroup
		for rank, g := range groups {
			wg.Go(func() {
				_, errs[rank] = collective.AllReduce(t.Context(), g, "write", 0, func() (int, error) {
					if rank%2 == 1 {
						return 0, fmt.Errorf("disk %d: %w", rank, fs.ErrPermission)
					}
					return rank, nil
				}, func([]int) (int, error) { return 0, errors.New("not to be called") })
			})
		}
		wg.Wait()
		const want = `step "write" failed on 2 ranks; rank 1: disk 1: permission denied; rank 3: disk 3: permission denied`
		for rank, err := range errs {
			if err == nil || err.Error() != want || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("rank %d: %v", rank, err)
			}
		}
	}
	meet(t, groups)
}
