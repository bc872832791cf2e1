// Command dcp lists, checks and prints distributed checkpoints of
// torch.distributed.checkpoint without Python: `dcp help` says how.
package main

import (
	"os"

	_ "github.com/godcp/godcp/backends/all"
	"github.com/godcp/godcp/cmd/dcp/cli"
)

func main() { os.Exit(cli.Main()) }
