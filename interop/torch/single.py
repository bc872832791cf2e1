"""Checkpoints of one rank."""

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.state_dict import get_state_dict

import source
from source import Source


def some(s):
    """A state of every size class, for the writer's options."""
    return {
        "a": s.tensor(2, most=60),
        "b": s.tensor(1, torch.bfloat16),
        "c": s.tensor(3, torch.float64),
        "d": s.tensor(1, torch.int64, most=900),
        "step": s.rng.randint(0, 1 << 20),
        "name": "run",
        "list": [1, 2, 3],
    }


def savable(out, s):
    """One tensor of each dtype that this torch saves, tried out one by one."""
    state, refused = {}, []
    for dtype in source.dtypes():
        name = str(dtype).removeprefix("torch.")
        t = s.tensor(2, dtype)
        try:
            dcp.save({name: t}, storage_writer=dcp.FileSystemWriter(out.scratch(), sync_files=False))
        except (Exception, dcp.CheckpointException):  # no Exception, that one
            refused.append(name)
            continue
        state[name] = t
    out.note("this torch cannot save " + " ".join(refused))
    if len(state) < 16:
        raise ValueError("only %s can be saved" % sorted(state))
    return state


def make(out):
    def case(name, state, planner=None, keep_nesting=False, **writer):
        writer.setdefault("sync_files", False)
        folder = out.folder(name)
        dcp.save(state, storage_writer=dcp.FileSystemWriter(folder, **writer), planner=planner)
        out.digests(name, state, flatten=not keep_nesting)

    def s(name):
        return Source(out.seed, name)

    case("plain", some(s("plain")), sync_files=True)
    case("dtypes", savable(out, s("dtypes")))
    case("quantized", source.quantized(s("quantized")))
    case("views", source.views(s("views")))
    case("shapes", source.shapes(s("shapes")))
    case("nested", source.nested(s("nested")))
    case("not-flattened", {"w": s("flat").tensor(), "nest": {"t": s("flat").tensor()}},
         planner=DefaultSavePlanner(flatten_state_dict=False), keep_nesting=True)
    case("many", {"layer.%04d" % i: s("many%d" % i).tensor(i % 4) for i in range(1040)}, thread_count=2)
    case("big", {"big": s("big").bytes_as(torch.float32, [s("rows").rng.randint(4000, 5000), 1601]),
                 "small": s("small").tensor()})
    for threads in (1, 2, 3, 4):
        name = "threads%d" % threads
        case(name, some(s(name)), thread_count=threads)
    case("files", some(s("files")), single_file_per_rank=False)
    case("files-threads", some(s("files-threads")), single_file_per_rank=False, thread_count=3)
    case("few-items", {"a": s("few").tensor()}, thread_count=4)
    case("no-items", {})

    model, optimizer = source.training(s("training"))
    case("optimizer", {"model": model.state_dict(), "optim": optimizer.state_dict(), "epoch": 3})
    model_state, optimizer_state = get_state_dict(model, optimizer)
    case("optimizer-fqn", {"model": model_state, "optim": optimizer_state}, thread_count=2)

    # What a larger, earlier checkpoint left behind must not matter.
    case("overwritten", some(s("before")), thread_count=4)
    case("overwritten", some(s("after")), thread_count=2)

    if out.zstd:
        state = dict(some(s("zstd")), zeros=torch.zeros(300, 70), empty=torch.empty(0), text="text " * 500)
        case("zstd", state, _extensions=[out.zstd()])
        case("zstd-threads", state, thread_count=3, _extensions=[out.zstd()])
        case("zstd-files", state, single_file_per_rank=False, _extensions=[out.zstd()])
