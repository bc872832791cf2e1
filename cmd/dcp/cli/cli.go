// Package cli is the command dcp, for programs that add storage of their own:
//
//	func main() { os.Exit(cli.Main()) }
//
// with blank imports of the backends whose URLs it shall open. It imports none
// itself, so a program has the SDKs that it asks for and no others.
package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the command with the arguments, the output and the signals of this
// process, and returns its exit status: `dcp help` explains it.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
