"""Loads with torch, in every way that there is, what godcp saved.

    load.py dtypes NAME...   which dtypes this torch cannot save and load
    load.py load DIR         describes the checkpoints DIR/*

A description is a flat state, or for "torch_save" and "nested" a nested one. A
tensor is its dtype, shape and the sha256 of its elements, another value what
`dcp` prints for it as JSON. Prints JSON; a way that failed is its error.
"""

import io
import json
import logging
import os
import sys
import tempfile
import traceback
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint._fsspec_filesystem import FsspecReader
from torch.distributed.checkpoint._nested_dict import unflatten_state_dict
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.device_mesh import init_device_mesh

try:
    from torch.distributed.checkpoint._extension import ZStandard
except ImportError:  # before 2.7
    ZStandard = None

import group
from describe import describe, described_tensor
from digest import logical_bytes, stored_item
from ranks import DTensor, Replicate, Shard, distribute
from source import Source

WORLDS = (2, 3)


def attempt(way):
    """What way returns, or the error; torch's own is no Exception."""
    try:
        return way()
    except (Exception, dcp.CheckpointException):
        return {"error": traceback.format_exc(limit=-3)[-3000:]}


def soiled(entry):
    """A tensor whose every byte is wrong, to be loaded into."""
    shape, dtype = list(entry.size), entry.properties.dtype
    if 0 in shape:
        return torch.empty(shape, dtype=dtype)
    itemsize = torch.empty(0, dtype=dtype).element_size()
    return torch.full([entry.size.numel() * itemsize], 0xA5, dtype=torch.uint8).view(dtype).reshape(shape)


def template(metadata):
    return {
        fqn: soiled(entry) if isinstance(entry, TensorStorageMetadata) else "not loaded"
        for fqn, entry in metadata.state_dict_metadata.items()
    }


def load(folder, metadata, reader=dcp.FileSystemReader):
    state = template(metadata)
    dcp.load(state, storage_reader=reader(folder))
    return {fqn: describe(v) for fqn, v in state.items()}


def load_nested(folder, metadata):
    state = unflatten_state_dict(template(metadata), metadata.planner_data)
    dcp.load(state, storage_reader=dcp.FileSystemReader(folder))
    return describe(state)


def torch_save(folder, scratch):
    path = os.path.join(scratch, "saved.pt")
    dcp_to_torch_save(folder, path)
    return describe(torch.load(path, weights_only=False))


def cut_out(folder, metadata):
    """Opens every item by itself; the chunks of a tensor are put together."""
    state = template(metadata)
    for index, info in metadata.storage_data.items():
        item = io.BytesIO(stored_item(folder, info))
        entry = metadata.state_dict_metadata[index.fqn]
        if not isinstance(entry, TensorStorageMetadata):
            state[index.fqn] = torch.load(item, weights_only=False)
            continue
        chunk = entry.chunks[index.index] if index.index is not None else chunk_at(entry, index.offset)
        part = torch.load(item, weights_only=True)
        place = state[index.fqn]
        if index.offset not in (None, chunk.offsets) or part.shape != chunk.sizes or part.dtype != place.dtype:
            raise ValueError("%s is %s %s, its chunk %s" % (index, part.dtype, part.shape, chunk))
        for dim, (at, size) in enumerate(zip(chunk.offsets, chunk.sizes)):
            place = place.narrow(dim, at, size)
        place.copy_(part)
    return {fqn: describe(v) for fqn, v in state.items()}


def chunk_at(entry, offset):
    return next(chunk for chunk in entry.chunks if offset in (None, chunk.offsets))


def rank_main(rank, world, finished, folders, out, reader):
    with group.joined(rank, world, finished, os.path.join(out, "meet%d" % world)):
        load_everywhere(rank, world, folders, out, reader)


def load_everywhere(rank, world, folders, out, reader):
    mesh = init_device_mesh("cpu", (world,))
    found = {}
    for name, folder in folders.items():
        metadata = reader(folder).read_metadata()
        for placement in (Shard(0), Shard(1), Replicate()):
            own = attempt(lambda: load_part(folder, metadata, mesh, placement, reader))
            everyone = [None] * world
            dist.all_gather_object(everyone, own)
            found.setdefault(name, {})["%s over %d" % (placement, world)] = attempt(lambda: join(everyone))
    if rank == 0:
        with open(os.path.join(out, "world%d.json" % world), "w") as f:
            json.dump(found, f)


def load_part(folder, metadata, mesh, placement, reader):
    """What this rank has afterwards: of a tensor dtype, cut dimension, shape, bytes."""
    state = template(metadata)
    for fqn, v in state.items():
        if isinstance(v, torch.Tensor):
            fits = placement.is_shard() and v.dim() > placement.dim
            state[fqn] = distribute(v, mesh, [placement if fits else Replicate()])
    dcp.load(state, storage_reader=reader(folder))
    for fqn, v in state.items():
        if isinstance(v, DTensor):
            dim = v.placements[0].dim if v.placements[0].is_shard() else None
            local = v.to_local()
            state[fqn] = str(local.dtype), dim, list(local.shape), logical_bytes(local)
        else:
            state[fqn] = describe(v)
    return state


def join(everyone):
    """One description of what the ranks have."""
    for state in everyone:
        if "error" in state:
            return state
    whole = {}
    for fqn, first in everyone[0].items():
        parts = [state[fqn] for state in everyone]
        if not isinstance(first, tuple) or first[1] is None:
            if any(part != first for part in parts):
                raise ValueError("the ranks differ in %r" % fqn)
        if isinstance(first, tuple):
            first = described_tensor(*joined(parts))
        whole[fqn] = first
    return whole


def joined(parts):
    dtype, dim, shape, data = parts[0]
    if dim is not None:
        itemsize = torch.empty(0, dtype=getattr(torch, dtype.removeprefix("torch."))).element_size()
        full = torch.cat([
            torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(*shape, itemsize)
            if data else torch.empty(*shape, itemsize, dtype=torch.uint8)
            for _, _, shape, data in parts
        ], dim)
        shape, data = list(full.shape[:-1]), logical_bytes(full)
    return dtype, shape, data


def dtypes(names):
    """Those that this torch itself saves and loads."""
    found = {"torch": torch.__version__, "zstd": ZStandard is not None, "unknown": []}
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            if attempt(lambda: save_and_load(name, os.path.join(scratch, name), scratch)) is not True:
                found["unknown"].append(name)
    return found


def save_and_load(name, folder, scratch):
    t = Source(0, name).bytes_as(getattr(torch, name), [4, 3])
    dcp.save({"t": t}, storage_writer=dcp.FileSystemWriter(folder, sync_files=False))
    want = {"t": describe(t)}
    metadata = dcp.FileSystemReader(folder).read_metadata()
    return load(folder, metadata) == torch_save(folder, scratch) == cut_out(folder, metadata) == want


def load_sharded(folders, out, reader):
    """By checkpoint, what 2 and 3 ranks load. No threads of torch may have run
    before: a process that has them should not fork."""
    found = {name: {} for name in folders}
    for world in WORLDS:
        group.start(rank_main, world, (folders, out, reader), "fork")
        with open(os.path.join(out, "world%d.json" % world)) as f:
            for name, ways in json.load(f).items():
                found[name].update(ways)
    return found


def main(folder):
    folders = {name: os.path.join(folder, name) for name in sorted(os.listdir(folder))}
    with tempfile.TemporaryDirectory() as out:
        found = load_sharded(folders, out, dcp.FileSystemReader)
        for name, path in folders.items():
            metadata = dcp.FileSystemReader(path).read_metadata()
            found[name].update({
                "load": attempt(lambda: load(path, metadata)),
                "fsspec": attempt(lambda: load("file://" + path, metadata, FsspecReader)),
                "nested": attempt(lambda: load_nested(path, metadata)),
                "torch_save": attempt(lambda: torch_save(path, out)),
                "items": attempt(lambda: cut_out(path, metadata)),
            })
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    json.dump(dtypes(sys.argv[2:]) if sys.argv[1] == "dtypes" else main(sys.argv[2]), sys.stdout)
