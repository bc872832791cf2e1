"""What torch says of local shapes and offsets.

    mesh.py FILE    FILE holds a JSON list of {"size", "mesh", "placements"}; a
                    placement is "R", "S <dim>" or "SS <dim> <split factor>"

Prints for each case a list, by rank, of [local shape, global offset].
"""

import itertools
import json
import sys

from torch.distributed.tensor import Replicate, Shard
from torch.distributed.tensor._utils import _compute_local_shape_and_global_offset
from torch.distributed.tensor.placement_types import _StridedShard


def placement(text):
    kind, *args = text.split()
    args = [int(a) for a in args]
    if kind == "R":
        return Replicate()
    return Shard(args[0]) if kind == "S" else _StridedShard(args[0], split_factor=args[1])


def main():
    with open(sys.argv[1]) as f:
        cases = json.load(f)
    out = []
    for case in cases:
        placements = [placement(p) for p in case["placements"]]
        ranks = itertools.product(*map(range, case["mesh"]))  # in C order
        out.append([
            _compute_local_shape_and_global_offset(tuple(case["size"]), tuple(case["mesh"]), list(c), placements)
            for c in ranks
        ])
    print(json.dumps(out))


if __name__ == "__main__":
    main()
