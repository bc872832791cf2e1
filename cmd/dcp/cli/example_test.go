package cli_test

import (
	"os"

	_ "github.com/godcp/godcp/backends/local" // and your own
	"github.com/godcp/godcp/cmd/dcp/cli"
)

// This is a main function: what the command can open is what is imported.
func ExampleMain() {
	os.Exit(cli.Main())
}
