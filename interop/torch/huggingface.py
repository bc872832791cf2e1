"""Reads with the safetensors library, and with torch, what godcp wrote.

    huggingface.py DIR

DIR/dtypes has a file of each dtype; DIR/rank0 and DIR/sharded are checkpoints
in the Hugging Face layout. Prints as JSON what was found in them; a tensor is
its dtype, its shape and the sha256 of its elements.
"""

import glob
import hashlib
import json
import os
import sys

import safetensors.torch
import torch
import torch.distributed.checkpoint as dcp

from digest import logical_bytes


def describe(tensors):
    return {
        name: [str(t.dtype).removeprefix("torch."), list(t.shape), hashlib.sha256(logical_bytes(t)).hexdigest()]
        for name, t in tensors.items()
    }


def load(data, dtype):
    """The tensors of a file. The library's torch part lacks some dtypes that
    its core reads; then all tensors are of dtype."""
    try:
        return safetensors.torch.load(data)
    except KeyError:
        return {name: view(info, getattr(torch, dtype)) for name, info in safetensors.deserialize(data)}


def view(info, dtype):
    shape = list(info["shape"])
    if info["dtype"] == "F4":
        shape[-1] //= 2  # torch counts bytes of two
    data = bytearray(info["data"])
    flat = torch.frombuffer(data, dtype=torch.uint8) if data else torch.empty(0, dtype=torch.uint8)
    return flat.view(dtype).reshape(shape)


def main(folder):
    found = {"torch": torch.__version__, "unknown": [], "different": [], "files": {}, "folders": {}}
    for path in sorted(glob.glob(os.path.join(folder, "*", "*.safetensors"))):
        name = os.path.relpath(path, folder)
        dtype = os.path.basename(path).removesuffix(".safetensors")
        if os.path.dirname(name) == "dtypes" and not hasattr(torch, dtype):
            found["unknown"].append(name)
            continue
        with open(path, "rb") as f:
            data = f.read()
        tensors = load(data, dtype)
        found["files"][name] = describe(tensors)
        with safetensors.safe_open(path, framework="pt") as f:
            metadata = f.metadata()
        # The order of several metadata keys is random.
        if metadata is None and safetensors.torch.save(tensors) != data:
            found["different"].append(name)
    reader = getattr(dcp, "HuggingFaceStorageReader", None)
    found["reader"] = reader is not None
    for name in ("rank0", "sharded") if reader else ():
        path = os.path.join(folder, name)
        state = {
            fqn: torch.full(tuple(md.size), 1, dtype=torch.int8).to(md.properties.dtype)
            for fqn, md in reader(path).read_metadata().state_dict_metadata.items()
        }
        dcp.load(state, storage_reader=reader(path), no_dist=True)
        found["folders"][name] = describe(state)
    index = os.path.join(folder, "rank0", "model.safetensors.index.json")
    with open(index) as f:
        text = f.read()
    found["index"] = json.loads(text)
    if json.dumps(found["index"], indent=2) != text:
        found["different"].append(index)
    json.dump(found, sys.stdout)


main(sys.argv[1])
