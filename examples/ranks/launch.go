package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// launch does for one machine what torchrun does: it starts n processes that
// find each other by their environment. When one fails the others learn it from
// the group, and name it. Without a URL they meet in a folder of their own.
func launch(ctx context.Context, n int, load bool, url string) (err error) {
	if url == "" {
		if url, err = os.MkdirTemp("", "ranks"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(url)) }()
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	env := append(
		os.Environ(), "WORLD_SIZE="+strconv.Itoa(n), "MASTER_ADDR=127.0.0.1", "MASTER_PORT="+strconv.Itoa(port),
		"GODCP_JOB_TOKEN="+rand.Text(), // whoever is on this machine cannot join
	)
	var ranks errgroup.Group
	for rank := range n {
		cmd := exec.CommandContext(ctx, self, "-load="+strconv.FormatBool(load), url)
		cmd.Env = append(env[:len(env):len(env)], "RANK="+strconv.Itoa(rank))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		ranks.Go(func() error {
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("rank %d: %w", rank, err)
			}
			return nil
		})
	}
	return ranks.Wait()
}

// freePort is one that nobody listens on now.
func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
