package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/dcp"
)

func (a *app) digestCmd() *cobra.Command {
	var show progressFlags
	cmd := &cobra.Command{
		Use:   "digest URL [FQN...]",
		Short: "Print the sha256 of every entry",
		Long: `Print one line per entry, sorted by fqn: sha256 in hex, two spaces, the fqn.

Of a tensor it is the hash of the whole tensor's logical elements: little-endian,
dense, in C order, conj and neg resolved, quantized ones as integer codes. So it
does not depend on how the tensor is sharded or stored. Of an object it is the
hash of the stored item with stream transforms undone. A name with a backslash
or a line break is escaped as GNU sha256sum does.

With --json: {"digests": [{"fqn", "kind": "tensor"|"object", "sha256"}]}.`,
		Args: wants(1, -1, "URL [FQN...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := show.check(); err != nil {
				return err
			}
			ck, err := a.open(ctx, args[0])
			if err != nil {
				return err
			}
			entries, err := chosen(ck, args[1:])
			if err != nil {
				return err
			}
			collectEarly(hashMemory)
			p := show.start(a, "digest", inBytes)
			defer p.stop()
			defer p.follow(ck, entries)()
			return a.digest(ctx, ck, entries)
		},
	}
	show.add(cmd)
	return cmd
}

// chosen returns the entries of these names, or all, sorted by name.
func chosen(ck *dcp.Checkpoint, fqns []string) ([]dcp.Entry, error) {
	var es []dcp.Entry
	for _, fqn := range fqns {
		e, ok := ck.Entry(fqn)
		if !ok {
			return nil, noEntry(ck, fqn)
		}
		es = append(es, e)
	}
	if len(fqns) == 0 {
		for _, e := range ck.Entries() {
			es = append(es, e)
		}
	}
	slices.SortFunc(es, func(a, b dcp.Entry) int { return cmp.Compare(a.FQN, b.FQN) })
	return es, nil
}

// digestLine is a line of sha256sum.
func digestLine(sum []byte, fqn string) string {
	mark := ""
	if escaped := sumName.Replace(fqn); escaped != fqn {
		mark, fqn = `\`, escaped
	}
	return fmt.Sprintf("%s%x  %s\n", mark, sum, fqn)
}

var sumName = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

type digestJSON struct {
	FQN    text   `json:"fqn"`
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256"`
}

func (a *app) digest(ctx context.Context, ck *dcp.Checkpoint, entries []dcp.Entry) error {
	h := newHasher(ck, entries)
	all := []digestJSON{}
	for i, sum := range h.sums(ctx, func() { _ = a.out.Flush() }) { // an error stays in a.out
		e := entries[i]
		if a.json {
			kind := "object"
			if e.IsTensor {
				kind = "tensor"
			}
			all = append(all, digestJSON{text(e.FQN), kind, fmt.Sprintf("%x", sum)})
			continue
		}
		if _, err := a.out.WriteString(digestLine(sum, e.FQN)); err != nil {
			return err
		}
	}
	if h.err != nil {
		return h.err
	}
	if a.json {
		return a.printJSON(struct {
			Digests []digestJSON `json:"digests"`
		}{all})
	}
	return nil
}
