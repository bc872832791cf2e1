package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/godcp/godcp/conformance"
)

// printConformance prints profiles, the checks that did not simply pass, notes
// and the verdict, or the report as JSON.
func (a *app) printConformance(rep *conformance.Report, f *conformFlags) error {
	if a.json {
		return a.printJSON(rep)
	}
	if !f.show.quiet {
		a.printProfiles(rep)
	}
	for _, c := range rep.Checks {
		switch {
		case f.verbose, c.Broken(), !f.show.quiet && c.Result != conformance.Pass:
			a.printCheck(c)
		}
	}
	if f.show.quiet {
		return nil // a.out keeps its first error, which run returns
	}
	for _, n := range rep.Notes {
		fmt.Fprintf(a.out, "note: %s\n", oneLine(n))
	}
	if rep.Costs != nil {
		a.printCosts(rep.Costs)
	}
	_, err := fmt.Fprintln(a.out, rep.Verdict())
	return err
}

func (a *app) printProfiles(rep *conformance.Report) {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROFILE\tOUTCOME\tPASS\tFAIL\tEXCEPTED\tABSENT")
	for _, p := range conformance.Profiles() {
		n := map[conformance.Result]int{}
		for _, c := range rep.Checks {
			if c.Profile == p {
				n[c.Result]++
			}
		}
		if len(n) > 0 {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\n", p, rep.Profiles[p],
				n[conformance.Pass], n[conformance.Fail], n[conformance.Excepted], n[conformance.Absent])
		}
	}
	w.Flush() // a.out keeps its first error
	fmt.Fprintln(a.out)
}

// printCheck prints a check, and below it what was seen.
func (a *app) printCheck(c conformance.CheckResult) {
	level := ""
	if c.Level == conformance.Should {
		level = " (SHOULD)"
	}
	fmt.Fprintf(a.out, "%-8s %s%s", c.Result, c.ID, level)
	if c.Result == conformance.Absent {
		fmt.Fprintf(a.out, ": %s\n", oneLine(c.Detail))
		return
	}
	fmt.Fprintf(a.out, " %.2f s\n", c.Seconds)
	for line := range strings.Lines(c.Detail) {
		fmt.Fprintf(a.out, "         %s\n", oneLine(strings.TrimSuffix(line, "\n")))
	}
}

func (a *app) printCosts(c *conformance.Costs) {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nCOST\tTIMES\tMS\tALLOCS\tBYTES")
	for _, o := range c.Operations {
		fmt.Fprintf(w, "%s\t%d\t%.3f\t%.1f\t%.0f\n", o.Operation, o.Count, o.Seconds*1e3, o.Allocs, o.AllocBytes)
	}
	w.Flush()
	for _, r := range c.Throughput {
		fmt.Fprintf(a.out, "%s %s of %s at once: %.1f MB/s\n", r.Operation, count(r.Streams, "stream"), sizeText(r.StreamBytes), r.MBPerSecond)
	}
	if l := c.SmallRead; l != nil {
		fmt.Fprintf(a.out, "ReadAt of %s: half within %.3f ms, 99%% within %.3f ms\n", sizeText(int64(l.Bytes)), l.P50*1e3, l.P99*1e3)
	}
	fmt.Fprintln(a.out)
}

// printChecks prints what the suite demands.
func (a *app) printChecks(checks []conformance.Check) error {
	if a.json {
		type check struct {
			ID      string                   `json:"id"`
			Clauses []string                 `json:"clauses"`
			Level   conformance.Level        `json:"level"`
			Profile conformance.Profile      `json:"profile"`
			Needs   []conformance.Capability `json:"needs"`
			Doc     string                   `json:"doc"`
		}
		list := make([]check, len(checks))
		for i, c := range checks {
			list[i] = check{c.ID, c.Clauses, c.Level, c.Profile, append([]conformance.Capability{}, c.Needs...), c.Doc}
		}
		return a.printJSON(map[string]any{"contract": conformance.ContractVersion, "checks": list})
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tLEVEL\tPROFILE\tCLAUSES\tDEMANDS")
	for _, c := range checks {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.ID, c.Level, c.Profile, strings.Join(c.Clauses, " "), c.Doc)
	}
	return w.Flush()
}
