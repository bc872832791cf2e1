package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/godcp/godcp/dcp"
)

// text is a string from a checkpoint. Python's strings may hold lone
// surrogates, which JSON can say and encoding/json would replace.
type text string

// MarshalJSON writes the string as dcp.AppendJSON does.
func (t text) MarshalJSON() ([]byte, error) { return dcp.AppendJSON(nil, string(t)) }

// printJSON writes one document.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// shapeText is a shape as Python prints a list.
func shapeText(shape []int64) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/(1<<10), 0
	for f >= 1024 && unit < 5 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, "KMGTPE"[unit])
}

// count is a number with its noun.
func count[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
