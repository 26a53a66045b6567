import os
from pathlib import Path

import numpy as np
import pytest

from engines.curation.cluster import Cluster, compute_on
from engines.curation.embeddings import EmbeddingStore
from engines.curation.encoder import Encoder
from engines.curation.prompts import directions
from engines.curation.scoring import cosine_scores
from engines.errors import StudioError
from engines.recipe import file_hash
from tests.pictures import photograph, text_named_jpg


def test_two_workers_give_the_same_scores_report_what_is_broken_and_go_on_where_they_stopped(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_worker_niceness", "0")  # Ray's workers step back behind all else, and tests share their machine
    files = [photograph(tmp_path / f"{index}.png", 160, 90, seed=index) for index in range(7)] + [text_named_jpg(tmp_path / "poem.jpg")]
    pictures = [(file_hash(path), path) for path in files]
    apart, together = EmbeddingStore(tmp_path / "apart"), EmbeddingStore(tmp_path / "together")
    reached: list[tuple[int, int]] = []
    apart.vectors(pictures[:2], encoder)
    failed = compute_on(
        Cluster(workers=2, shard=3), apart, pictures, encoder, progress=lambda done, total, message="": reached.append((done, total))
    )
    assert [place for place, _ in failed] == [7]
    assert "poem.jpg" in failed[0][1]
    assert reached[-1] == (6, 6)
    assert len(list(apart.folder.rglob("*.keys.npy"))) >= 3
    asked = directions(encoder, ["a city"]).positive
    shared = cosine_scores(apart.vectors(pictures, encoder)[0], asked)
    alone = cosine_scores(together.vectors(pictures, encoder)[0], asked)
    assert np.nanmax(np.abs(shared - alone)) <= 1e-5
    assert np.isnan(shared).tolist() == np.isnan(alone).tolist() == [False] * 7 + [True]
    assert compute_on(Cluster(workers=2), apart, pictures[:7], encoder) == []
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"shard": 0}, {"gpus": -1.0}, {"gpus": float("nan")}])
def test_a_cluster_without_workers_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(StudioError, match="at least one worker"):
        Cluster(**wrong)  # type: ignore[arg-type]
