"""torch's side of checkpoints on S3.

    stores.py ENDPOINT SEED LOADED SAVED

Loads the checkpoint at the URL LOADED, and saves one to SAVED/LIBRARY, with each
library that brings torch to S3. Prints JSON: {LIBRARY: {"loaded": state, "saved":
state}}, a state being flat and described as interop's load.py does.
"""

import json
import logging
import os
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
sys.path.insert(1, os.path.join(os.path.dirname(__file__), "..", "..", "interop", "torch"))

import torch
import torch.distributed.checkpoint as dcp
from s3torchconnector import S3ClientConfig
from s3torchconnector._s3client import S3Client
from s3torchconnector.dcp import S3StorageReader, S3StorageWriter
from torch.distributed.checkpoint._fsspec_filesystem import FsspecReader, FsspecWriter

from describe import describe
from load import attempt, template
from source import Source

REGION = "us-east-1"


def s3fs(endpoint):
    options = {"endpoint_url": endpoint, "client_kwargs": {"region_name": REGION}, "skip_instance_cache": True}
    return (lambda url: FsspecReader(url, **options),
            lambda url, **more: FsspecWriter(url, sync_files=False, **options, **more))


def connector(endpoint):
    config = S3ClientConfig(force_path_style=True)

    def there(x):
        # Neither the reader nor the writer can be told of an endpoint.
        x.fs._client = S3Client(region=REGION, endpoint=endpoint, s3client_config=config)
        return x

    return (lambda url: there(S3StorageReader(REGION, url, s3client_config=config)),
            lambda url, **more: there(S3StorageWriter(REGION, url, s3client_config=config, **more)))


def made(seed, name):
    s = Source(seed, name)
    state = {str(dtype).removeprefix("torch."): s.tensor(2, dtype)
             for dtype in (torch.float32, torch.bfloat16, torch.float64, torch.int64, torch.bool, torch.complex64, torch.uint8)}
    state["large"] = s.bytes_as(torch.float32, [s.rng.randint(2500, 3000), 1000])
    state["nothing"] = torch.empty(0, 4)
    state["scalar"] = s.bytes_as(torch.float16, [])
    state["step"] = s.rng.randint(0, 1 << 20)
    state["names"] = "\u00e9 \U0001f600"
    return state


def load(url, reader):
    state = template(reader(url).read_metadata())
    dcp.load(state, storage_reader=reader(url))
    return {fqn: describe(v) for fqn, v in state.items()}


def save(url, writer, state, **more):
    dcp.save(state, storage_writer=writer(url, **more))
    return {fqn: describe(v) for fqn, v in state.items()}


if __name__ == "__main__":
    endpoint, seed, loaded, saved = sys.argv[1:]
    out = {}
    for name, (reader, writer) in {"s3fs": s3fs(endpoint), "s3torchconnector": connector(endpoint)}.items():
        out[name] = {
            "loaded": attempt(lambda: load(loaded, reader)),
            "saved": attempt(lambda: save(saved + "/" + name, writer, made(int(seed), name), thread_count=2)),
        }
    print(json.dumps(out))
