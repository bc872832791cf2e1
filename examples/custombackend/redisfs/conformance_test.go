package redisfs_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/custombackend/internal/redistest"
	"example.com/custombackend/redisfs"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// TestConformance puts the suite to a real server that syncs every write. Its
// power loss is a SIGKILL: see redistest.Server.Restart.
func TestConformance(t *testing.T) {
	server := redistest.Start(t)
	next := 0
	database := func(fsys fsbase.FileSystemBase) *redis.Client { return fsys.(*redisfs.FS).DB }
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			next++
			db := server.Client(t, next)
			t.Cleanup(func() {
				if err := db.FlushDB(context.Background()).Err(); err != nil {
					t.Errorf("emptying a database: %v", err)
				}
			})
			return &redisfs.FS{DB: db}
		},
		Reopen: func(t testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return &redisfs.FS{DB: server.Client(t, database(fsys).Options().DB)}
		},
		Crash: func(t testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			server.Restart(t)
			return fsys // its client connects again, as after a power loss
		},
		Residue: func(t testing.TB, fsys fsbase.FileSystemBase) []string {
			names, err := database(fsys).Keys(t.Context(), "godcp-new:*").Result()
			if err != nil {
				t.Fatal(err)
			}
			return names
		},
		Secrets: []string{redistest.Password},
	})
}
