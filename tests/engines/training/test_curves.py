import numpy as np

from engines.training.curves import draw_curves


def test_losses_and_judgements_become_panels_side_by_side() -> None:
    losses = [{"step": step, "seconds": float(step), "generator": 1 / step, "critic": 0.5} for step in range(1, 200, 10)]
    judged = [{"step": step, "held-out KID × 1000": 300 - step} for step in (50, 100, 150)]
    alone, beside = draw_curves(losses), draw_curves([*losses, *judged, {"step": 100, "notice": "look"}])
    assert alone is not None
    assert beside is not None
    assert beside.width > 1.8 * alone.width
    assert np.asarray(beside).std() > 5


def test_a_run_without_steps_has_no_curves() -> None:
    assert draw_curves([]) is None
    assert draw_curves([{"step": 1, "seconds": 1.0, "generator": 1.0}]) is None
