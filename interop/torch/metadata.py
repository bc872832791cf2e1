"""Loads checkpoints whose metadata godcp wrote again.

    metadata.py ROOT

ROOT has a folder for each checkpoint: data files, metadata files by godcp,
those by torch with ".torch" after their names, and expected.json. Prints as
JSON which were loaded, which could not be because of this release of torch
(and why), and what was wrong.
"""

import hashlib
import json
import os
import pickle
import sys
import traceback

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import filesystem
from torch.distributed.checkpoint.default_planner import _EmptyStateDictLoadPlanner
from torch.distributed.checkpoint.state_dict_loader import _load_state_dict

from digest import logical_bytes

ours = b"C\x0agodcp\x01"


def plain(md):
    """What both metadata files must say alike."""
    items = {}
    for fqn, m in md.state_dict_metadata.items():
        items[fqn] = None
        if hasattr(m, "chunks"):
            p = m.properties
            items[fqn] = (
                (p.dtype, p.layout, p.requires_grad, p.memory_format, p.pin_memory),
                m.size,
                [(c.offsets, c.sizes) for c in m.chunks],
            )
            if {type(m.size)} | {type(s) for c in m.chunks for s in (c.offsets, c.sizes)} != {torch.Size}:
                raise TypeError("not all sizes of %s are torch.Size" % fqn)
    storage = [
        (i.fqn, i.offset, i.index, s.relative_path, s.offset, s.length, getattr(s, "transform_descriptors", None))
        for i, s in md.storage_data.items()
    ]
    meta = getattr(md, "storage_meta", None)
    if meta is not None:
        meta = (meta.checkpoint_id and str(meta.checkpoint_id), meta.save_id, meta.load_id, meta.modules)
    planner = md.planner_data or {}
    if not isinstance(planner, dict):
        planner = vars(planner)
    return {"items": list(items.items()), "storage": storage, "meta": meta, "planner": list(planner.items())}


def compare(folder, name):
    """Compares a metadata file with torch's, if this torch can read that."""
    path = os.path.join(folder, name)
    with open(path, "rb") as f:
        md = pickle.load(f)
        if f.read():
            raise ValueError("bytes after STOP")
    with open(path, "rb") as f:
        if plain(pickle._load(f)) != plain(md):
            raise ValueError("Python's own unpickler finds something else")
    again = pickle.dumps(md)
    if ours in again:
        raise ValueError("the seal survives pickling")
    if plain(pickle.loads(again)) != plain(md):
        raise ValueError("pickled again it says something else")
    if md.godcp_previous != ["old.distcp"]:
        raise ValueError("an extra key is lost")
    try:
        with open(path + ".torch", "rb") as f:
            want = pickle.load(f)
    except ValueError as e:
        if "too many values to unpack" not in str(e):  # TensorProperties of 2.15
            raise
        return
    want, got = plain(want), plain(md)
    for part in want:
        if want[part] != got[part]:
            raise ValueError("%s: torch has %s, godcp %s" % (part, want[part], got[part]))


def load(folder, expected):
    state = {}
    _load_state_dict(
        state,
        storage_reader=dcp.FileSystemReader(folder),
        planner=_EmptyStateDictLoadPlanner(),
        no_dist=True,
    )
    for fqn, want in expected["entries"].items():
        value = state
        for part in expected["flat_mapping"].get(fqn, [fqn]) if expected["flat_mapping"] else [fqn]:
            value = value[part]
        if want["kind"] == "tensor" and hashlib.sha256(logical_bytes(value)).hexdigest() != want["sha256"]:
            raise ValueError("%s: other elements" % fqn)


def lacks(expected):
    """What this torch lacks to load a checkpoint, or None."""
    for entry in expected["entries"].values():
        if entry["kind"] == "tensor" and not hasattr(torch, entry["dtype"]):
            return "dtype " + entry["dtype"]
    described = json.dumps(expected["metadata"])
    if "stream.zstd" in described and not hasattr(filesystem, "_StorageReaderTransforms"):
        return "stream transforms"
    return None


def main(root):
    found = {"torch": torch.__version__, "loaded": [], "lacks": {}, "faults": {}}
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        with open(os.path.join(folder, "expected.json")) as f:
            expected = json.load(f)
        if reason := lacks(expected):
            found["lacks"][name] = reason
            continue
        try:
            for file in os.listdir(folder):
                if file.endswith(".metadata"):
                    compare(folder, file)
            if os.path.exists(os.path.join(folder, ".metadata")):
                load(folder, expected)
            found["loaded"].append(name)
        except Exception:
            found["faults"][name] = traceback.format_exc(limit=-3)
    json.dump(found, sys.stdout)


main(sys.argv[1])
