"""Opens with torch the items that godcp wrote, and saves each of them again.

    items.py DIR

DIR/items.json lists them: file, dtype, shape, and the sha256 of the elements.
Prints as JSON what was found. Leaves DIR/*.object behind, archives of objects
for godcp to write again.
"""

import functools
import hashlib
import io
import json
import os
import pickle
import sys

import torch

from digest import logical_bytes


def saved(obj):
    buffer = io.BytesIO()
    torch.save(obj, buffer)
    return buffer.getvalue()


@functools.cache
def loads(dtype):
    """Can this torch save a dtype and load it again? 2.4 cannot, of all."""
    if not hasattr(torch, dtype):
        return False
    try:
        torch.load(io.BytesIO(saved(torch.empty(0, dtype=getattr(torch, dtype)))), weights_only=True)
    except (KeyError, pickle.UnpicklingError):
        return False
    return True


def fault(tensor, want):
    """What is wrong with a tensor, or None."""
    got = {
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "sha256": hashlib.sha256(logical_bytes(tensor)).hexdigest(),
    }
    wrong = {k: v for k, v in got.items() if v != want[k]}
    if not tensor.is_contiguous() or tensor.requires_grad:
        wrong["layout"] = f"{tensor.stride()} {tensor.requires_grad}"
    return str(wrong) if wrong else None


def main(folder):
    found = {"torch": torch.__version__, "unknown": [], "faults": {}, "same": []}
    with open(os.path.join(folder, "items.json")) as f:
        items = json.load(f)
    for item in items:
        name = item["file"]
        if not loads(item["dtype"]):
            found["unknown"].append(name)
            continue
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        tensor = torch.load(io.BytesIO(data), weights_only=True)
        if wrong := fault(tensor, item):
            found["faults"][name] = wrong
        if saved(tensor) == data:
            found["same"].append(name)
    found["aligned"] = b"archive/.storage_alignment" in saved(torch.zeros(1))
    objects = [7, "text", {"lr": 0.1}] + [[torch.rand(i + 1) for i in range(n)] for n in (1, 2, 9, 70)]
    for i, obj in enumerate(objects):
        with open(os.path.join(folder, f"{i}.object"), "wb") as f:
            f.write(saved(obj))
    json.dump(found, sys.stdout)


main(sys.argv[1])
