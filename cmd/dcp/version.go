package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/fsbase"
)

func (a *app) versionCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and the URL schemes that are built in",
		Args:  wants(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string   `json:"version"`
				Go      string   `json:"go"`
				Schemes []string `json:"schemes"`
			}{buildVersion(), runtime.Version(), fsbase.Schemes()}
			if a.json {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintf(a.out, "dcp %s, %s, schemes %s\n", v.Version, v.Go, strings.Join(v.Schemes, ", "))
			return err
		},
	}
}

// buildVersion is the version of the module that the command was built from.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
