"""Sets that ranks save without collectives (torch 2.9 and later).

    ranklocal.py can                    prints whether this torch has them
    ranklocal.py WORLD (WHAT DIR)...    WHAT is save or load; prints what each rank has after each

WORLD 0 is one process without a group.

Element (i, j) of "w" is 100 i + j. It is sharded by rows, "c" by columns; "rep"
and "step" are on every rank.
"""

import contextlib
import inspect
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

import group
from ranks import Shard, distribute

ROWS, COLS = 7, 5


def state(world, fill):
    full = torch.arange(ROWS).reshape(-1, 1) * 100 + torch.arange(COLS)
    full = full.to(torch.float32) if fill else torch.full((ROWS, COLS), -1.0)
    rep = torch.arange(4, dtype=torch.int64) if fill else torch.full((4,), -1)
    step = 11 if fill else None
    if world == 0:
        return {"w": full, "c": full.clone(), "rep": rep, "step": step}
    mesh = init_device_mesh("cpu", (world,))
    return {"w": distribute(full, mesh, [Shard(0)]), "c": distribute(full.clone(), mesh, [Shard(1)]), "rep": rep, "step": step}


def plain(v):
    if hasattr(v, "to_local"):
        v = v.to_local()
    return v.tolist() if isinstance(v, torch.Tensor) else v


def run(rank, world, finished, jobs, scratch):
    have = []
    with group.joined(rank, world, finished, os.path.join(scratch, "meet")) if world else contextlib.nullcontext():
        for what, folder in jobs:
            sd = state(world, what == "save")
            if what == "save":
                dcp.save(sd, storage_writer=dcp.FileSystemWriter(folder), no_dist=world == 0, use_collectives=False)
            else:
                dcp.load(sd, storage_reader=dcp.FileSystemReader(folder))
            have.append({k: plain(v) for k, v in sd.items()})
    with open(os.path.join(scratch, "%d.json" % rank), "w") as f:
        json.dump(have, f)


def main(world, jobs):
    with tempfile.TemporaryDirectory() as scratch:
        if world:
            group.start(run, world, (jobs, scratch))
        else:
            run(0, world, None, jobs, scratch)
        ranks = []
        for rank in range(max(world, 1)):
            with open(os.path.join(scratch, "%d.json" % rank)) as f:
                ranks.append(json.load(f))
        print(json.dumps(list(zip(*ranks))))


if __name__ == "__main__":
    if sys.argv[1:] == ["can"]:
        print(json.dumps("use_collectives" in inspect.signature(dcp.save).parameters))
    else:
        main(int(sys.argv[1]), list(zip(sys.argv[2::2], sys.argv[3::2])))
