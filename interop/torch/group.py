"""The gloo group of the ranks of a script."""

import contextlib
import datetime

import torch.distributed as dist
import torch.multiprocessing as mp


def start(main, world, args, method="spawn"):
    """Runs main(rank, world, finished, *args) in a process for each rank."""
    finished = mp.get_context(method).Barrier(world)
    mp.start_processes(main, args=(world, finished, *args), nprocs=world, start_method=method)


@contextlib.contextmanager
def joined(rank, world, finished, meet):
    """The group that meets in the file meet."""
    dist.init_process_group("gloo", init_method="file://" + meet, rank=rank, world_size=world,
                            timeout=datetime.timedelta(seconds=120))
    yield
    # No destroy_process_group: in 2.4 and 2.7 it can wait for ever for a thread of
    # gloo that waits for Python's lock. But nobody leaves who may be needed.
    finished.wait(120)
