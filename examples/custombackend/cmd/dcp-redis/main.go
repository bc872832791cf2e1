// Command dcp-redis is the command dcp with checkpoints in Redis.
package main

import (
	"os"

	_ "example.com/custombackend/redisfs"
	_ "github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/cmd/dcp/cli"
)

func main() { os.Exit(cli.Main()) }
