"""One tensor in several shardings, saved and loaded by gloo ranks.

    grid.py WORLD (WHAT DIR)...    WHAT is save or load

Prints for each load, by rank, name → [offset, local shape, elements]. Element
(i, j) is its position 6 i + j in the 11 by 6 that all of them are.
"""

import json
import logging
import os
import sys
import tempfile
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard
from torch.distributed.tensor._utils import compute_local_shape_and_global_offset
from torch.distributed.tensor.placement_types import _StridedShard

import group

ROWS, COLS = 11, 6


def placements(world):
    line = init_device_mesh("cpu", (world,))
    inner = 2 if world % 2 == 0 else 1
    square = init_device_mesh("cpu", (world // inner, inner))
    return {
        "rows": (line, [Shard(0)]),
        "columns": (line, [Shard(1)]),
        "replicated": (line, [Replicate()]),
        "square": (square, [Shard(0), Shard(1)]),
        "hsdp": (square, [Replicate(), Shard(0)]),
        "fsdp over tp": (square, [_StridedShard(0, split_factor=inner), Shard(0)]),
    }


def local(full, mesh, how):
    shape, offset = compute_local_shape_and_global_offset(full.shape, mesh, how)
    part = full
    for dim, (at, size) in enumerate(zip(offset, shape)):
        part = part.narrow(dim, at, size)
    return part.clone(), offset


def state(world, fill):
    full = torch.arange(ROWS * COLS, dtype=torch.float32).reshape(ROWS, COLS)
    if not fill:
        full = torch.full_like(full, -1)
    out = {"step": 11 if fill else None}
    for name, (mesh, how) in placements(world).items():
        part, _ = local(full, mesh, how)
        out[name] = DTensor.from_local(part, mesh, how, run_check=False, shape=full.shape, stride=full.stride())
    return out


def run(rank, world, finished, jobs, scratch):
    have = []
    with group.joined(rank, world, finished, os.path.join(scratch, "meet")):
        for what, folder in jobs:
            sd = state(world, what == "save")
            if what == "save":
                dcp.save(sd, storage_writer=dcp.FileSystemWriter(folder))
                continue
            dcp.load(sd, storage_reader=dcp.FileSystemReader(folder))
            got = {"step": sd.pop("step")}
            for name, t in sd.items():
                _, offset = local(torch.empty(ROWS, COLS), t.device_mesh, t.placements)
                part = t.to_local()
                got[name] = [list(offset), list(part.shape), part.flatten().tolist()]
            have.append(got)
    with open(os.path.join(scratch, "%d.json" % rank), "w") as f:
        json.dump(have, f)


if __name__ == "__main__":
    n = int(sys.argv[1])
    todo = list(zip(sys.argv[2::2], sys.argv[3::2]))
    with tempfile.TemporaryDirectory() as tmp:
        group.start(run, n, (todo, tmp))
        ranks = []
        for r in range(n):
            with open(os.path.join(tmp, "%d.json" % r)) as f:
                ranks.append(json.load(f))
        print(json.dumps(list(zip(*ranks))))
