"""Values as JSON, in the form of godcp's AppendJSON, tensors by their digest."""

import collections
import hashlib
import math

import torch

from digest import logical_bytes


def described_tensor(dtype, shape, data):
    return {"$t": "tensor", "dtype": str(dtype).removeprefix("torch."), "shape": list(shape),
            "sha256": hashlib.sha256(data).hexdigest()}


def describe(v):
    """Exact types only: a bool is no int, a torch.Size no tuple."""
    kind = type(v)
    if isinstance(v, torch.Tensor):
        return described_tensor(v.dtype, v.shape, logical_bytes(v))
    if v is None or kind in (bool, int, str):
        return v
    if kind is float:
        return v if math.isfinite(v) else {"$t": "float", "v": repr(v)}
    if kind is complex:
        return {"$t": "complex", "re": repr(v.real), "im": repr(v.imag)}
    if kind in (bytes, bytearray):
        return {"$t": kind.__name__, "hex": v.hex()}
    if kind is list:
        return [describe(x) for x in v]
    if kind in (tuple, torch.Size):
        return {"$t": "tuple" if kind is tuple else "torch.Size", "v": [describe(x) for x in v]}
    if kind in (set, frozenset):
        return {"$t": kind.__name__, "v": [describe(x) for x in sorted(v, key=repr)]}
    if kind is dict and all(type(k) is str and not k.startswith("$") for k in v):
        return {k: describe(x) for k, x in v.items()}
    if kind in (dict, collections.OrderedDict):
        return {"$t": kind.__name__, "v": [[describe(k), describe(x)] for k, x in v.items()]}
    if kind in (torch.dtype, torch.device):
        return {"$t": "torch." + kind.__name__, "v": str(v)}
    raise TypeError("a %s is none of godcp's values" % kind)
