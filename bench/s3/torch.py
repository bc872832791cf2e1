"""torch's side of the benchmark on S3: reads commands from stdin, answers with seconds.

make ENDPOINT N ROWS COLS                   makes N float32 tensors of that shape
save ENDPOINT N ROWS COLS URL THREADS       saves them to URL
load ENDPOINT N ROWS COLS URL THREADS       loads into them
"""
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import torch
import torch.distributed.checkpoint as dcp
from s3torchconnector import S3ClientConfig
from s3torchconnector._s3client import S3Client
from s3torchconnector.dcp import S3StorageReader, S3StorageWriter

REGION = "us-east-1"
config = S3ClientConfig(force_path_style=True)
state = {}


def there(x, endpoint):
    # Neither the reader nor the writer can be told of an endpoint.
    x.fs._client = S3Client(region=REGION, endpoint=endpoint, s3client_config=config)
    return x


print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    verb, endpoint, *args = line.rstrip("\n").split("\t")
    n, rows, cols = map(int, args[:3])
    if verb == "make":
        g = torch.Generator().manual_seed(1)
        state.update({"layer.%05d.w" % i: torch.rand(rows, cols, generator=g) for i in range(n)})
        print(0.0, flush=True)
        continue
    url, threads = args[3], int(args[4])
    start = time.perf_counter()
    if verb == "save":
        dcp.save(state, storage_writer=there(S3StorageWriter(REGION, url, s3client_config=config, thread_count=threads), endpoint))
    else:
        dcp.load(state, storage_reader=there(S3StorageReader(REGION, url, s3client_config=config), endpoint))
    print(time.perf_counter() - start, flush=True)
