"""torch's side of the planning benchmark: reads verbs from stdin, answers with seconds.

STAGE DIR N ROWS COLS    plans for ROWS ranks, each with a row of N tensors. STAGE is local,
                         wire, global, metadata or load; each uses what the one before made.
"""
import logging
import pickle
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import torch
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.metadata import ChunkStorageMetadata, MetadataIndex, TensorProperties
from torch.distributed.checkpoint.planner import TensorWriteData, WriteItem, WriteItemType
from torch.distributed.checkpoint.planner_helpers import create_read_items_for_chunk_list

EMPTY = torch.empty(0, dtype=torch.bfloat16)
PROPERTIES = TensorProperties.create_from_tensor(EMPTY)


class Row(torch.Tensor):
    """A row of a tensor of which every rank has one; DTensor takes longer to say so."""

    @staticmethod
    def make(rank, rows, cols):
        t = torch.Tensor._make_subclass(Row, EMPTY)
        t.rank, t.whole = rank, torch.Size((rows, cols))
        return t

    def __create_write_items__(self, fqn, obj):
        offset = torch.Size((self.rank, 0))
        return [WriteItem(
            index=MetadataIndex(fqn, offset),
            type=WriteItemType.SHARD,
            tensor_data=TensorWriteData(chunk=ChunkStorageMetadata(offset, torch.Size((1, self.whole[1]))),
                                        properties=PROPERTIES, size=self.whole),
        )]


plans = metadata = wires = None


def run(stage, n, rows, cols):
    global plans, metadata, wires
    total = 0.0
    if stage == "local":
        plans = []
        for rank in range(rows):
            row = Row.make(rank, rows, cols)
            state = {"model": {"layer%05d.w" % i: row for i in range(n)}}
            start = time.perf_counter()
            planner = DefaultSavePlanner()
            planner.set_up_planner(state, is_coordinator=rank == 0)
            plans.append(planner.create_local_plan())
            total += time.perf_counter() - start
        return total
    start = time.perf_counter()
    if stage == "wire":
        wires = [pickle.dumps(p) for p in plans]
        plans = [pickle.loads(w) for w in wires]
    elif stage == "global":
        planner = DefaultSavePlanner()
        planner.set_up_planner({}, is_coordinator=True)
        plans, metadata = planner.create_global_plan(plans)
    elif stage == "metadata":
        metadata.storage_data = {}
        pickle.dumps(metadata)
    elif stage == "load":
        name, entry = next(iter(metadata.state_dict_metadata.items()))
        parts = rows * 3 // 4
        local = []
        for i in range(parts):
            low, high = i * rows // parts, (i + 1) * rows // parts
            local.append(ChunkStorageMetadata(torch.Size((low, 0)), torch.Size((high - low, cols))))
        start = time.perf_counter()
        reads = create_read_items_for_chunk_list(name, entry, local)
        assert len(reads) >= rows, len(reads)
    return time.perf_counter() - start


print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    stage, _, *args = line.rstrip("\n").split("\t")
    print(run(stage, *map(int, args[:3])), flush=True)
