"""Recorded weights in the order of runs: within bounded memory, each row read once, none unseen."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from fittest.training.record import WeightSpool
from fittest.training.weight_file import WeightFile, write_weights

RUNS, STEPS = 24, range(0, 400, 10)
SHAPE = (64, 32)


def values(run: int, step: int) -> float:
    return run + step / 1000


def spooled(folder: Path) -> WeightSpool:
    """6 MB of checkpoints; from step 200 on half of the runs have left."""
    spool = WeightSpool(folder)
    for step in STEPS:
        runs = torch.arange(RUNS)[:: 1 if step < 200 else 2].flip(0)
        filled = torch.tensor([values(int(r), step) for r in runs])[:, None, None]
        weights = filled.expand(len(runs), *SHAPE).contiguous()
        spool.add("checkpoint", step, runs, {"a": weights, "b": weights[:, 0, 0].double()})
    return spool


@pytest.mark.parametrize("limit", [1, 2**20, 2**30])
def test_every_run_by_ascending_step(limit: int, tmp_path: Path) -> None:
    order = [int(i) for i in np.random.default_rng(0).permutation(RUNS)]
    found = []
    for run, step, parameters in spooled(tmp_path).by_run(order, limit):
        assert parameters["a"].shape == SHAPE
        assert set(parameters["a"].flat) == {np.float32(values(run, step))}
        assert parameters["b"] == np.float32(values(run, step))
        assert parameters["b"].dtype == np.float64
        found.append((run, step))
    assert found == [(r, s) for r in order for s in STEPS if s < 200 or r % 2 == 0]


def test_memory_stays_below_the_limit_and_the_spool_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, limit, read = spooled(tmp_path), 2**20, 0
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    rows = WeightFile.rows

    def counted(self: WeightFile, positions: object) -> object:
        nonlocal read
        for parameters in rows(self, positions):  # type: ignore[arg-type]
            read += sum(v.nbytes for v in parameters.values())
            yield parameters

    monkeypatch.setattr(WeightFile, "rows", counted)
    tracemalloc.start()
    for _ in spool.by_run(range(RUNS), limit):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 5 * limit
    assert peak < 2 * limit
    assert read < 1.01 * size


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "weights-000000001-final.bin"
    write_weights(path, 1, torch.tensor([3, 1]), {"a": torch.rand(2, 5), "b": torch.rand(2)})
    whole = path.read_bytes()
    for byte in range(len(whole)):
        path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 4]) + whole[byte + 1 :])
        assert not WeightSpool(tmp_path).is_whole()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert not WeightSpool(tmp_path).is_whole()


def test_nothing_to_keep(tmp_path: Path) -> None:
    spool = WeightSpool(tmp_path)
    spool.add("final", 3, torch.tensor([0, 1]), {})
    assert spool.is_whole(spool.names)
    assert list(spool.by_run([1, 0])) == [(1, 3, {}), (0, 3, {})]
