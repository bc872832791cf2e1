// S3 measures how fast godcp saves to and loads from versitygw on this machine,
// beside s5cmd and torch with s3torchconnector, in the same run.
//
//	GODCP_PYTHON=$(interop/s3venv.sh 2.15.0) go run ./bench/s3 [-dir DIR] [-gib 1]
//
// Each side runs in turn, A B C A B C, and the medians of all rounds are printed
// with their ratios, and with the processor time of the client, without the
// server's. All sides move the same bytes from memory to memory: the file that
// s5cmd sends and writes lies in /dev/shm, and is the data file of the checkpoint.
// What a round saves is removed after it, which does not count.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/godcp/godcp/bench/internal/compare"
	"github.com/godcp/godcp/dcp"
)

//go:embed torch.py
var torchScript string

func main() {
	dir := flag.String("dir", "", "folder for the server's data (default: a temporary one)")
	gib := flag.Int("gib", 1, "size of the state, GiB")
	rounds := flag.Int("rounds", 5, "rounds; medians are printed")
	only := flag.Bool("only", false, "godcp alone, to profile it")
	profile := flag.String("profile", "", "file for a processor profile of godcp's rounds")
	flag.Parse()
	if err := run(context.Background(), *dir, *gib, *rounds, *only, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "s3:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, gib, rounds int, only bool, profile string) error {
	dir, err := os.MkdirTemp(dir, "godcp-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	memory, err := os.MkdirTemp("/dev/shm", "godcp-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(memory)
	s, err := startServer(ctx, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	w := compare.Workload{Dir: "s3://" + bucket + "/bench", N: gib * 32, Rows: 4096, Cols: 2048} // 32 MiB a tensor
	b, err := newBench(ctx, s, w, filepath.Join(memory, "file"))
	if err != nil {
		return err
	}
	stop, err := startProfile(profile)
	if err != nil {
		return err
	}
	defer stop()
	if only {
		if err := compare.Sides("save", w, rounds, []compare.Side{b.save("godcp", dcp.WriterOptions{})}); err != nil {
			return err
		}
		return compare.Sides("load", w, rounds, []compare.Side{b.load("godcp")})
	}
	py, err := compare.StartTorch(torchScript)
	if err != nil {
		return err
	}
	defer py.Stop()
	fmt.Println("torch", py.Version)
	if err := b.prepare(py); err != nil {
		return err
	}
	err = compare.Sides("save", w, rounds, []compare.Side{
		b.save("godcp", dcp.WriterOptions{}),
		b.upload("s5cmd"),
		b.upload("s5cmd, 4 × 8 MiB", "--concurrency", "4", "--part-size", "8"),
		b.torchSave("torch", 1),
		b.torchSave("torch, 4 threads", 4),
	})
	if err != nil {
		return err
	}
	return compare.Sides("load", w, rounds, []compare.Side{
		b.load("godcp"),
		b.download("s5cmd"),
		b.download("s5cmd, 4 × 8 MiB", "--concurrency", "4", "--part-size", "8"),
		b.torchLoad("torch"),
	})
}
