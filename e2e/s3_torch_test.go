package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/tensor"
)

// TestS3Torch has torch read from S3 what four ranks wrote there, and reads what
// torch wrote, by each library that brings torch to S3. interop/s3venv.sh makes
// the Python that GODCP_PYTHON must name.
func TestS3Torch(t *testing.T) {
	python := os.Getenv("GODCP_PYTHON")
	if python == "" {
		servers.Need(t, "torch", fmt.Errorf("GODCP_PYTHON names no Python that has torch and s3fs: see interop/s3venv.sh"))
	}
	seed, err := strconv.ParseUint(os.Getenv("GODCP_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	t.Logf("GODCP_SEED=%d repeats this run", seed)
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			s.Environment(t)
			want := saveForTorch(t, s.URL("from-go", ""), seed)
			at := "s3://" + s.Bucket + "/"
			cmd := exec.CommandContext(t.Context(), python, "-B", "torch/stores.py", s.Endpoint, strconv.FormatUint(seed, 10), at+"from-go", at+"from-torch")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("torch: %v\n%s", err, errs.String())
			}
			var found map[string]struct{ Loaded, Saved map[string]any }
			must(t, decodeNumbers(out, &found))
			for _, library := range []string{"s3fs", "s3torchconnector"} {
				if d := cmp.Diff(want, found[library].Loaded); d != "" {
					t.Errorf("%s loaded (-godcp +torch):\n%s", library, d)
				}
				saved := found[library].Saved
				if len(saved) < 10 {
					t.Fatalf("%s saved %v", library, saved)
				}
				if d := cmp.Diff(saved, described(t, s.URL("from-torch/"+library, ""))); d != "" {
					t.Errorf("%s saved (-torch +godcp):\n%s", library, d)
				}
			}
		})
	}
}

// saveForTorch saves a state from four ranks and describes it.
func saveForTorch(t *testing.T, url string, seed uint64) map[string]any {
	rng := rand.New(rand.NewPCG(seed, 0))
	random := func(d tensor.DType, shape ...int64) *tensor.Tensor {
		x, err := tensor.New(d, shape...)
		must(t, err)
		b, _ := x.Bytes()
		for i := range b {
			b[i] = byte(rng.Uint32())
			if d == tensor.Bool {
				b[i] &= 1
			}
		}
		return x
	}
	small := map[string]any{"nothing": random(tensor.Int16, 0, 3), "scalar": random(tensor.Float32), "step": int64(rng.IntN(1 << 40)), "name": "é 😀"}
	for _, d := range []tensor.DType{tensor.Float32, tensor.BFloat16, tensor.Float64, tensor.Int64, tensor.Bool, tensor.Complex64, tensor.Float8E4M3FN} {
		small[d.String()] = random(d, 1+rng.Int64N(9), 1+rng.Int64N(9))
	}
	rows, cols := 8000+rng.Int64N(1000), int64(1100) // 9 MB and more for each rank
	whole := random(tensor.Float32, rows, cols)
	want := map[string]any{"model.w": describeTensor(whole)}
	for name, v := range small {
		want["small."+name] = v
		if x, ok := v.(*tensor.Tensor); ok {
			want["small."+name] = describeTensor(x)
		}
	}
	want["small.step"] = json.Number(strconv.FormatInt(small["step"].(int64), 10))
	must(t, ranks(4, func(g collective.Group) error {
		first, end := rows*int64(g.Rank())/4, rows*int64(g.Rank()+1)/4
		mine, err := whole.Sub(tensor.Box{Offsets: []int64{first, 0}, Sizes: []int64{end - first, cols}})
		if err != nil {
			return err
		}
		w := &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{rows, cols}, Shards: []dcp.Shard{{Offsets: []int64{first, 0}, Tensor: mine}}}
		_, err = dcp.Save(t.Context(), url, map[string]any{"model": map[string]any{"w": w}, "small": small}, dcp.SaveOptions{Group: g})
		return err
	}))
	return want
}

// described describes what lies at a URL.
func described(t *testing.T, url string) map[string]any {
	t.Helper()
	ck, err := dcp.Open(t.Context(), url)
	must(t, err)
	all := map[string]any{}
	for fqn, e := range ck.Entries() {
		if e.IsTensor {
			x, err := ck.Tensor(t.Context(), fqn)
			must(t, err)
			all[fqn] = describeTensor(x)
			continue
		}
		v, err := ck.Value(t.Context(), fqn)
		must(t, err)
		if n, ok := v.(int64); ok {
			v = json.Number(strconv.FormatInt(n, 10))
		}
		all[fqn] = v
	}
	return all
}

// describeTensor is what interop's describe.py says of a tensor.
func describeTensor(x *tensor.Tensor) map[string]any {
	b, _ := x.Contiguous().Bytes()
	sum := sha256.Sum256(b)
	shape := []any{}
	for _, n := range x.Shape() {
		shape = append(shape, json.Number(strconv.FormatInt(n, 10)))
	}
	return map[string]any{"$t": "tensor", "dtype": x.DType().String(), "shape": shape, "sha256": hex.EncodeToString(sum[:])}
}

// decodeNumbers keeps numbers as they are written.
func decodeNumbers(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}
