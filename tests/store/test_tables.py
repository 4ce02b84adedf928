"""Tables on disk: whole, of the right kind, with their origin, or refused with a remedy."""

from __future__ import annotations

import errno
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from fittest.errors import StoreError
from fittest.store import (
    SCHEMAS,
    Paths,
    check_origin,
    explain_os_error,
    joint_provenance,
    provenance,
    read_provenance,
    read_rows,
    read_table,
    replacing,
    write_batches,
    write_csv,
    write_table,
    write_text,
)
from fittest.store.checks import PROVENANCE, checksum
from small_world import plain

ORIGIN = provenance("smoke", "0123456789abcdef", dtype="float32", device="cpu", backend=["torch"])
ROWS = 40


def column(kind: pa.DataType, numbers: np.random.Generator) -> list[Any]:
    """Made-up values of an Arrow type."""
    if pa.types.is_list(kind):
        return [column(kind.value_type, numbers)[:6] for _ in range(ROWS)]
    if pa.types.is_string(kind):
        return [f"word {i}" for i in range(ROWS)]
    if pa.types.is_boolean(kind):
        return [bool(v) for v in numbers.integers(2, size=ROWS)]
    if pa.types.is_integer(kind):
        return [int(v) for v in numbers.integers(1000, size=ROWS)]
    return [float(np.float32(v)) for v in numbers.standard_normal(ROWS)]


def table_of(kind: str, seed: int = 0) -> pa.Table:
    numbers = np.random.default_rng(seed)
    schema = SCHEMAS[kind]
    return pa.table({f.name: pa.array(column(f.type, numbers), f.type) for f in schema})


def written(folder: Path, kind: str = "trajectory", name: str = "table.parquet") -> Path:
    path = folder / name
    write_table(table_of(kind), path, ORIGIN, kind)
    return path


def assert_equal(frame: pd.DataFrame, kind: str) -> None:
    pd.testing.assert_frame_equal(plain(frame), plain(table_of(kind).to_pandas()))


@pytest.mark.parametrize("kind", SCHEMAS)
def test_round_trip(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind)
    assert_equal(read_table(path, kind), kind)
    again = tmp_path / "again.parquet"
    write_table(read_table(path, kind), again, ORIGIN, kind)
    assert_equal(read_table(again, kind), kind)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_opens_with_pandas_and_duckdb_as_it_stands(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind)
    assert_equal(pd.read_parquet(path), kind)
    found = duckdb.sql(f"select * from '{path}'")
    assert found.columns == SCHEMAS[kind].names
    expected = table_of(kind).to_pylist()
    assert found.fetchall() == [tuple(row.values()) for row in expected]


# -- a folder of one kind ----------------------------------------------------------------------


def counted_by_polars(folder: Path) -> int:
    polars = pytest.importorskip("polars", reason="polars is not installed: not tried with it")
    return len(polars.read_parquet(folder))


READERS: dict[str, Callable[[Path], int]] = {
    "pandas": lambda folder: len(pd.read_parquet(folder)),
    "arrow": lambda folder: ds.dataset(folder).to_table().num_rows,
    "duckdb": lambda folder: len(duckdb.sql(f"select * from '{folder}/*.parquet'").fetchall()),
    "polars": counted_by_polars,
}


@pytest.mark.parametrize("count", READERS.values(), ids=READERS)
@pytest.mark.parametrize("kind", ["trajectory", "weights"])
def test_readers_take_a_folder_as_one_table(
    kind: str, count: Callable[[Path], int], tmp_path: Path
) -> None:
    """While another shard is being written and trained, too."""
    paths = Paths(str(tmp_path), "figures", "smoke")
    place = {"trajectory": paths.trajectory, "weights": paths.weights}[kind]
    for shard in ("0000", "0001"):
        origin = {**ORIGIN, "runset": "one", "shard": shard}
        write_table(table_of(kind), place("one", shard), origin, kind)
    write_table(table_of("runs"), paths.runs("one"), {**ORIGIN, "runset": "one"}, "runs")
    write_text("{}", paths.config("one"))
    Path(paths.restart("one", "0002")).mkdir(parents=True)
    with replacing(place("one", "0002")) as temporary:
        temporary.write_bytes(b"half a table")
        assert not Path(place("one", "0002")).exists()
        assert count(Path(place("one", "0000")).parent) == 2 * ROWS


def test_duckdb_reads_many_shards_and_their_lists(tmp_path: Path) -> None:
    for name in ("0000.parquet", "0001.parquet"):
        written(tmp_path, name=name)
    found = duckdb.sql(f"select count(*), max(len(signals)) from '{tmp_path}/*.parquet'").fetchall()
    assert found == [(2 * ROWS, 6)]


def test_missing_values_survive(tmp_path: Path) -> None:
    frame = table_of("runs").to_pandas().astype({"frequency": "Int64"})
    frame.loc[3, ["frequency", "factor", "n_2mean"]] = None
    path = tmp_path / "runs.parquet"
    write_table(frame, path, ORIGIN, "runs")
    row = read_table(path, "runs").loc[3]
    assert bool(row[["frequency", "factor", "n_2mean"]].isna().all())


def test_batches_are_one_table(tmp_path: Path) -> None:
    path = tmp_path / "weights.parquet"
    write_batches((table_of("weights", seed) for seed in (0, 1)), path, ORIGIN, "weights")
    expected = pd.concat([table_of("weights", s).to_pandas() for s in (0, 1)], ignore_index=True)
    pd.testing.assert_frame_equal(plain(read_table(path, "weights")), plain(expected))
    assert read_provenance(path) == {"kind": "weights", **ORIGIN}
    write_batches(iter([]), path, ORIGIN, "weights")
    assert len(read_table(path, "weights")) == 0


def test_some_columns_only(tmp_path: Path) -> None:
    frame = read_table(written(tmp_path), "trajectory", ["step", "signals"])
    assert list(frame) == ["step", "signals"]


def test_analysis_products_have_their_own_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rate": [0.5, 0.25], "label": pd.array([True, None], dtype="boolean")})
    write_table(frame, tmp_path / "rates.parquet", ORIGIN)
    pd.testing.assert_frame_equal(read_table(tmp_path / "rates.parquet"), frame)


# -- refusals ----------------------------------------------------------------------------------


def refused(path: Path, kind: str | None = "trajectory") -> str:
    with pytest.raises(StoreError) as caught:
        read_table(path, kind)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    assert "missing" in refused(tmp_path / "absent.parquet")


@pytest.mark.parametrize("kind", SCHEMAS)
def test_truncated_at_any_place(kind: str, tmp_path: Path) -> None:
    content = written(tmp_path, kind).read_bytes()
    cut = tmp_path / "cut.parquet"
    offsets = [0, 1, 4, 11, len(content) - 1, len(content) - 4, len(content) - 8]
    for offset in [*offsets, *random.Random(0).sample(range(len(content)), 30)]:
        cut.write_bytes(content[:offset])
        assert "delete it and run the same command again" in refused(cut, kind)


def in_groups(folder: Path) -> Path:
    """A weights table of several row groups, as training writes it."""
    path = folder / "weights.parquet"
    table = table_of("weights")
    write_batches((table.slice(10 * i, 10) for i in range(ROWS // 10)), path, ORIGIN, "weights")
    return path


def product(folder: Path) -> Path:
    """An analysis product, with the types that only pandas knows."""
    path = folder / "product.parquet"
    columns = {"name": list(map(str, range(9))), "n": pd.array([1, None, 3] * 3, dtype="Int64")}
    write_table(pd.DataFrame(columns), path, ORIGIN)
    return path


def from_a_frame(folder: Path) -> Path:
    """What pandas adds to a file is put to the test as well."""
    path = folder / "frame.parquet"
    write_table(table_of("trajectory").to_pandas(), path, ORIGIN, "trajectory")
    return path


def all_rows(path: Path, kind: str | None) -> pd.DataFrame:
    key = ["name"] if path.stem == "product" else ["run_id"]
    return read_rows(path, kind, key, lambda rows: np.ones(len(rows), dtype=bool))


@pytest.mark.parametrize("read", [read_table, all_rows])
@pytest.mark.parametrize("named", [True, False], ids=["kind", "no kind"])
@pytest.mark.parametrize("make", [in_groups, product, from_a_frame])
def test_flipped_bits_are_refused_or_harmless(
    make: Callable[[Path], Path],
    named: bool,
    read: Callable[[Path, str | None], pd.DataFrame],
    tmp_path: Path,
) -> None:
    """In pages, in the footer, in the provenance: never another value, never a foreign error."""
    path = make(tmp_path)
    kind = read_provenance(path)["kind"] if named else None
    expected, content = plain(read(path, kind)), path.read_bytes()
    numbers, refusals = random.Random(path.stem), 0
    for _ in range(250):
        flipped = bytearray(content)
        flipped[numbers.randrange(len(content))] ^= 1 << numbers.randrange(8)
        path.write_bytes(flipped)
        try:
            found = read(path, kind)
        except StoreError as error:
            assert str(path) in str(error)
            refusals += 1
        else:
            pd.testing.assert_frame_equal(plain(found), expected, check_exact=True)
    assert refusals > 100


def test_altered_provenance_is_refused(tmp_path: Path) -> None:
    """Nobody reads the pages to ask where a file comes from, so it has a checksum of its own."""
    path = written(tmp_path)
    whole = pq.read_table(path)
    metadata = dict(whole.schema.metadata)
    for old, new in [(b'"smoke"', b'"smokd"'), (b"0123456789abcdef", b"1123456789abcdef")]:
        assert old in metadata[b"fittest"]
        altered = {**metadata, b"fittest": metadata[b"fittest"].replace(old, new)}
        pq.write_table(whole.replace_schema_metadata(altered), path)
        with pytest.raises(StoreError, match="checksum"):
            read_provenance(path)


def test_flipped_bit_in_a_page_is_refused(tmp_path: Path) -> None:
    """Compressed or not, a page knows its checksum; where its bytes lie is read from the file."""
    path = written(tmp_path)
    content = path.read_bytes()
    group = pq.ParquetFile(path).metadata.row_group(0)
    for index in range(group.num_columns):
        chunk = group.column(index)
        altered = bytearray(content)
        first = chunk.dictionary_page_offset or chunk.data_page_offset
        # The last byte is a page's own, in whichever column; further in, a header may lie.
        altered[first + chunk.total_compressed_size - 1] ^= 4
        path.write_bytes(altered)
        refused(path)


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "foreign.parquet"
    path.write_text("run_id,step\n")
    assert "not Parquet" in refused(path)
    pd.DataFrame({"step": [1]}).to_parquet(path)
    assert "not written by fittest" in refused(path)


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.parquet").mkdir()
    refused(tmp_path / "folder.parquet")


def test_wrong_kind(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "weights"))
    assert "`weights`" in message
    assert "`trajectory`" in message


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.drop_columns(["test_loss"]),
        lambda t: t.append_column("extra", t["step"]),
        lambda t: t.select(t.column_names[::-1]),
        lambda t: t.set_column(1, "step", t["step"].cast(pa.float64())),
    ],
    ids=["lacking", "extra", "order", "type"],
)
def test_columns_of_another_version(change: Callable[[pa.Table], pa.Table], tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = pq.read_table(path)
    pq.write_table(change(whole).replace_schema_metadata(whole.schema.metadata), path)
    assert "delete it" in refused(path)


@pytest.mark.parametrize("as_frame", [True, False])
def test_writing_wrong_columns(as_frame: bool, tmp_path: Path) -> None:
    table = table_of("trajectory")
    for wrong, named in [
        (table.drop_columns(["train_loss"]), "train_loss"),
        (table.append_column("extra", table["step"]), "extra"),
        (table.set_column(1, "step", pa.array(["x"] * ROWS)), "step|type"),
    ]:
        content = wrong.to_pandas() if as_frame else wrong
        with pytest.raises(StoreError, match=named):
            write_table(content, tmp_path / "wrong.parquet", ORIGIN, "trajectory")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read", [read_table, all_rows])
@pytest.mark.parametrize("kind", SCHEMAS)
def test_doubled_rows_are_refused(
    kind: str, read: Callable[[Path, str | None], pd.DataFrame], tmp_path: Path
) -> None:
    path, table = tmp_path / "doubled.parquet", table_of(kind)
    write_batches([table, table.slice(3, 2)], path, ORIGIN, kind)
    for named in (kind, None):
        with pytest.raises(StoreError, match=r"doubled\.parquet: 2 rows are doubled.*delete it"):
            read(path, named)
    with pytest.raises(StoreError, match="doubled"):
        read_table(path, kind, [table.column_names[-1]])


@pytest.mark.parametrize("lost", ["kind", "scale", "config_hash", "checksum", "all"])
def test_provenance_without_its_keys_is_refused(lost: str, tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = pq.read_table(path)
    known = json.loads(whole.schema.metadata[PROVENANCE])
    kept = {k: v for k, v in known.items() if k not in (lost, "checksum")}
    content: object = [] if lost == "all" else kept
    if lost not in ("all", "checksum"):
        content = {**kept, "checksum": checksum(whole.schema, kept)}
    metadata = {**whole.schema.metadata, PROVENANCE: json.dumps(content).encode()}
    pq.write_table(whole.replace_schema_metadata(metadata), path)
    assert "its provenance lacks" in refused(path)
    for read in (read_provenance, check_origin):
        with pytest.raises(StoreError, match=r"table\.parquet: its provenance lacks"):
            read(path)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_another_run_sets_table_in_place_is_named(kind: str, tmp_path: Path) -> None:
    """Copied by hand between run-sets, shards or scales, whatever asks for it."""

    def path(scale: str, runset: str, shard: str) -> Path:
        paths = Paths(str(tmp_path / "results"), "figures", scale)
        of_shard = {"trajectory": paths.trajectory, "weights": paths.weights}
        of_runset = {"runs": paths.runs, "frequencies": paths.frequencies}
        return Path(of_shard[kind](runset, shard) if kind in of_shard else of_runset[kind](runset))

    origin = {**ORIGIN, "runset": "one", "shard": "0000"}
    whole = path("smoke", "one", "0000")
    write_table(table_of(kind), whole, origin, kind)
    assert len(read_table(whole, kind)) == ROWS
    others = [path("smoke", "two", "0000"), path("reduced", "one", "0000")]
    if kind in ("trajectory", "weights"):
        others.append(path("smoke", "one", "0001"))
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(whole.read_bytes())
        assert "belongs elsewhere" in refused(other, kind)
        with pytest.raises(StoreError, match="belongs elsewhere"):
            all_rows(other, kind)
    # A folder taken elsewhere as it is may still be read there.
    elsewhere = tmp_path / "backup" / "runs" / whole.relative_to(tmp_path / "results/smoke/runs")
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(whole.read_bytes())
    assert len(read_table(elsewhere, kind)) == ROWS


def test_unknown_columns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(StoreError, match=r"table\.parquet: has no column lots"):
        read_table(path, "trajectory", ["step", "lots"])
    with pytest.raises(StoreError, match=r"table\.parquet: has no column lots"):
        read_rows(path, "trajectory", ["lots"], lambda rows: np.ones(len(rows), dtype=bool))


def test_origin_is_compared_with_what_is_wanted_now(tmp_path: Path) -> None:
    path = written(tmp_path)
    wanted = {"scale": "smoke", "config_hash": ORIGIN["config_hash"]}
    assert check_origin(path, **wanted) == {"kind": "trajectory", **ORIGIN}
    for key, value in {"scale": "full", "config_hash": "f" * 16, "analysis": "0" * 16}.items():
        with pytest.raises(StoreError, match=rf"table\.parquet.*{key}.*{value}.*delete the file"):
            check_origin(path, **{**wanted, key: value})
    with pytest.raises(StoreError, match="missing"):
        check_origin(tmp_path / "absent.parquet", **wanted)


# -- atomic and reproducible -------------------------------------------------------------------


def test_failure_while_writing_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = written(tmp_path, "weights")
    before = path.read_bytes()

    def batches():  # type: ignore[no-untyped-def]
        yield table_of("weights", 1)
        raise RuntimeError("killed in the middle")

    with pytest.raises(RuntimeError, match="middle"):
        write_batches(batches(), path, ORIGIN, "weights")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_in_place_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.parent == path.parent, "a rename across file systems is a copy"
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    for kind in SCHEMAS:
        one, other = (written(tmp_path / name, kind) for name in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()


def test_provenance_is_complete_and_timeless(tmp_path: Path) -> None:
    found = read_provenance(written(tmp_path))
    assert {"kind", "scale", "config_hash", "commit", "python", "versions"} <= set(found)
    assert {"dtype", "device", "backend"} <= set(found)
    assert {"fittest", "torch", "numpy", "pandas", "pyarrow"} <= set(found["versions"])
    assert found["scale"] == "smoke"
    assert found["versions"]["numpy"] == np.__version__
    assert not any("time" in key or "date" in key for key in found)


def test_csv_gives_every_digit_back(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).standard_normal(100), "n": range(100)})
    write_csv(frame, tmp_path / "x.csv")
    found = pd.read_csv(tmp_path / "x.csv", dtype=str)
    assert [float(text) for text in found["x"]] == frame["x"].tolist()
    assert [int(text) for text in found["n"]] == frame["n"].tolist()


def test_text_in_any_alphabet(tmp_path: Path) -> None:
    write_text("α ≤ 1\n", tmp_path / "note.txt")
    assert (tmp_path / "note.txt").read_text(encoding="utf-8") == "α ≤ 1\n"


# -- what the disk refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "paths.results"),
        (errno.ENOTDIR, "move that file away"),
        (errno.EIO, "Input/output"),
    ],
)
def test_refusals_name_file_and_remedy(
    number: int, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    before = path.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "Input/output error")

    monkeypatch.setattr(pq, "write_table", refuse)
    with pytest.raises(StoreError) as caught:
        write_table(table_of("trajectory"), path, ORIGIN, "trajectory")
    assert str(path) in str(caught.value)
    assert remedy in str(caught.value)
    assert path.read_bytes() == before
    assert explain_os_error("x", OSError("odd")) == "x: cannot be written: odd"


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    for path in (tmp_path / "results" / "a.parquet", tmp_path / "results" / "b" / "a.parquet"):
        with pytest.raises(StoreError, match=r"a\.parquet.*move that file away"):
            write_table(table_of("trajectory"), path, ORIGIN, "trajectory")


# -- paths -------------------------------------------------------------------------------------


def test_no_two_files_share_a_path_and_no_two_scales_a_folder() -> None:
    found = []
    for scale in ("smoke", "full"):
        paths = Paths("results", "figures", scale)
        for runset in ("a", "b"):
            for shard in ("0000", "0001"):
                found += [paths.trajectory(runset, shard), paths.weights(runset, shard)]
                found += [paths.restart(runset, shard)]
            found += [paths.config(runset), paths.runs(runset), paths.frequencies(runset)]
        found += [paths.table("survival", "fig2.csv"), paths.kept_figure("survival", "fig2")]
        assert all(f"/{scale}/" in path for path in found[-2:])
    assert len(set(found)) == len(found)


def test_joint_provenance_names_every_source(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [1.0]})
    paths = [tmp_path / f"{name}.parquet" for name in "abc"]
    for path, runset in zip(paths, ("wd", "wd0", "wd"), strict=True):
        write_table(table, path, {**ORIGIN, "runset": runset, "n_runs": 5, "config_hash": runset})
    alone = joint_provenance(paths[0], 5)
    assert alone == {**ORIGIN, "runset": "wd", "n_runs": 5, "config_hash": "wd", "figure_runs": 5}
    joint = joint_provenance(paths)
    assert joint == {**ORIGIN, "runset": "wd+wd0", "config_hash": "wd+wd0"}
    # What is made of such a table in turn names nothing twice.
    write_table(table, paths[0], {**joint, "figure_runs": 9})
    assert joint_provenance(paths) == joint


def test_joint_provenance_of_different_versions(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.parquet" for name in "ab"]
    for path, torch in zip(paths, ("2.13.0", "2.14.0"), strict=True):
        write_table(pd.DataFrame({"x": [1.0]}), path, {**ORIGIN, "versions": {"torch": torch}})
    assert joint_provenance(paths)["versions"] == {"torch": "2.13.0+2.14.0"}


def test_rows_of_several_tables(tmp_path: Path) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for number, path in enumerate(paths):
        table = pd.DataFrame({"x": [1.0, 2.0], "source": [number, number]})
        write_table(table, path, {**ORIGIN, "shard": str(number)})
    found = read_rows(paths, "table", ["x"], lambda rows: (rows["x"] == 2).to_numpy())
    assert found["source"].tolist() == [0, 1]
    assert read_rows(paths[0], "table", ["x"], lambda rows: (rows["x"] == 2).to_numpy()).equals(
        found[:1]
    )
