"""Embed a source on a Ray cluster, and merge what its machines made into one archive.

    pip install "soundalike[ray]"
    python examples/embed_on_ray.py sounds/ archive/ 16

The last number is the number of shards: a few for each core of the cluster, so that none waits long
for the last one. Sounds and archive are on a disk that all machines see by the same paths; the
shards are made beside the archive. To use a cluster that runs, set RAY_ADDRESS.

A worker that dies loses the part of its shard that it was embedding; Ray runs the shard again, and
it resumes. So does the whole job, when it is run again: no clip is left out or there twice.
"""

import os
import socket
import sys
from pathlib import Path

import ray

from soundalike.cli.main import main

source, archive, n_shards = sys.argv[1], Path(sys.argv[2]).absolute(), int(sys.argv[3])
source = str(Path(source).absolute()) if Path(source).exists() else source
shards = archive.with_name(f"{archive.name}.shards")


def soundalike(*words: object) -> None:
    """Run a command of soundalike in this process."""
    if exit_code := main([str(word) for word in words]):
        raise RuntimeError(f"soundalike {words[0]} ended with exit code {exit_code}")


def embed(row: dict) -> dict:
    """Embed one shard of the source, on one core; what is there already is not embedded again."""
    number = row["id"] + 1
    of = f"{number}/{n_shards}"
    soundalike("embed", source, "--out", shards, "--shard", of, "--threads", 1)
    return {"shard": number, "host": socket.gethostname(), "process": os.getpid()}


if __name__ == "__main__":
    ray.init(include_dashboard=False)
    # A block for each shard. That a worker dies is rarely the fault of the shard: try again.
    numbers = ray.data.range(n_shards, override_num_blocks=n_shards)
    done = numbers.map(embed, num_cpus=1, max_retries=10).to_pandas()
    print(f"{len(done)} shards by {done.groupby(['host', 'process']).ngroups} processes")
    ray.shutdown()
    soundalike("merge", shards, "--out", archive)
