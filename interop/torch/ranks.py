"""Checkpoints of several ranks, each a process of its own."""

import os

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed._shard.metadata import ShardMetadata
from torch.distributed._shard.sharded_tensor import Shard as LocalShard
from torch.distributed._shard.sharded_tensor import init_from_local_shards
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.state_dict import get_state_dict
from torch.distributed.device_mesh import init_device_mesh

try:
    from torch.distributed.tensor import DTensor, Replicate, Shard
except ImportError:  # before 2.5
    from torch.distributed._tensor import DTensor, Replicate, Shard

import group
from source import Source

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.float64,
          torch.bool, torch.complex64, torch.float8_e4m3fn)


def distribute(full, mesh, placements):
    """This rank's part of full as a DTensor, cut as torch cuts.

    Not distribute_tensor, which sends the parts and so needs gloo to know the
    dtype; saving needs no such thing.
    """
    part = full
    for dim, placement in enumerate(placements):
        if placement.is_shard():
            along, i = placement.dim, mesh.get_coordinate()[dim]
            chunks = torch.chunk(part, mesh.size(dim), along)
            part = chunks[i] if i < len(chunks) else part.narrow(along, part.shape[along], 0)
    return DTensor.from_local(part, mesh, placements, run_check=False, shape=full.shape, stride=full.stride())


def tiles(rng, offsets, sizes, n):
    """Cuts a box into n boxes at random places."""
    if n == 1:
        return [(offsets, sizes)]
    dim = rng.randrange(len(sizes))
    if sizes[dim] < 2:
        dim = max(range(len(sizes)), key=lambda d: sizes[d])
    at = rng.randint(1, sizes[dim] - 1)
    low, high, beyond = list(sizes), list(sizes), list(offsets)
    low[dim], high[dim], beyond[dim] = at, sizes[dim] - at, offsets[dim] + at
    left = rng.randint(max(1, n - _volume(high)), min(n - 1, _volume(low)))
    return tiles(rng, offsets, low, left) + tiles(rng, beyond, high, n - left)


def _volume(sizes):
    n = 1
    for size in sizes:
        n *= size
    return n


def irregular(full, boxes, rank, world):
    """A ShardedTensor whose boxes are dealt to the ranks in turn."""
    shards = []
    for i, (offsets, sizes) in enumerate(boxes):
        if i % world == rank:
            part = full
            for dim, (at, size) in enumerate(zip(offsets, sizes)):
                part = part.narrow(dim, at, size)
            shards.append(LocalShard(part.clone(), ShardMetadata(offsets, sizes, "rank:%d/cpu" % rank)))
    return init_from_local_shards(shards, *full.shape)


def main(rank, world, finished, out):
    with group.joined(rank, world, finished, os.path.join(out.root, ".rendezvous%d" % world)):
        make(rank, world, out)


def make(rank, world, out):
    mesh = init_device_mesh("cpu", (world,), mesh_dim_names=("dp",))

    def case(name, build, also=(), planner=None, is_async=False, **writer):
        """build maps names to (full tensor, mesh, placements), or to what is saved as it is."""
        name = "r%d-%s" % (world, name)
        spec = build(Source(out.seed, name))
        state, full = {}, {}
        for key, v in spec.items():
            sharded = isinstance(v, tuple) and isinstance(v[0], torch.Tensor)
            full[key] = v[0] if sharded else v
            state[key] = distribute(*v) if sharded else v
        save(name, state, {**full, **dict(also)}, planner, is_async, **writer)

    def save(name, state, full, planner=None, is_async=False, **writer):
        writer.setdefault("sync_files", False)
        folder = out.folder(name)
        dist.barrier()
        if is_async:
            # torch's stager cannot copy a DTensor whose part is a view.
            state = {k: v.clone() if isinstance(v, DTensor) else v for k, v in state.items()}
            handle = dcp.async_save(state, storage_writer=dcp.FileSystemWriter(folder, **writer))
            getattr(handle, "upload_completion", handle).result()
        else:
            dcp.save(state, storage_writer=dcp.FileSystemWriter(folder, **writer), planner=planner)
        dist.barrier()
        if rank == 0:
            out.digests(name, full)

    def rows(s):
        return {
            "w": (s.tensor(2, most=40), mesh, [Shard(0)]),
            "bias": (s.tensor(1, torch.bfloat16, most=90), mesh, [Shard(0)]),
            "cube": (s.tensor(3, torch.float64), mesh, [Shard(0)]),
            "plain": s.tensor(),
            "step": s.rng.randint(0, 1000),
        }

    case("rows", rows)
    case("columns", lambda s: {
        "w": (s.tensor(2, most=40), mesh, [Shard(1)]),
        "h": (s.tensor(3, torch.float16, most=9), mesh, [Shard(2)]),
        "n": 1,
    })
    case("few-rows", lambda s: {
        "two": (s.bytes_as(torch.float32, [2, 5]), mesh, [Shard(0)]),
        "one": (s.bytes_as(torch.float32, [1]), mesh, [Shard(0)]),
        "none": (torch.empty(0, 4), mesh, [Shard(0)]),
        "ten": (s.bytes_as(torch.int16, [10, 3]), mesh, [Shard(0)]),
    })
    case("dtypes", lambda s: {
        str(d): (s.tensor(2, d), mesh, [Shard(s.rng.randint(0, 1))]) for d in DTYPES
    })
    case("replicated", lambda s: {
        "r": (s.tensor(), mesh, [Replicate()]), "scalar": (s.bytes_as(torch.float32, []), mesh, [Replicate()]),
        "a": s.tensor(), "b": s.tensor(1), "c": s.tensor(3), "o": {"lr": 0.5},
    })
    case("lowest-rank", rows, planner=DefaultSavePlanner(dedup_save_to_lowest_rank=True))
    case("threads", rows, thread_count=3)
    case("files", rows, single_file_per_rank=False)
    case("files-threads", rows, single_file_per_rank=False, thread_count=4)
    case("async", rows, is_async=True)
    own = {"rank%d" % r: Source(out.seed, "own%d" % r).tensor() for r in range(world)}
    case("own-keys", lambda s: {"shared": s.tensor(), "rank%d" % rank: own["rank%d" % rank]}, also=own)
    if world > 1:
        case("big", lambda s: {"big": (s.bytes_as(torch.bfloat16, [s.rng.randint(900, 1100), 7001]), mesh,
                                       [Shard(s.rng.randint(0, 1))])}, thread_count=2)
    if out.zstd:
        case("zstd", rows, thread_count=2, _extensions=[out.zstd()])
    if world == 4:
        grid = init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp"))
        case("grid", lambda s: {
            "both": (s.tensor(2, most=30), grid, [Shard(0), Shard(1)]),
            "turned": (s.tensor(2, torch.int32, most=30), grid, [Shard(1), Shard(0)]),
            "hsdp": (s.tensor(2), grid, [Replicate(), Shard(0)]),
            "tensor_parallel": (s.tensor(2), grid, [Shard(1), Replicate()]),
            "twice": (s.tensor(2, most=30), grid, [Shard(0), Shard(0)]),
            "replicated": (s.tensor(1), grid, [Replicate(), Replicate()]),
        })

    name = "r%d-irregular" % world
    s = Source(out.seed, name)
    full = {"t%d" % dims: s.bytes_as(torch.float32, [s.rng.randint(4, 12) for _ in range(dims)])
            for dims in (1, 2, 3)}
    boxes = {k: tiles(s.rng, [0] * t.dim(), list(t.shape), min(_volume(t.shape), s.rng.randint(world, 3 * world)))
             for k, t in full.items()}
    save(name, {k: irregular(t, boxes[k], rank, world) for k, t in full.items()}, full)

    fsdp(rank, world, mesh, out, save)


def fsdp(rank, world, mesh, out, save):
    """A model under FSDP2 with its optimizer, where this torch runs it on CPUs."""
    if out.version < (2, 6):
        return
    from torch.distributed.fsdp import fully_shard

    s = Source(out.seed, "fsdp%d" % world)
    torch.manual_seed(s.rng.randint(0, 1 << 30))
    width = s.rng.randint(world, 20)
    model = torch.nn.Sequential(torch.nn.Linear(6, width), torch.nn.Linear(width, 3))
    fully_shard(model, mesh=mesh)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.ones(2, 6)).sum().backward()
    optimizer.step()
    model_state, optimizer_state = get_state_dict(model, optimizer)
    state = {"model": model_state, "optim": optimizer_state}
    save("r%d-fsdp" % world, state, whole(state))


def whole(v):
    """The same state with every DTensor in one piece; all ranks take part."""
    if isinstance(v, DTensor):
        return v.full_tensor()
    if isinstance(v, dict):
        return {k: whole(x) for k, x in v.items()}
    if isinstance(v, list):
        return [whole(x) for x in v]
    return v
