package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// childVariable has the command of a process that is measured: what it does,
// where, and with how many tensors.
const childVariable = "GODCP_E2E_CHILD"

func TestMain(m *testing.M) {
	command := os.Getenv(childVariable)
	if command == "" {
		os.Exit(m.Run())
	}
	err := child(context.Background(), command)
	if err == nil {
		err = printPeak()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// printPeak prints how much memory this process has had at most. (What its
// parent is told at its end counts the parent's own, up to the fork.)
func printPeak() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	_, err = fmt.Println(strings.TrimSuffix(strings.TrimSpace(line), " kB"))
	return err
}

func child(ctx context.Context, command string) error {
	var verb, url string
	var n int
	if _, err := fmt.Sscanf(command, "%s %d %s", &verb, &n, &url); err != nil {
		return err
	}
	state := map[string]any{}
	for i := range n {
		name := "layer." + strconv.Itoa(i)
		if verb == "save" {
			state[name] = synthetic(i)
			continue
		}
		t, err := tensor.New(tensor.Float32, syntheticRows, syntheticCols)
		if err != nil {
			return err
		}
		state[name] = t
	}
	if verb == "save" {
		_, err := dcp.Save(ctx, url, state, dcp.SaveOptions{})
		return err
	}
	if _, err := dcp.Load(ctx, url, state, dcp.LoadOptions{}); err != nil {
		return err
	}
	for i := range n {
		if err := synthetic(i).check(state["layer."+strconv.Itoa(i)].(*tensor.Tensor)); err != nil {
			return err
		}
	}
	return nil
}

// Tensors have 64 MiB.
const syntheticRows, syntheticCols, syntheticBytes = 4096, 4096, 4096 * 4096 * 4

// synthetic is a tensor that nobody has: it is made when it is asked for.
type synthetic int

func (synthetic) DType() tensor.DType { return tensor.Float32 }
func (synthetic) Shape() []int64      { return []int64{syntheticRows, syntheticCols} }

func (s synthetic) at(i int) float32 { return float32((i*7 + int(s)) & (1<<24 - 1)) }

func (s synthetic) Resolve(context.Context) (*tensor.Tensor, error) {
	data := make([]float32, syntheticRows*syntheticCols)
	for i := range data {
		data[i] = s.at(i)
	}
	return tensor.FromSlice(data, syntheticRows, syntheticCols)
}

func (s synthetic) check(t *tensor.Tensor) error {
	data, err := tensor.Data[float32](t)
	if err != nil {
		return err
	}
	for i, v := range data {
		if v != s.at(i) {
			return fmt.Errorf("element %d of tensor %d is %v", i, s, v)
		}
	}
	return nil
}
