"""Writes torch.json, what real torch (2.15) makes of casts and of printing: make_golden.py > torch.json"""
import json, math, sys, warnings
warnings.filterwarnings("ignore")
import torch
from torch._tensor_str import _tensor_str

FLOATS = ["float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"]
INTS = ["int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"]
COMPLEX = ["complex128", "complex64", "complex32", "bcomplex32"]
inf, nan = math.inf, math.nan
WIDE = [0.0, -0.0, 1.0, -1.5, 0.1, -1 / 3, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-11 + 2.0**-40, 464.0, 465.0, 248.0, 61439.0, 61440.0, 65519.0, 65520.0, -1e30, 1e300,
        2.0**-25, 3 * 2.0**-25, 2.0**-127, 1e-300, 0.001953125, 0.0009765625, 1.5 * 2.0**-17, inf, -inf, nan]
SMALL = [0.0, -0.0, 1.0, 2.5, 0.999, 100.7, 3.0, 127.0]
BELOW = [-1.0, -2.5, -0.999, -100.7]

def raw(t): return bytes(t.contiguous().reshape(-1).view(torch.uint8).tolist()).hex()
def made(name, values):
    dt = getattr(torch, name)
    if name in COMPLEX: return torch.tensor([complex(v, w) for v, w in zip(values, values[1:] + values[:1])], dtype=torch.complex128).to(dt)
    return torch.tensor(values, dtype=torch.float64).to(dt)
def ints(name):
    i = torch.iinfo(getattr(torch, name))
    v = sorted({0, 1, 2, 100, i.max, i.max - 1, i.min, i.min + 1, i.max // 2 + 1, min(2**24 + 1, i.max), min(2**53 + 1, i.max), min(2**40 + 2**16 + 1, i.max), min(2049, i.max), min(257, i.max), 16 + 1})
    return torch.tensor(v, dtype=getattr(torch, name))

casts = []
for a in FLOATS + INTS + COMPLEX + ["bool"]:
    for b in FLOATS + INTS + COMPLEX + ["bool"]:
        if a == b: continue
        if a in INTS: src = ints(a)
        elif a == "bool": src = torch.tensor([False, True])
        elif b in INTS: src = made(a, SMALL + (BELOW if b[0] == "i" else []))
        else: src = made(a, WIDE)
        try: out = src.to(getattr(torch, b))
        except Exception as e:
            print(a, b, e, file=sys.stderr); continue
        casts.append({"from": a, "to": b, "src": raw(src), "dst": raw(out)})

prints = []
def show(t, **opts):
    torch.set_printoptions(profile="default"); torch.set_printoptions(**opts)
    prints.append({"dtype": str(t.dtype)[6:], "shape": list(t.shape), "src": raw(t), "threshold": opts.get("threshold", 0), "edge": opts.get("edgeitems", 0), "text": _tensor_str(t, 0)})
show(torch.tensor(3.5)); show(torch.tensor(-9)); show(torch.tensor([True, False]))
show(torch.tensor([1e-3, 1, 2000])); show(torch.tensor([1e9, 1])); show(torch.tensor([nan, 1, -inf])); show(torch.tensor([1.5, 2, inf]))
show(torch.tensor([[1 + 2j, 3 - 4.5j], [10, -1j]])); show(torch.tensor([1e-5, 1.0]))
show(torch.arange(60.)); show(torch.arange(24).reshape(2, 3, 4)); show(torch.arange(16, dtype=torch.uint8).reshape(2, 2, 2, 2))
show(torch.arange(40.).reshape(4, 10), threshold=20, edgeitems=2); show(torch.arange(60.).reshape(3, 4, 5), threshold=20, edgeitems=1); show(torch.arange(1001), )
show((torch.arange(30) - 7).to(torch.bfloat16) / 3); show(torch.tensor([0.5, -2, 448]).to(torch.float8_e4m3fn)); show(torch.tensor([2**64 - 1, 0], dtype=torch.uint64))
show(torch.arange(70, dtype=torch.int16)); show((torch.arange(40) - 20) * (0.5 + 1j))
json.dump({"torch": torch.__version__, "casts": casts, "prints": prints}, sys.stdout, indent=0)
