package conformance

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// WriteMarkdown writes the report as a page for people: the verdict, where it
// was found, the profiles, what is not a plain pass, costs, and all checks.
// Whatever text is in the report stays text.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	r.markdownHead(&b)
	r.markdownProfiles(&b)
	for _, res := range []Result{Fail, Excepted, Absent} {
		r.markdownDetails(&b, res)
	}
	markdownList(&b, "Exceptions", r.Exceptions, func(x Exception) string {
		return mdText(x.Check) + ": " + mdText(x.Reason)
	})
	markdownList(&b, "Notes", r.Notes, mdText)
	if r.Costs != nil {
		r.Costs.markdown(&b)
	}
	r.markdownChecks(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) markdownHead(b *strings.Builder) {
	name := strings.TrimSpace(r.Implementation.Name + " " + r.Implementation.Version)
	if name == "" {
		name = "a backend"
	}
	fmt.Fprintf(b, "# Conformance of %s\n\n%s.\n\n| | |\n| --- | --- |\n", mdText(name), mdText(r.Verdict()))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "| %s | %s |\n", name, mdText(value))
		}
	}
	row("project", r.Implementation.URL)
	row("contact", r.Implementation.Contact)
	row("contract", fmt.Sprintf("v%d", r.Suite.Contract))
	row("suite", fmt.Sprintf("%d checks, %s", r.Suite.Checks, r.Suite.Digest))
	row("platform", fmt.Sprintf("%s, %s/%s", r.Go, r.OS, r.Arch))
	row("seed", strconv.FormatUint(r.Seed, 10))
	row("limits", fmt.Sprintf("large streams of %d bytes, %d rounds, %d keys, %v a check", r.Limits.LargeSize, r.Limits.Rounds, r.Limits.Keys, r.Limits.Timeout))
	capabilities := make([]string, len(r.Capabilities))
	for i, c := range r.Capabilities {
		capabilities[i] = string(c)
	}
	row("capabilities", strings.Join(capabilities, ", "))
}

func (r *Report) markdownProfiles(b *strings.Builder) {
	b.WriteString("\n## Profiles\n\n| profile | outcome | pass | fail | excepted | absent |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
	for _, p := range r.profiles() {
		count := map[Result]int{}
		for _, c := range r.Checks {
			if c.Profile == p {
				count[c.Result]++
			}
		}
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d |\n", mdText(string(p)), mdText(string(r.Profiles[p])),
			count[Pass], count[Fail], count[Excepted], count[Absent])
	}
}

// markdownDetails tells what was seen in every check with that result.
func (r *Report) markdownDetails(b *strings.Builder, res Result) {
	heading := "\n## " + strings.ToUpper(string(res[:1])) + string(res[1:]) + "\n"
	for _, c := range r.Checks {
		if c.Result != res {
			continue
		}
		b.WriteString(heading)
		heading = ""
		fmt.Fprintf(b, "\n%s, %s:\n\n", mdText(c.ID), mdText(string(c.Level)))
		for line := range strings.SplitSeq(c.Detail, "\n") {
			b.WriteString("    " + printable(line) + "\n") // four spaces make it code, whatever is in it
		}
	}
}

func (r *Report) markdownChecks(b *strings.Builder) {
	// Reports that are compared with each other leave times out.
	timed := slices.ContainsFunc(r.Checks, func(c CheckResult) bool { return c.Seconds > 0 })
	head, rule := "\n## Checks\n\n| check | clauses | level | profile | result |", "| --- | --- | --- | --- | --- |"
	if timed {
		head, rule = head+" s |", rule+" ---: |"
	}
	fmt.Fprintf(b, "%s\n%s\n", head, rule)
	for _, c := range r.Checks {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |", mdText(c.ID), mdText(strings.Join(c.Clauses, " ")),
			mdText(string(c.Level)), mdText(string(c.Profile)), mdText(string(c.Result)))
		if timed {
			fmt.Fprintf(b, " %.2f |", c.Seconds)
		}
		b.WriteByte('\n')
	}
}

func markdownList[T any](b *strings.Builder, heading string, items []T, text func(T) string) {
	for i, item := range items {
		if i == 0 {
			fmt.Fprintf(b, "\n## %s\n\n", heading)
		}
		fmt.Fprintf(b, "- %s\n", text(item))
	}
}

// listMark is what would begin a list at the beginning of a line.
var listMark = regexp.MustCompile(`^([0-9]*)([-+.)])`)

// mdText is s as one line of text in which Markdown sees nothing of its own.
func mdText(s string) string {
	var b strings.Builder
	for _, r := range printable(strings.ReplaceAll(s, "\n", "; ")) {
		if strings.ContainsRune("\\`*_{}[]<>|~&#", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return listMark.ReplaceAllString(b.String(), `$1\$2`)
}

// printable escapes what is no graphic character.
func printable(s string) string {
	if !slices.ContainsFunc([]rune(s), func(r rune) bool { return !strconv.IsGraphic(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strconv.IsGraphic(r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
