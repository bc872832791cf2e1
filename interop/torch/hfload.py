"""Loads with torch, and with the safetensors library, the Hugging Face folders
that godcp saved.

    hfload.py DIR

Describes the checkpoints DIR/* as load.py does. "files" is what the library
finds in the files, put together; the other ways are those of torch's
HuggingFaceStorageReader, where this torch has it. Prints JSON.
"""

import glob
import json
import os
import sys
import tempfile

import safetensors
import safetensors.torch
import torch
import torch.distributed.checkpoint as dcp

from describe import describe
from load import attempt, load, load_sharded, soiled

READER = getattr(dcp, "HuggingFaceStorageReader", None)


class Entry:
    """As much of torch's TensorStorageMetadata as soiled needs."""

    def __init__(self, size, dtype):
        self.size, self.properties = torch.Size(size), self
        self.dtype = dtype


def files(folder):
    state = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.safetensors"))):
        tensors = safetensors.torch.load_file(path)
        with safetensors.safe_open(path, framework="pt") as f:
            metadata = f.metadata()
        if metadata["format"] != "pt" or metadata["DCP_VERSION"] != "1.0":
            raise ValueError("the metadata of %s is %s" % (path, metadata))
        places = json.loads(metadata["DCP_SHARDING_INFO"])
        sizes = json.loads(metadata["godcp_save"])["sizes"]
        if not set(places) == set(sizes) == set(tensors):
            raise ValueError("%s places %s, sizes %s and holds %s" % (path, places, sizes, sorted(tensors)))
        for fqn, part in tensors.items():
            place = state.setdefault(fqn, soiled(Entry(sizes[fqn], part.dtype)))
            for dim, at in enumerate(places[fqn]["saved_offsets"]):
                place = place.narrow(dim, at, part.shape[dim])
            place.copy_(part)
    return {fqn: describe(t) for fqn, t in state.items()}


def main(folder):
    folders = {name: os.path.join(folder, name) for name in sorted(os.listdir(folder))}
    found = {name: {} for name in folders}
    if READER is not None:
        with tempfile.TemporaryDirectory() as out:
            found = load_sharded(folders, out, READER)
    for name, path in folders.items():
        found[name]["files"] = attempt(lambda: files(path))
        if READER is not None:
            found[name]["load"] = attempt(lambda: load(path, READER(path).read_metadata(), READER))
    return {"torch": torch.__version__, "reader": READER is not None, "found": found}


if __name__ == "__main__":
    torch.set_num_threads(1)
    json.dump(main(sys.argv[1]), sys.stdout)
