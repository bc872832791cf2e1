package dcp

import (
	"context"
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
)

// found is what a look at a folder without .metadata shows.
type found struct {
	files       int
	ranks       map[int]string // rank → __R.metadata
	safetensors []string       // at the top
	distcp      []string
	paddle      string   // a file named as PaddlePaddle's FlexCheckpoint does
	tmp         bool     // .metadata.tmp
	nested      []string // folders below that hold a checkpoint
	torchSave   string   // a torch.save file
}

// surveyed bounds the look: a folder of millions of files is no checkpoint.
const surveyed = 100_000

var (
	rankMetadata = regexp.MustCompile(`^__(0|[1-9]\d{0,8})\.metadata$`)
	paddleName   = regexp.MustCompile(`^(\d+\.metadata|\d+_\d+\.distcp)$`)
)

// survey lists a folder that has no .metadata.
func survey(ctx context.Context, fsys fsbase.FileSystemBase) (found, error) {
	f := found{ranks: map[int]string{}}
	for info, err := range fsbase.List(ctx, fsys, "") {
		if errors.Is(err, errors.ErrUnsupported) {
			f.ranks, err = looksRankLocal(ctx, fsys) // what can be known without a list
			return f, err
		}
		if err != nil {
			return f, err
		}
		if f.files++; f.files > surveyed {
			if len(f.ranks) > 0 {
				f.ranks, err = looksRankLocal(ctx, fsys)
			}
			return f, err
		}
		f.add(info.Path)
	}
	return f, nil
}

func (f *found) add(name string) {
	dir, base := path.Split(name)
	if dir != "" {
		if base == metadata.Name || strings.HasSuffix(base, ".safetensors") {
			if d := path.Clean(dir); len(f.nested) == 0 || f.nested[len(f.nested)-1] != d {
				f.nested = append(f.nested, d)
			}
		}
		return
	}
	m := rankMetadata.FindStringSubmatch(base)
	switch {
	case m != nil:
		rank, _ := strconv.Atoi(m[1]) // at most nine digits
		f.ranks[rank] = base
	case paddleName.MatchString(base):
		f.paddle = base
	case base == metadata.Name+".tmp":
		f.tmp = true
	case strings.HasSuffix(base, ".safetensors"):
		f.safetensors = append(f.safetensors, base)
	case strings.HasSuffix(base, ".distcp"):
		f.distcp = append(f.distcp, base)
	case strings.HasSuffix(base, ".pt"), strings.HasSuffix(base, ".pth"), strings.HasSuffix(base, ".bin"):
		f.torchSave = base
	}
}

// notACheckpoint says what the folder seems to be instead.
func (f *found) notACheckpoint() error {
	e := func(format string, args ...any) *ckpterr.Error {
		return ckpterr.New(ckpterr.NotACheckpoint, format, args...)
	}
	switch {
	case f.paddle != "":
		return e("%q is a file of PaddlePaddle's FlexCheckpoint, which shares only the .distcp extension", f.paddle).
			WithHint("load it with paddle.distributed.load_state_dict and save it with torch")
	case f.tmp:
		return e("there is a .metadata.tmp and no .metadata: a save broke off at its last step").
			WithHint("if no save is running, rename .metadata.tmp to .metadata and run dcp verify")
	case len(f.distcp) > 0:
		return e("there are data files (%s …) and no .metadata", ckpterr.Escape(f.distcp[0])).
			WithHint("the save did not finish, is still running, or .metadata was not copied along")
	case len(f.nested) > 0:
		return e("there is no .metadata at the top, but in %d folders below", len(f.nested)).
			WithHint("try the folder %s", ckpterr.Escape(f.nested[len(f.nested)-1]))
	case f.torchSave != "":
		return e("%s looks like a torch.save file, not a distributed checkpoint", ckpterr.Escape(f.torchSave)).
			WithHint("python -m torch.distributed.checkpoint.format_utils torch_to_dcp converts it")
	case f.files == 0:
		return e("the folder is empty or does not exist").
			WithHint("a checkpoint is a folder with .metadata, or with *.safetensors")
	}
	return e("no .metadata and no *.safetensors among %d files", f.files).
		WithHint("a checkpoint is a folder with .metadata, or with *.safetensors")
}
