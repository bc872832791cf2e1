"""torch's side of the save benchmark: reads commands from stdin, answers with seconds.

make DIR N ROWS COLS                  makes N float32 tensors of that shape
save DIR N ROWS COLS THREADS SYNC     saves them to DIR
"""
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import torch
import torch.distributed.checkpoint as dcp

state = {}

print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    verb, folder, *args = line.rstrip("\n").split("\t")
    n, rows, cols = map(int, args[:3])
    if verb == "make":
        state.clear()
        g = torch.Generator().manual_seed(1)
        state.update({"layer.%05d.w" % i: torch.rand(rows, cols, generator=g) for i in range(n)})
        print(0.0, flush=True)
        continue
    start = time.perf_counter()
    writer = dcp.FileSystemWriter(folder, thread_count=int(args[3]), sync_files=args[4] == "true")
    dcp.save(state, storage_writer=writer)
    print(time.perf_counter() - start, flush=True)
