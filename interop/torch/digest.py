"""What `dcp digest` must print for a checkpoint, worked out by torch."""

import ctypes
import hashlib
import os

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.metadata import BytesStorageMetadata, MetadataIndex


def logical_bytes(t):
    """Little-endian elements in C order, with conj and neg resolved."""
    t = t.detach()
    if t.is_quantized:
        t = t.int_repr()
    if t.is_conj():
        t = t.resolve_conj()
    if t.is_neg():
        t = t.resolve_neg()
    t = t.contiguous()
    size = t.numel() * t.element_size()
    # numpy has no name for half of torch's dtypes, so the memory itself is read.
    return ctypes.string_at(t.data_ptr(), size) if size else b""


def stored_item(folder, info):
    """The bytes of one item as they were before any stream transform."""
    with open(os.path.join(folder, info.relative_path), "rb") as f:
        f.seek(info.offset)
        item = f.read(info.length)
    for descriptor in getattr(info, "transform_descriptors", None) or ():
        if not descriptor.startswith("stream.zstd"):
            raise ValueError("cannot undo " + descriptor)
        import zstandard

        item = zstandard.ZstdDecompressor().decompressobj().decompress(item)
    return item


def line(data, fqn):
    """One line as sha256sum writes it."""
    name = fqn.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "" if name == fqn else "\\"
    return "%s%s  %s\n" % (mark, hashlib.sha256(data).hexdigest(), name)


def write(path, folder, tensors):
    """Writes the digests of the checkpoint in folder to path.

    tensors maps every fqn of a tensor to its source, so that what is compared
    never went through a file.
    """
    metadata = dcp.FileSystemReader(folder).read_metadata()
    data = {fqn: logical_bytes(t) for fqn, t in tensors.items()}
    for fqn, entry in metadata.state_dict_metadata.items():
        if isinstance(entry, BytesStorageMetadata):
            if fqn in data:
                raise ValueError("torch stored the tensor %r as an object" % fqn)
            data[fqn] = stored_item(folder, metadata.storage_data[MetadataIndex(fqn)])
    if set(data) != set(metadata.state_dict_metadata):
        raise ValueError("fqns differ: %s" % sorted(set(data) ^ set(metadata.state_dict_metadata)))
    with open(path, "w", encoding="utf-8", newline="") as f:
        for fqn in sorted(data, key=lambda s: s.encode()):
            f.write(line(data[fqn], fqn))
