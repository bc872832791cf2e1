"""Tensors and states to save, all of them functions of one seed."""

import random

import torch


class Source:
    """Random content that every rank makes alike."""

    def __init__(self, seed, case):
        self.rng = random.Random("%d/%s" % (seed, case))

    def shape(self, dims, most=13):
        return [self.rng.randint(1, most) for _ in range(dims)]

    def bytes_as(self, dtype, shape):
        """A tensor of random bits: NaNs with payloads, negative zeros and all."""
        itemsize = torch.empty(0, dtype=dtype).element_size()
        n = itemsize
        for size in shape:
            n *= size
        data = bytearray(self.rng.randbytes(n))
        if dtype == torch.bool:
            data = bytearray(b & 1 for b in data)
        if n == 0:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(data, dtype=torch.uint8).view(dtype).reshape(shape)

    def numbers(self, shape, dtype=torch.float32):
        """A tensor of small whole numbers, for what computes with it."""
        n = 1
        for size in shape:
            n *= size
        values = [self.rng.randint(-100, 100) for _ in range(n)]
        return torch.tensor(values, dtype=dtype).reshape(shape)

    def tensor(self, dims=2, dtype=torch.float32, most=13):
        return self.bytes_as(dtype, self.shape(dims, most))


def dtypes():
    """Every dtype of this torch that tensors of whole bytes can have."""
    found = []
    for dtype in sorted({v for v in vars(torch).values() if isinstance(v, torch.dtype)}, key=str):
        try:
            Source(0, "probe").bytes_as(dtype, [3])
        except (RuntimeError, TypeError, NotImplementedError):
            continue  # quantized ones need a scale, sub-byte ones no storage
        found.append(dtype)
    return found


def quantized(s):
    x = s.numbers([3, 4]) / 8
    per_channel = (torch.tensor([0.1, 0.2, 0.5], dtype=torch.float64), torch.tensor([1, 0, 3]), 0)
    return {
        "qint8": torch.quantize_per_tensor(x, 0.05, 3, torch.qint8),
        "quint8": torch.quantize_per_tensor(x, 0.05, 10, torch.quint8),
        "qint32": torch.quantize_per_tensor(x, 0.05, 3, torch.qint32),
        "channels": torch.quantize_per_channel(x, *per_channel, torch.qint8),
    }


def views(s):
    base = s.tensor(2, most=20)
    grid = s.tensor(3, torch.bfloat16)
    c = s.numbers([4, 3], torch.complex64) + 1j * s.numbers([4, 3])
    rows, cols = base.shape
    r, k = s.rng.randint(0, rows), s.rng.randint(0, cols)
    return {
        "whole": base,
        "transposed": base.t(),
        "rows": base[r:],
        "columns": base[:, k:],
        "steps": base[::2, ::3],
        "permuted": grid.permute(2, 0, 1),
        "inner": grid[:, :1, :].squeeze(1),
        "expanded": s.tensor(1).reshape(-1, 1).expand(-1, 5),
        "channels_last": s.bytes_as(torch.float16, [2, 3, 4, 5]).contiguous(memory_format=torch.channels_last),
        "conj": c.conj(),
        "conj_transposed": c.conj().t(),
        "neg": c.conj().imag,
        "real": c.real,
    }


def shapes(s):
    return {
        "scalar": s.bytes_as(torch.float64, []),
        "scalar_int": torch.tensor(-s.rng.randint(0, 1 << 40)),
        "empty": torch.empty(0),
        "empty_columns": torch.empty(s.rng.randint(1, 9), 0, dtype=torch.int16),
        "empty_middle": torch.empty(2, 0, 4, dtype=torch.bool),
        "ones": s.bytes_as(torch.int8, [1, 1, 1, 1]),
        "deep": s.bytes_as(torch.uint8, [2, 1, 3, 1, 2, 2, 1, 2]),
        "long": s.bytes_as(torch.uint8, [s.rng.randint(65000, 70000)]),
        "parameter": torch.nn.Parameter(s.tensor()),
    }


def nested(s):
    return {
        "model": {"layers": [{"w": s.tensor()}, {"w": s.tensor(1), "n": 3}], "name": "héß 世\U0001f600"},
        "numbers": [1, 2.5, -(1 << 70), float("inf")],
        "mixed": [s.tensor(1), 5, "x", [s.tensor(0)]],
        "tuple": (1, "a", None, True),
        "tuple_of_tensors": (1, s.tensor(1)),
        "empty_list": [],
        "dot.key": {"x.y": s.tensor(1)},
        5: "an int as key",
        "bytes": b"\x00\x01\xff",
        "dtype": torch.bfloat16,
        "odd\nname\\of\ran entry": s.tensor(1),
        "tab\tand \x1b[31mcolour": s.tensor(1),
        "k" * 300: s.tensor(1),
        "\U0001f600": s.tensor(1),
        "\ufffd": 7,
    }


def training(s, steps=2):
    """A model and its optimizer after a few steps."""
    torch.manual_seed(s.rng.randint(0, 1 << 30))
    width = s.rng.randint(2, 9)
    model = torch.nn.Sequential(
        torch.nn.Linear(5, width), torch.nn.BatchNorm1d(width), torch.nn.Linear(width, 3, bias=False)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(6, 5)).pow(2).sum().backward()
        optimizer.step()
    return model, optimizer
