package metadata

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkEncode encodes the metadata of 8000 tensors in 64 chunks each, all
// described, and shows beside it what Python does:
//
//	GODCP_PYTHON=/path/to/python-with-torch go test -run '^$' -bench Encode -benchtime 5x ./dcp/metadata
//
// It reports the CPU seconds that Python takes to pickle the same and to load
// torch's file and ours, with its garbage collector off, and the memory that
// loading takes at its peak.
func BenchmarkEncode(b *testing.B) {
	theirs := generate(8000, 64)
	m, err := Decode(theirs)
	if err != nil {
		b.Fatal(err)
	}
	for i := range m.StorageData {
		m.StorageData[i].Info.Describe(uint32(i)*0x9e3779b9, 576)
	}
	var ours []byte
	for b.Loop() {
		if ours, err = Encode(m); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.SetBytes(int64(len(ours)))
	b.ReportMetric(float64(len(ours))/float64(len(theirs)), "ours/torch's")
	if python := os.Getenv("GODCP_PYTHON"); python != "" {
		for name, data := range map[string][]byte{"torch's": theirs, "ours": ours} {
			measureLoad(b, python, name, data)
		}
	}
}

func measureLoad(b *testing.B, python, name string, data []byte) {
	file := filepath.Join(b.TempDir(), Name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(python, "-c", pythonMeasure, file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var took struct{ Load, Dump, Peak float64 }
	if err := json.Unmarshal(out, &took); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(took.Load, "py-load-s/"+name)
	b.ReportMetric(took.Peak, "py-load-MB/"+name)
	b.ReportMetric(took.Dump, "py-dump-s/"+name)
}

const pythonMeasure = `
import gc, json, pickle, resource, sys, time
import torch.distributed.checkpoint.metadata, torch.distributed.checkpoint.filesystem
gc.disable()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
with open(sys.argv[1], "rb") as f:
    m = pickle.load(f)
load = time.process_time() - start
peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
assert len(m.storage_data) == 512000
start = time.process_time()
pickle.dumps(m, protocol=4)
print(json.dumps({"load": load, "peak": peak, "dump": time.process_time() - start}))
`
