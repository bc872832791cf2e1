package walkthrough

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A step is a file to write or a command to run.
type step struct {
	line int    // in the page
	file string // "" for a command

	text  string // of the file, or the command
	print string // by the command
}

// parse returns the steps of a page in order.
func parse(page string) ([]step, error) {
	var steps []step
	lines := strings.Split(page, "\n")
	for i := 0; i < len(lines); i++ {
		fence, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			continue
		}
		begin := i + 1
		n := slices.Index(lines[begin:], "```")
		if n < 0 {
			return nil, fmt.Errorf("line %d: a block without end", begin)
		}
		i = begin + n
		block := lines[begin:i]
		kind, file, _ := strings.Cut(fence, " ")
		switch {
		case kind == "go" && file != "":
			steps = append(steps, step{line: begin + 1, file: file, text: strings.Join(block, "\n") + "\n"})
		case kind == "console" && file == "":
			commands, err := parseConsole(begin, block)
			if err != nil {
				return nil, err
			}
			steps = append(steps, commands...)
		default:
			return nil, fmt.Errorf("line %d: a block %q, which is neither a named file nor a console", begin, fence)
		}
	}
	return steps, nil
}

func parseConsole(begin int, block []string) (steps []step, err error) {
	for i, line := range block {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			steps = append(steps, step{line: begin + 1 + i, text: command})
		} else if len(steps) == 0 {
			return nil, fmt.Errorf("line %d: output before a command", begin+1+i)
		} else {
			steps[len(steps)-1].print += line + "\n"
		}
	}
	return steps, nil
}

func TestParse(t *testing.T) {
	page := strings.Join([]string{
		"# Page", "```go a.go", "package a", "```", "text", "```console", "$ ls", "a.go", "", "$ go test .", "ok", "```",
	}, "\n")
	want := []step{
		{line: 3, file: "a.go", text: "package a\n"},
		{line: 7, text: "ls", print: "a.go\n\n"},
		{line: 10, text: "go test .", print: "ok\n"},
	}
	got, err := parse(page)
	if d := cmp.Diff(want, got, cmp.AllowUnexported(step{})); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	for _, bad := range []string{"```go a.go\npackage a", "```sh\nls\n```", "```go\npackage a\n```", "```console\nls\n```"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
