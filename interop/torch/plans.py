#!/usr/bin/env python3
"""Plans saves with the torch that runs this.

usage: plans.py < CASES > PLANS

CASES is a JSON list of states for every rank; PLANS has for each what torch's
planner makes of it: the final plans, the metadata, and how the items of every
rank are dealt out to 2, 3 and 4 files.
"""

import json
import os
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")

import torch
import torch.distributed as dist
from torch.distributed.checkpoint import default_planner
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.filesystem import _split_by_size_and_type
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    MetadataIndex,
    TensorProperties,
)
from torch.distributed.checkpoint.planner import TensorWriteData, WriteItem, WriteItemType
from torch.distributed.device_mesh import init_device_mesh
from torch.testing._internal.distributed.fake_pg import FakeStore

try:
    from torch.distributed.tensor import DTensor, Shard
except ImportError:  # before 2.5
    from torch.distributed._tensor import DTensor, Shard


sys.excepthook = sys.__excepthook__  # torch's puts ranks before every line


class Boxes(torch.Tensor):
    """Any boxes of a tensor, planned as DTensor plans its one."""

    @staticmethod
    def make(dtype, size, boxes):
        t = torch.Tensor._make_subclass(Boxes, torch.empty(0, dtype=dtype))
        t.whole, t.boxes = torch.Size(size), boxes
        return t

    def __create_write_items__(self, fqn, obj):
        return [
            WriteItem(
                index=MetadataIndex(fqn, torch.Size(offsets)),
                type=WriteItemType.SHARD,
                tensor_data=TensorWriteData(
                    chunk=ChunkStorageMetadata(torch.Size(offsets), torch.Size(sizes)),
                    properties=TensorProperties.create_from_tensor(torch.empty(0, dtype=self.dtype)),
                    size=self.whole,
                ),
            )
            for offsets, sizes in self.boxes
        ]


def add_hook(module):
    """Lets a torch before 2.5 ask tensors for their own items."""
    create = module._create_write_items

    def ask(fqn, obj):
        return obj.__create_write_items__(fqn, obj) if isinstance(obj, Boxes) else create(fqn, obj)

    module._create_write_items = ask


if not hasattr(DTensor, "__create_write_items__"):
    add_hook(default_planner)


def build(node, mesh):
    kind, value = node["kind"], node.get("value")
    if kind == "dict":
        return {k: build(v, mesh) for k, v in (value or {}).items()}
    if kind == "int dict":
        return {int(k): build(v, mesh) for k, v in (value or {}).items()}
    if kind == "list":
        return [build(v, mesh) for v in value or ()]
    if kind == "object":
        return value
    dtype = getattr(torch, node["dtype"])
    if kind == "tensor":
        return torch.empty(node["size"], dtype=dtype)
    if kind == "boxes":
        return Boxes.make(dtype, node["size"], node["boxes"] or ())
    if kind == "dtensor":
        full = torch.empty(node["size"], dtype=dtype)
        dim, rank = node["dim"], mesh.get_rank()
        chunks = torch.chunk(full, mesh.size(), dim)
        local = chunks[rank] if rank < len(chunks) else full.narrow(dim, full.shape[dim], 0)
        return DTensor.from_local(local, mesh, [Shard(dim)], run_check=False, shape=full.shape, stride=full.stride())
    raise ValueError(kind)


def local_plan(case, rank):
    world = len(case["states"])
    dist.init_process_group("fake", rank=rank, world_size=world, store=FakeStore())
    try:
        mesh = init_device_mesh("cpu", (world,))
        planner = DefaultSavePlanner(dedup_save_to_lowest_rank=case["lowest"])
        planner.set_up_planner(build(case["states"][rank], mesh), is_coordinator=rank == 0)
        return planner, planner.create_local_plan()
    finally:
        dist.destroy_process_group()


def sizes(s):
    return None if s is None else list(s)


def name(index):
    return {"fqn": index.fqn, "offset": sizes(index.offset)}


def item(it):
    d = it.tensor_data
    out = dict(name(it.index), type=it.type.name, hint=-1 if it.index.index is None else it.index.index)
    if d is not None:
        out["tensor"] = dict(properties(d.properties), size=sizes(d.size), chunks=[chunk(d.chunk)])
    return out


def properties(p):
    return {"dtype": str(p.dtype)[6:], "layout": str(p.layout), "grad": p.requires_grad,
            "format": str(p.memory_format), "pin": p.pin_memory}


def chunk(c):
    return [sizes(c.offsets), sizes(c.sizes)]


def entry(fqn, e):
    if isinstance(e, BytesStorageMetadata):
        return {"fqn": fqn}
    return {"fqn": fqn, "tensor": dict(properties(e.properties), size=sizes(e.size), chunks=[chunk(c) for c in e.chunks])}


def plan(case):
    planners, plans = zip(*[local_plan(case, rank) for rank in range(len(case["states"]))])
    plans, metadata = planners[0].create_global_plan(list(plans))
    return {
        "plans": [[item(it) for it in p.items] for p in plans],
        "entries": [entry(fqn, e) for fqn, e in metadata.state_dict_metadata.items()],
        "paths": [{"fqn": fqn, "path": list(path)} for fqn, path in metadata.planner_data.items()],
        "buckets": [[[[name(it.index) for it in b] for b in _split_by_size_and_type(bins, list(p.items))]
                     for p in plans] for bins in (2, 3, 4)],
    }


json.dump([plan(case) for case in json.load(sys.stdin)], sys.stdout)
