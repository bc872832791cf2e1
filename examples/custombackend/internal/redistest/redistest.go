// Package redistest starts real Redis servers for tests.
package redistest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Password is what the servers ask for. No error may show it.
const Password = "correct-horse-battery"

// Server is a redis-server on 127.0.0.1 that answers a write only when it is
// on disk.
type Server struct {
	Addr string // host:port

	path string // of the binary
	dir  string
	cmd  *exec.Cmd
	life io.Closer // the server lives until it is closed
}

// guarded runs a command until its input ends, and then kills it: no server
// outlives the tests, however they end.
const guarded = `"$@" & read -r _; kill -9 $!; wait`

// Start starts a server, which ends with the test. Without a redis-server the
// test is skipped, or fails if GODCP_REQUIRE, a comma-separated list, has
// "redis".
func Start(t testing.TB) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("GODCP_REQUIRE"), ","), "redis") {
			t.Fatalf("GODCP_REQUIRE has redis: %v", err)
		}
		t.Skip("NOT TESTED against Redis: there is no redis-server; Debian and Ubuntu have it in the package redis-server")
	}
	s := &Server{Addr: freeAddr(t), path: path, dir: t.TempDir()}
	s.start(t)
	t.Cleanup(func() { s.stop(t) })
	return s
}

// Restart kills the server with SIGKILL and starts it again on what is on its
// disk: the process is lost and what it had not written, but not what the
// operating system had taken from it. A loss of power takes that too.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.stop(t)
	s.start(t)
}

// URL is the redis URL of a folder.
func (s *Server) URL(folder string) string {
	return fmt.Sprintf("redis://:%s@%s/%s", Password, s.Addr, folder)
}

// Client is a client of a database, closed with the test.
func (s *Server) Client(t testing.TB, db int) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Password: Password, DB: db})
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing a client: %v", err)
		}
	})
	return c
}

// freeAddr is an address that nobody listened on a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	log := &strings.Builder{}
	s.cmd = exec.Command("sh", "-c", guarded, "sh", s.path, "--bind", host, "--port", port, "--dir", s.dir, "--requirepass", Password,
		"--databases", strconv.Itoa(1000), "--save", "", "--appendonly", "yes", "--appendfsync", "always")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if s.life, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Password: Password, MaxRetries: -1})
	defer c.Close()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := c.Ping(t.Context()).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.stop(t)
			t.Fatalf("redis-server does not answer: %v\n%s", err, log)
		}
	}
}

func (s *Server) stop(t testing.TB) {
	t.Helper()
	if err := s.life.Close(); err != nil {
		t.Errorf("stopping redis-server: %v", err)
	}
	_ = s.cmd.Wait() // which the kill makes an error
}
