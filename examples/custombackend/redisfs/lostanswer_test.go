package redisfs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/custombackend/internal/redistest"
	"example.com/custombackend/redisfs"
	"github.com/godcp/godcp/fsbase"
)

// lossy is a connection that loses the answer to a script, once it is armed.
type lossy struct {
	net.Conn
	armed *atomic.Bool
	asked bool
}

func (c *lossy) Write(p []byte) (int, error) {
	c.asked = bytes.Contains(p, []byte("evalsha")) && c.armed.CompareAndSwap(true, false)
	return c.Conn.Write(p)
}

func (c *lossy) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.asked { // and Redis has done it
		c.Conn.Close()
		return 0, io.EOF
	}
	return n, err
}

// TestLostAnswer: a commit that is carried out and whose answer is lost is done
// when the client asks again, and unknown when it does not.
func TestLostAnswer(t *testing.T) {
	server := redistest.Start(t)
	for name, c := range map[string]struct {
		retries int
		create  func(fsys fsbase.FileSystemBase, path string) (fsbase.WriteStream, error)
		want    error
	}{
		"stream": {3, func(fsys fsbase.FileSystemBase, path string) (fsbase.WriteStream, error) {
			return fsys.CreateStream(t.Context(), path)
		}, nil},
		"exclusive": {3, func(fsys fsbase.FileSystemBase, path string) (fsbase.WriteStream, error) {
			return fsbase.CreateExclusive(t.Context(), fsys, path)
		}, nil},
		"unknown": {-1, func(fsys fsbase.FileSystemBase, path string) (fsbase.WriteStream, error) {
			return fsbase.CreateExclusive(t.Context(), fsys, path)
		}, fsbase.ErrCommitUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			var armed atomic.Bool
			db := redis.NewClient(&redis.Options{
				Addr: server.Addr, Password: redistest.Password, MaxRetries: c.retries,
				Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := new(net.Dialer).DialContext(ctx, network, addr)
					return &lossy{Conn: conn, armed: &armed}, err
				},
			})
			defer db.Close()
			fsys := &redisfs.FS{DB: db}
			// The script is known to the server before the answer is lost.
			if _, err := fsbase.WriteFile(t.Context(), fsys, "other", nil); err != nil {
				t.Fatal(err)
			}
			w, err := c.create(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if _, err := io.WriteString(w, "content"); err != nil {
				t.Fatal(err)
			}
			armed.Store(true)
			if _, err = w.Commit(); !errors.Is(err, c.want) || armed.Load() {
				t.Errorf("%v, want %v", err, c.want)
			}
			got, _, err := fsbase.ReadFile(t.Context(), fsys, name, 100)
			if string(got) != "content" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
