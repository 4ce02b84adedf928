"""Files outlive versions: older ones without a column that came later, newer ones with one that
this version does not know."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fittest.errors import StoreError
from fittest.store import (
    OPTIONAL,
    SCHEMAS,
    check_origin,
    core_columns,
    provenance,
    read_provenance,
    read_rows,
    read_table,
    write_batches,
    write_table,
)
from fittest.store.checks import MAY_LACK, PROVENANCE, checksum
from fittest.store.schema import Group
from small_world import plain

ORIGIN = provenance("smoke", "0123456789abcdef", dtype="float32", device="cpu", backend=["torch"])
ROWS = 6
LATER = pa.field("rate", pa.float64())
FIRST_CORE = {
    "trajectory": {
        "run_id",
        "step",
        "train_loss",
        "test_loss",
        "train_accuracy",
        "test_accuracy",
        "signals",
        "signal_mean",
    },
    "weights": {"run_id", "step", "parameter", "shape", "values"},
}
"""The columns of which every shard stored so far can be sure."""


@contextmanager
def version(kind: str, columns: pa.Schema, *groups: Group) -> Iterator[None]:
    """Another version of the package, for the length of a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCHEMAS, kind, columns)
        patch.setitem(OPTIONAL, kind, groups)
        yield


def later_version(kind: str) -> AbstractContextManager[None]:
    """One in which the kind has an optional column more, and not at its end."""
    columns = SCHEMAS[kind].insert(1, LATER)
    return version(kind, columns, *OPTIONAL.get(kind, ()), Group("pace", ("rate",), "measure it"))


def first_version(kind: str) -> AbstractContextManager[None]:
    """One that has the core alone."""
    return version(kind, pa.schema([SCHEMAS[kind].field(name) for name in core_columns(kind)]))


def table_of(kind: str, seed: int = 0) -> pa.Table:
    """Made-up rows with all columns of the version."""

    def value(of: pa.DataType, row: int) -> object:
        if pa.types.is_list(of):
            return [value(of.value_type, row)] * 2
        if pa.types.is_string(of):
            return f"{seed} {row}"
        return bool(row % 2) if pa.types.is_boolean(of) else row + seed

    fields = SCHEMAS[kind]
    return pa.table(
        {f.name: pa.array([value(f.type, i) for i in range(ROWS)], f.type) for f in fields}
    )


def write(path: Path, kind: str = "trajectory", seed: int = 0) -> Path:
    write_table(table_of(kind, seed), path, ORIGIN, kind)
    return path


def every_row(path: Path | list[Path], kind: str) -> pd.DataFrame:
    return read_rows(path, kind, ["run_id"], lambda rows: np.ones(len(rows), dtype=bool))


def altered(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Another table in place of a file's, as if written so: with a checksum that fits."""
    before = pq.read_table(path)
    after = change(before)
    known = json.loads(before.schema.metadata[PROVENANCE])
    del known["checksum"]
    whole = {**known, "checksum": checksum(after.schema, known)}
    pq.write_table(after.replace_schema_metadata({PROVENANCE: json.dumps(whole)}), path)


READS = {"whole": read_table, "rows": every_row}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("kind", SCHEMAS)
def test_files_written_before_a_column_are_read(
    kind: str, read: Callable[[Path, str], pd.DataFrame], tmp_path: Path
) -> None:
    path = write(tmp_path / "old.parquet", kind)
    before = read(path, kind)
    with later_version(kind):
        assert check_origin(path, config_hash=ORIGIN["config_hash"]) == {"kind": kind, **ORIGIN}
        after = read(path, kind)
        assert list(after) == SCHEMAS[kind].names
        assert after["rate"].isna().all()
        assert after["rate"].dtype == np.float64
    pd.testing.assert_frame_equal(plain(after.drop(columns="rate")), plain(before))


def test_a_file_without_any_optional_column_is_read(tmp_path: Path) -> None:
    """A trajectory that says nothing of gradients."""
    with first_version("trajectory"):
        path = write(tmp_path / "old.parquet")
    assert "gradient_signals" not in pq.read_schema(path).names
    found = read_table(path, "trajectory")
    assert list(found) == SCHEMAS["trajectory"].names
    assert found["gradient_signals"].isna().all()
    assert found["step"].tolist() == list(range(ROWS))


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("kind", SCHEMAS)
def test_files_written_with_a_later_column_are_read_without_it(
    kind: str, read: Callable[[Path, str], pd.DataFrame], tmp_path: Path
) -> None:
    with later_version(kind):
        path = write(tmp_path / "new.parquet", kind)
        assert read(path, kind)["rate"].notna().all()
    pd.testing.assert_frame_equal(
        plain(read(path, kind)), plain(read(write(tmp_path / "now.parquet", kind), kind))
    )
    assert read_provenance(path) == {"kind": kind, **ORIGIN}
    assert read_table(path, kind, ["rate"])["rate"].notna().all()


def test_who_needs_a_column_is_told_where_it_is_absent_and_how_to_get_it(tmp_path: Path) -> None:
    with first_version("trajectory"):
        path = write(tmp_path / "old.parquet")
    expected = r"old\.parquet: has no column gradient_signals.*`gradients`.*recording\.gradients"
    with pytest.raises(StoreError, match=expected):
        read_table(path, "trajectory", ["run_id", "gradient_signals"])
    with pytest.raises(StoreError, match=expected):
        read_table(path, columns=["gradient_signals"])
    with pytest.raises(StoreError, match=expected):
        read_rows(path, "trajectory", ["gradient_signals"], lambda rows: np.ones(len(rows), bool))
    assert len(read_table(path, "trajectory", ["run_id"])) == ROWS


@pytest.mark.parametrize("old_first", [True, False])
def test_files_of_both_versions_are_read_together(old_first: bool, tmp_path: Path) -> None:
    """The shards of one run-set, some of which were trained before."""
    with first_version("trajectory"):
        old = write(tmp_path / "0000.parquet", seed=0)
    new = write(tmp_path / "0001.parquet", seed=1)
    paths = [old, new] if old_first else [new, old]
    rows = every_row(paths, "trajectory")
    apart = pd.concat([read_table(path, "trajectory") for path in paths], ignore_index=True)
    assert len(rows) == len(apart) == 2 * ROWS
    assert list(rows) == list(apart) == SCHEMAS["trajectory"].names
    pd.testing.assert_frame_equal(plain(rows), plain(apart))
    assert rows["gradient_signals"].notna().sum() == ROWS
    joint = duckdb.sql(
        f"select count(*), count(gradient_signals) from"
        f" read_parquet('{tmp_path}/*.parquet', union_by_name = true)"
    )
    assert joint.fetchall() == [(2 * ROWS, ROWS)]


# -- what is still refused -----------------------------------------------------------------------


def retyped(name: str) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        text = pa.array(["x"] * len(table))
        return table.set_column(table.column_names.index(name), name, text)

    return change


REFUSED: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "core of another type": (retyped("step"), "step is string, not int32"),
    "optional of another type": (retyped("gradient_signals"), "gradient_signals is string"),
    "no core": (lambda t: t.drop_columns(["test_loss"]), "test_loss is absent"),
    "unknown, not called optional": (lambda t: t.append_column("x", t["step"]), "unknown: x"),
    "twice": (lambda t: t.append_column("step", t["step"]), "one stands twice"),
}


@pytest.mark.parametrize("read", [*READS.values(), check_origin], ids=[*READS, "origin"])
@pytest.mark.parametrize("name", REFUSED)
def test_other_differences_are_errors(
    name: str, read: Callable[..., object], tmp_path: Path
) -> None:
    path = write(tmp_path / "table.parquet")
    change, named = REFUSED[name]
    altered(path, change)
    with pytest.raises(StoreError, match=rf"table\.parquet: its columns.*{named}.*delete it"):
        read(path) if read is check_origin else read(path, "trajectory")


def test_a_later_core_column_is_an_error_for_this_version(tmp_path: Path) -> None:
    """Without it the rows may mean something else."""
    with version("trajectory", SCHEMAS["trajectory"].append(LATER), *OPTIONAL["trajectory"]):
        path = write(tmp_path / "new.parquet")
    with pytest.raises(StoreError, match="unknown: rate"):
        read_table(path, "trajectory")


def test_the_order_of_columns_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "table.parquet")
    before = read_table(path, "trajectory")
    altered(path, lambda table: table.select(table.column_names[::-1]))
    pd.testing.assert_frame_equal(plain(read_table(path, "trajectory")), plain(before))


def test_what_a_file_calls_optional_is_under_its_checksum(tmp_path: Path) -> None:
    path = write(tmp_path / "table.parquet")
    whole = pq.read_table(path)
    known = json.loads(whole.schema.metadata[PROVENANCE])
    known[MAY_LACK].append("x")
    table = whole.replace_schema_metadata({PROVENANCE: json.dumps(known)})
    pq.write_table(table, path)
    with pytest.raises(StoreError, match="checksum"):
        read_table(path, "trajectory")


# -- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_frame", [True, False])
def test_what_is_written_has_all_columns_of_the_version(as_frame: bool, tmp_path: Path) -> None:
    """So that a folder of shards is one table for readers that know nothing of groups."""
    path = tmp_path / "table.parquet"
    table = table_of("trajectory").drop_columns(["gradient_signals"])
    write_table(table.to_pandas() if as_frame else table, path, ORIGIN, "trajectory")
    assert pq.read_schema(path).equals(SCHEMAS["trajectory"])
    assert read_table(path, "trajectory")["gradient_signals"].isna().all()
    write_batches([table, table_of("trajectory", 1)], path, ORIGIN, "trajectory")
    assert read_table(path, "trajectory")["gradient_signals"].notna().sum() == ROWS
    with pytest.raises(StoreError, match=r"lacks .'step'"):
        write_table(table.drop_columns(["step"]), path, ORIGIN, "trajectory")


@pytest.mark.parametrize("kind", FIRST_CORE)
def test_no_new_column_makes_stored_shards_unreadable(kind: str) -> None:
    later = {*core_columns(kind)} - FIRST_CORE[kind]
    assert not later, f"declare {later} in a group of OPTIONAL: stored shards lack them"


def test_groups_name_columns_of_their_kind_once() -> None:
    for kind, groups in OPTIONAL.items():
        named = [name for group in groups for name in group.columns]
        assert {*named} <= {*SCHEMAS[kind].names}
        assert len({*named}) == len(named)
        assert all(group.remedy for group in groups)
