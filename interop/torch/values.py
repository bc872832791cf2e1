"""Loads with torch the objects that godcp encoded.

    values.py DIR

DIR/values.json lists them: file, and the Python expression of the value. Prints
as JSON what is wrong, by file.
"""

import json
import os
import sys
from collections import OrderedDict

import torch

from digest import logical_bytes

nan, inf = float("nan"), float("inf")


def same(a, b):
    """Are a and b of the same types and values, orders of dicts included?"""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):
        return same(sorted(a, key=repr), sorted(b, key=repr))
    if isinstance(a, torch.Tensor):
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and a.is_contiguous()
            and not a.requires_grad
            and logical_bytes(a) == logical_bytes(b)
        )
    return repr(a) == repr(b)


def main(folder):
    faults = {}
    with open(os.path.join(folder, "values.json")) as f:
        values = json.load(f)
    for v in values:
        path = os.path.join(folder, v["file"])
        try:
            want = eval(v["python"])
            got = torch.load(path, weights_only=False)
            if not same(got, want):
                faults[v["file"]] = "got %r, want %r" % (got, want)
        except Exception as e:
            faults[v["file"]] = "%s: %r" % (v["python"], e)
    json.dump({"torch": torch.__version__, "faults": faults, "values": len(values)}, sys.stdout)


main(sys.argv[1])
