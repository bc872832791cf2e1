package conformance

import (
	"fmt"
	"strings"
)

// Badge is what shields.io reads at the URL of an endpoint badge. Marshalled
// to JSON and published beside the report, it makes a picture for a README.
type Badge struct {
	SchemaVersion int    `json:"schemaVersion"`
	Label         string `json:"label"`
	Message       string `json:"message"`
	Color         string `json:"color"`
}

// Badge sums the report up: the profiles that the backend keeps, those with
// exceptions apart. A report that is not complete makes no claim.
func (r *Report) Badge() Badge {
	b := Badge{SchemaVersion: 1, Label: fmt.Sprintf("fsbase contract v%d", r.Suite.Contract)}
	whole, partly := r.with(Success), r.with(Partial)
	switch {
	case !r.Conforms():
		b.Message, b.Color = "does not conform", "red"
	case !r.Complete():
		b.Message, b.Color = "not all checks ran", "lightgrey"
	case len(partly) > 0:
		b.Message, b.Color = "with exceptions: "+strings.Join(partly, "+"), "yellow"
		if len(whole) > 0 {
			b.Message = strings.Join(whole, "+") + ", " + b.Message
		}
	case len(whole) > 0:
		b.Message, b.Color = strings.Join(whole, "+"), "brightgreen"
	default:
		b.Message, b.Color = "nothing to check", "lightgrey"
	}
	return b
}

// with returns the profiles with that outcome, in the order of Profiles.
func (r *Report) with(o Outcome) []string {
	var names []string
	for _, p := range r.profiles() {
		if r.Profiles[p] == o {
			names = append(names, string(p))
		}
	}
	return names
}
