package cli

import (
	"cmp"
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

// buildVersion is that of this module, whose ever the program is.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path != "github.com/godcp/godcp" {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		return cmp.Or(m.Version, "(devel)")
	}
	return "unknown"
}
