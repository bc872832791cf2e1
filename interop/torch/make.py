#!/usr/bin/env python3
"""Writes checkpoints of every kind with the torch that runs this.

usage: make.py OUT SEED

Each becomes OUT/NAME/ckpt, with OUT/NAME/digests.txt beside it: what `dcp
digest` must print, from the objects that were saved. Names that begin with rN-
were saved by N ranks. Shapes and contents follow from SEED.
"""

import logging
import os
import re
import shutil
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch
from torch.distributed.checkpoint._nested_dict import flatten_state_dict

try:
    from torch.distributed.checkpoint._extension import ZStandard
except ImportError:  # before 2.7
    ZStandard = None

import digest
import group
import ranks
import single


class Output:
    def __init__(self, root, seed):
        self.root = os.path.abspath(root)
        self.seed = seed
        self.version = tuple(int(n) for n in re.match(r"(\d+)\.(\d+)", torch.__version__).groups())
        self.zstd = ZStandard

    def folder(self, name):
        path = os.path.join(self.root, name, "ckpt")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def scratch(self):
        path = os.path.join(self.root, ".scratch")
        shutil.rmtree(path, ignore_errors=True)
        return path

    def note(self, text):
        print(text, flush=True)

    def digests(self, name, state, flatten=True):
        if flatten:
            state, _ = flatten_state_dict(state)
        tensors = {fqn: v for fqn, v in state.items() if isinstance(v, torch.Tensor)}
        digest.write(os.path.join(self.root, name, "digests.txt"), self.folder(name), tensors)


def main():
    out = Output(sys.argv[1], int(sys.argv[2]))
    os.makedirs(out.root)
    torch.set_num_threads(1)
    # Ranks first: a process that has run torch's threads should not fork.
    for world in (1, 2, 3, 4):
        group.start(ranks.main, world, (out,), "fork")
    single.make(out)
    shutil.rmtree(out.scratch(), ignore_errors=True)
    out.note("torch %s, seed %d" % (torch.__version__, out.seed))


if __name__ == "__main__":
    main()
