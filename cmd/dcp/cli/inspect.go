package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

func (a *app) inspectCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect URL",
		Short: "Print a summary: ranks, files, dtypes, planner paths, extensions",
		Long: `Print what the metadata says of a checkpoint as a whole, and the sizes of the
files that it names. No data is read.

With --json one document; its keys are those of the lines, and files, dtypes and
extensions are lists.`,
		Args: wants(1, 1, "URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ck, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			s, err := summarise(cmd.Context(), ck)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(s)
			}
			return a.printSummary(s)
		},
	}
}

func (a *app) printSummary(s *summary) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	line := func(key, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", key, fmt.Sprintf(format, args...)) }
	line("layout", "%s", s.Layout)
	if s.Version != nil {
		line("format version", "%s", ckpterr.Escape(string(*s.Version)))
	}
	line("tensors", "%d in %s, %d bytes (%s)", s.Tensors, count(s.Chunks, "chunk"), s.Bytes, sizeText(s.Bytes))
	line("objects", "%d", s.Objects)
	if s.Ranks != nil {
		line("ranks", "%d", *s.Ranks)
	}
	line("planner paths", "%s", ckpterr.Escape(s.PlannerPaths))
	for _, d := range s.DTypes {
		line("dtype", "%s: %s, %d bytes", d.DType, count(d.Tensors, "tensor"), d.Bytes)
	}
	for _, x := range s.Extensions {
		line("extension", "%s: %s", ckpterr.Escape(string(x.Descriptors)), count(x.Items, "item"))
	}
	for _, id := range []struct {
		key string
		v   *text
	}{{"save id", s.SaveID}, {"load id", s.LoadID}, {"checkpoint id", s.CheckpointID}} {
		if id.v != nil {
			line(id.key, "%s", ckpterr.Escape(string(*id.v)))
		}
	}
	line("files", "%d, %d bytes (%s)", len(s.Files), s.FileBytes, sizeText(s.FileBytes))
	for _, f := range s.Files {
		size := "absent"
		if f.Size != nil {
			size = fmt.Sprintf("%d bytes", *f.Size)
		}
		line("file", "%s: %s, %s", ckpterr.Escape(string(f.Path)), size, count(f.Items, "item"))
	}
	for _, t := range s.Warnings {
		line("warning", "%s", ckpterr.Escape(string(t)))
	}
	return w.Flush()
}

// summary is what inspect prints; null is what the checkpoint does not say.
type summary struct {
	Layout       dcp.Layout        `json:"layout"`
	Version      *text             `json:"version"`
	Tensors      int               `json:"tensors"`
	Objects      int               `json:"objects"`
	Chunks       int               `json:"chunks"`
	Bytes        int64             `json:"bytes"` // of all elements
	Ranks        *int              `json:"ranks"` // as the files' names tell
	PlannerPaths string            `json:"planner_paths"`
	DTypes       []dtypeSummary    `json:"dtypes"`
	Extensions   []descriptorCount `json:"extensions"`
	SaveID       *text             `json:"save_id"`
	LoadID       *text             `json:"load_id"`
	CheckpointID *text             `json:"checkpoint_id"`
	Files        []fileSummary     `json:"files"`
	FileBytes    int64             `json:"file_bytes"`
	Warnings     []text            `json:"warnings"`
}

type dtypeSummary struct {
	DType   string `json:"dtype"`
	Tensors int    `json:"tensors"`
	Bytes   int64  `json:"bytes"`
}

type descriptorCount struct {
	Descriptors text `json:"descriptors"` // in the order of the file, joined with ", "
	Items       int  `json:"items"`
}

type fileSummary struct {
	Path  text   `json:"path"`
	Size  *int64 `json:"size"` // null: absent
	Items int    `json:"items"`
}

func summarise(ctx context.Context, ck *dcp.Checkpoint) (*summary, error) {
	md := ck.Metadata()
	s := &summary{
		Layout: ck.Layout(), Version: known(md.Version), Warnings: []text{},
		DTypes: []dtypeSummary{}, Extensions: []descriptorCount{},
	}
	s.countEntries(ck)
	for _, rec := range md.StorageData {
		if d := rec.Info.TransformDescriptors; len(d) > 0 {
			s.countExtension(text(strings.Join(d, ", ")))
		}
	}
	switch p := md.PlannerData; {
	case p.Opaque != "":
		s.PlannerPaths = "opaque: " + p.Opaque
	case p.None:
		s.PlannerPaths = "none"
	default:
		s.PlannerPaths = "flat"
		for _, e := range p.Paths {
			if len(e.Path) > 1 {
				s.PlannerPaths = "nested"
			}
		}
	}
	if sm := md.StorageMeta; sm != nil {
		s.SaveID, s.LoadID, s.CheckpointID = known(sm.SaveID), known(sm.LoadID), known(sm.CheckpointID)
	}
	for _, w := range ck.Warnings() {
		s.Warnings = append(s.Warnings, text(w))
	}
	for _, name := range md.Unknown {
		s.Warnings = append(s.Warnings, text("the metadata names "+name+", which is not torch's own"))
	}
	return s, s.lookAtFiles(ctx, ck)
}

func (s *summary) countEntries(ck *dcp.Checkpoint) {
	at := map[string]int{}
	for _, e := range ck.Entries() {
		if !e.IsTensor {
			s.Objects++
			continue
		}
		s.Tensors++
		s.Chunks += len(e.Chunks)
		s.Bytes += e.Bytes
		name := e.DType.String()
		i, ok := at[name]
		if !ok {
			i, at[name] = len(s.DTypes), len(s.DTypes)
			s.DTypes = append(s.DTypes, dtypeSummary{DType: name})
		}
		s.DTypes[i].Tensors++
		s.DTypes[i].Bytes += e.Bytes
	}
}

func (s *summary) countExtension(d text) {
	for i := range s.Extensions {
		if s.Extensions[i].Descriptors == d {
			s.Extensions[i].Items++
			return
		}
	}
	s.Extensions = append(s.Extensions, descriptorCount{d, 1})
}

// dataName is how torch names data files: by rank and number.
var dataName = regexp.MustCompile(`^__(\d{1,9})_\d+.*\.distcp$`)
