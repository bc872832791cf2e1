"""torch's side of the load benchmark: reads commands from stdin, answers with seconds.

write DIR N ROWS COLS   saves N float32 tensors of that shape
load DIR N ROWS COLS    loads them into memory that was touched before
"""
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import torch
import torch.distributed.checkpoint as dcp

templates = {}


def template(n, rows, cols):
    key = (n, rows, cols)
    if key not in templates:
        templates.clear()
        templates[key] = {"layer.%05d.w" % i: torch.full((rows, cols), -1.0) for i in range(n)}
    return templates[key]


print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    verb, folder, *shape = line.rstrip("\n").split("\t")
    n, rows, cols = map(int, shape)
    if verb == "write":
        g = torch.Generator().manual_seed(1)
        state = {"layer.%05d.w" % i: torch.rand(rows, cols, generator=g) for i in range(n)}
        start = time.perf_counter()
        dcp.save(state, checkpoint_id=folder)
    else:
        state = template(n, rows, cols)
        start = time.perf_counter()
        dcp.load(state, checkpoint_id=folder)
    print(time.perf_counter() - start, flush=True)
