"""Weights of one run out of a shard: what is read, and that it is the right thing or an error."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fittest.errors import StoreError
from fittest.pipeline.running.tables import weight_tables
from fittest.store import provenance, read_rows, read_run, read_table, write_batches
from small_world import plain, seeded_runs

ORIGIN = provenance("smoke", "0123456789abcdef")
STEPS = range(0, 60, 10)
SIZE = 5_000
RUNS = sorted(seeded_runs(8), key=lambda run: run.run_id)
NAMES = ("embedding.weight", "output.bias")


def rows(size: int = SIZE) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Of every run and step, values that say which they are."""
    for index in range(len(RUNS)):
        for step in STEPS:
            values = np.random.default_rng([index, step]).random((size, 2), dtype=np.float32)
            yield index, step, {NAMES[0]: values, NAMES[1]: values[:3, 0]}


def by_run(path: Path, size: int = SIZE) -> Path:
    """A shard as it is written now."""
    write_batches(weight_tables(RUNS, rows(size), 30 * size), path, ORIGIN, "weights")
    return path


def by_step(path: Path, size: int = SIZE) -> Path:
    """A shard as it was written before: a row group per step, and no word on statistics."""
    tables = list(weight_tables(RUNS, rows(size), 1))
    whole = pa.concat_tables(tables)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "add_key_value_metadata", lambda *_: None)
        parts = (whole.filter(pa.compute.equal(whole["step"], step)) for step in STEPS)
        write_batches(parts, path, ORIGIN, "weights")
    return path


class Counting(io.FileIO):
    """A file that counts the bytes that are read of it."""

    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        Counting.total += len(found)
        return found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    opened = pq.ParquetFile

    def count(path: Any, **options: Any) -> pq.ParquetFile:
        return opened(Counting(path), **options)

    monkeypatch.setattr(pq, "ParquetFile", count)
    monkeypatch.setattr(Counting, "total", 0)
    return Counting


def own_rows(index: int, size: int = SIZE) -> list[tuple[int, str, list[float]]]:
    return [
        (step, name, v.reshape(-1).tolist())
        for who, step, values in rows(size)
        if who == index
        for name, v in values.items()
    ]


def content(frame: pd.DataFrame) -> list[tuple[int, str, list[float]]]:
    return list(zip(frame["step"], frame["parameter"], map(list, frame["values"]), strict=True))


@pytest.mark.parametrize("index", [0, 3, 7])
def test_one_run_costs_its_share(index: int, tmp_path: Path, counted: type[Counting]) -> None:
    path = by_run(tmp_path / "weights.parquet")
    found = read_run(path, RUNS[index].run_id)
    assert content(found) == own_rows(index)
    share = path.stat().st_size / len(RUNS)
    assert 0.9 * share < counted.total < 1.25 * share
    counted.total = 0
    some = read_run(path, RUNS[index].run_id, steps=[STEPS[-1]], parameters=[NAMES[0]])
    assert content(some) == [row for row in own_rows(index) if row[:2] == (STEPS[-1], NAMES[0])]
    assert counted.total < 0.7 * share


def test_a_run_that_is_not_there_costs_next_to_nothing(
    tmp_path: Path, counted: type[Counting]
) -> None:
    path = by_run(tmp_path / "weights.parquet")
    assert len(read_run(path, "f" * 16)) == 0
    assert counted.total < 0.05 * path.stat().st_size


def test_groups_are_of_one_run_and_bounded(tmp_path: Path) -> None:
    file = pq.ParquetFile(by_run(tmp_path / "weights.parquet"))
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        assert len(set(table["run_id"].to_pylist())) == 1
        steps = table["step"].to_pylist()
        assert steps == sorted(steps)
        assert table.nbytes < 30 * SIZE + 8 * SIZE + 5_000


def test_small_runs_share_a_group() -> None:
    tables = list(weight_tables(RUNS, rows(4)))
    assert len(tables) == 1
    assert tables[0]["run_id"].to_pylist() == sorted(tables[0]["run_id"].to_pylist())


def test_shards_written_by_step_are_read_too(tmp_path: Path) -> None:
    new, old = by_run(tmp_path / "new.parquet"), by_step(tmp_path / "old.parquet")
    for index in (0, 5):
        assert content(read_run(old, RUNS[index].run_id)) == own_rows(index)
    order = ["run_id", "step", "parameter"]
    tables = [
        plain(read_table(p, "weights").sort_values(order, ignore_index=True)) for p in (new, old)
    ]
    pd.testing.assert_frame_equal(*tables)


def test_rows_of_one_step_do_not_cost_the_shard(tmp_path: Path, counted: type[Counting]) -> None:
    """As analyses ask for the ends of all runs."""
    path = by_run(tmp_path / "weights.parquet")

    def last(keys: pd.DataFrame) -> Any:
        return (keys["step"] == STEPS[-1]).to_numpy()

    assert len(read_rows(path, "weights", ["step"], last)) == 2 * len(RUNS)
    assert counted.total < 0.7 * path.stat().st_size


def test_flipped_bits_hide_no_rows(tmp_path: Path) -> None:
    """In statistics neither, which no checksum of Parquet covers."""
    path = by_run(tmp_path / "weights.parquet", 10)
    wanted = RUNS[3].run_id
    expected, whole = plain(read_run(path, wanted)), path.read_bytes()
    assert len(expected) == 2 * len(STEPS)
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    numbers, refusals = random.Random(0), 0
    for start in [0] * 100 + [footer] * 300:
        flipped = bytearray(whole)
        flipped[numbers.randrange(start, len(whole))] ^= 1 << numbers.randrange(8)
        path.write_bytes(flipped)
        try:
            found = read_run(path, wanted)
        except StoreError as error:
            assert str(path) in str(error)
            refusals += 1
        else:
            pd.testing.assert_frame_equal(plain(found), expected, check_exact=True)
    assert refusals > 100


def test_doubled_rows_of_a_run_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.parquet"
    tables = list(weight_tables(RUNS, rows(10)))
    write_batches([*tables, tables[0].slice(0, 2)], path, ORIGIN, "weights")
    with pytest.raises(StoreError, match=r"weights\.parquet: 2 rows are doubled"):
        read_run(path, tables[0]["run_id"][0].as_py())
