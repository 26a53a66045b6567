"""Vectors of many pictures on several processes or machines, through Ray Data."""

import importlib.util
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines import compute
from engines.curation.embeddings import SHARD, EmbeddingStore, View
from engines.curation.encoder import Encoder, load_encoder
from engines.curation.framing import Frame
from engines.errors import StudioError
from engines.paths import REPOSITORY
from engines.progress import Progress, silent

OBJECT_STORE = 256 * 2**20
BLOCK = 4 * 2**20


@dataclass(frozen=True)
class Cluster:
    """Where the work is done.

    Attributes:
        workers: processes that each hold the model.
        address: of a running Ray cluster ("auto" finds the one of this machine); empty starts one here that ends with the work.
        gpus: GPUs a worker, such as 1 or 0.5; 0 computes on CPUs.
        shard: pictures handed to a worker at a time, which is also what a kill can lose of each.
    """

    workers: int = 2
    address: str = ""
    gpus: float = 0.0
    shard: int = SHARD

    def __post_init__(self) -> None:
        if self.workers < 1 or self.shard < 1 or not self.gpus >= 0:
            values = f"{self.workers} workers, shards of {self.shard}, {self.gpus:g} GPUs"
            raise StudioError(f"a cluster needs at least one worker, shards of at least one picture and no fewer than 0 GPUs, got {values}")


class _Looker:
    """A worker: loads the model once, then looks at one shard of pictures after another and keeps the vectors in the store."""

    def __init__(self, model: str, model_id: str, store: str, frame: dict[str, Any] | None, decoding: str) -> None:
        compute.keep_memory()
        self.encoder = load_encoder(model)
        if self.encoder.model_id != model_id:
            raise StudioError(f"a worker has {self.encoder.model_id} for {model}, expected {model_id}: install the same models everywhere")
        self.store = EmbeddingStore(Path(store))
        self.frame = Frame.from_json(frame) if frame else None
        self.decoding = decoding

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[Any]]:
        places = batch["place"].tolist()
        pictures = [(str(sha256), Path(str(path))) for sha256, path in zip(batch["sha256"], batch["path"], strict=True)]
        reasons = dict(self.store.compute(pictures, self.encoder, self.frame, decoding=self.decoding))
        return {"place": places, "reason": [reasons.get(index, "") for index in range(len(places))]}


def compute_on(
    cluster: Cluster,
    store: EmbeddingStore,
    pictures: Sequence[tuple[str, Path]],
    encoder: Encoder,
    frame: Frame | None = None,
    progress: Progress = silent,
    decoding: str = "full",
) -> list[tuple[int, str]]:
    """Look at the pictures that the store does not hold yet, on a cluster; afterwards `store.vectors` only reads.

    Workers read the files and write the shards themselves, so both must lie where all of them see them under the same path. What a worker
    has finished is kept: the same call goes on where a killed one stopped.

    Args:
        pictures: (sha256 in hexadecimal, file) of each.

    Returns:
        Place and reason of each picture that cannot be read.

    Raises:
        StudioError: Ray is not installed, the cluster cannot be reached, or it fails.
        Cancelled: when `progress` says so.
    """
    if importlib.util.find_spec("ray") is None:
        raise StudioError("scoring on several processes or machines needs Ray: pip install -e '.[scale]', or leave out --engine ray")
    view = View(encoder.model_id, frame.key() if frame else "", decoding)
    missing = store.missing(view, [sha256 for sha256, _ in pictures])
    if not missing:
        return []
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before the import, which reads it
    import ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    rows = [{"place": place, "sha256": pictures[place][0], "path": str(Path(pictures[place][1]).absolute())} for place in missing]
    arguments = (encoder.name, encoder.model_id, str(store.folder.absolute()), frame.as_json() if frame else None, decoding)
    failed: list[tuple[int, str]] = []
    ours = not ray.is_initialized()
    try:
        _connect(ray, cluster)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = BLOCK  # only paths and reasons travel, so Ray need not keep room for pictures
        shards = max(cluster.workers, -(-len(rows) // cluster.shard))
        looked = ray.data.from_items(rows, override_num_blocks=min(shards, len(rows))).map_batches(
            _Looker,
            fn_constructor_args=arguments,
            batch_size=cluster.shard,
            compute=ray.data.ActorPoolStrategy(size=cluster.workers),
            num_cpus=1,
            num_gpus=cluster.gpus or None,
        )
        for done, row in enumerate(looked.iter_rows(), 1):
            if row["reason"]:
                failed.append((int(row["place"]), str(row["reason"])))
            progress(done, len(rows), "looking at pictures")
    except (ray.exceptions.RayError, ConnectionError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise StudioError(f"the Ray cluster failed ({reason}): what was finished is kept, run the same command again") from error
    finally:
        if ours:
            ray.shutdown()
    return sorted(failed)


def _connect(ray: Any, cluster: Cluster) -> None:
    """Join the cluster of an address, or start one for this work; a connection that is there already is used."""
    if ray.is_initialized():
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if cluster.address:
        ray.init(address=cluster.address, **quiet)
        return
    search = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
    ray.init(
        num_cpus=cluster.workers,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE,
        runtime_env={"env_vars": {"PYTHONPATH": search}},
        **quiet,
    )
