"""What every table has to pass before its numbers are believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fittest.errors import StoreError
from fittest.store.paths import place_of
from fittest.store.schema import IDENTITY, SCHEMAS, group_of

PathLike = str | Path

PROVENANCE = b"fittest"
"""Key of the provenance in a file's metadata."""

GROUPS = b"fittest_groups"
"""Key of which runs and steps a file's row groups are of (groups.py)."""

CHECKSUM = "checksum"
MAY_LACK = "optional_columns"
"""Key of the columns that a reader who does not know them may ignore."""

REQUIRED = ("kind", "scale", "config_hash")
"""What the provenance of every table says."""

REMEDY = "delete it and run the same command again; it will be made anew"


def checksum(schema: pa.Schema, provenance: Mapping[str, Any]) -> str:
    """Of what the page checksums leave out: column names, types in pandas, and provenance."""
    pandas = (schema.metadata or {}).get(b"pandas", b"")
    content = json.dumps([schema.names, provenance], sort_keys=True).encode() + pandas
    return hashlib.sha256(content).hexdigest()[:16]


@contextmanager
def reading(path: PathLike) -> Iterator[None]:
    """Turn whatever a damaged file raises while it is read into a StoreError."""
    try:
        yield
    except (StoreError, FileNotFoundError):
        raise
    # Damage shows in many ways: of Arrow, of the disk, of what builds Python objects from bytes.
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise StoreError(f"{path}: damaged or not Parquet ({error}); {REMEDY}") from error


def open_table(path: PathLike, kind: str | None) -> tuple[pq.ParquetFile, dict[str, Any]]:
    """A file and its provenance, checked but for its rows.

    Raises StoreError, naming file and remedy, where it is missing, truncated, foreign, misplaced,
    of another version, or of another kind than `kind`.
    """
    try:
        with reading(path):
            file = pq.ParquetFile(path, page_checksum_verification=True)
            schema = file.schema_arrow
            counts = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            if sum(counts) != file.metadata.num_rows:
                raise ValueError("its row counts contradict each other")
    except FileNotFoundError:
        raise StoreError(f"{path}: missing; run the rule that makes it") from None
    try:
        provenance = _provenance(path, schema)
        if kind is not None and provenance["kind"] != kind:
            raise StoreError(
                f"{path}: holds a `{provenance['kind']}` table where `{kind}` is needed; {REMEDY}"
            )
        ignorable = provenance.pop(MAY_LACK, [])
        if provenance["kind"] in SCHEMAS:
            _refuse_other_columns(path, provenance["kind"], schema, ignorable)
        _refuse_misplaced(path, provenance)
    except StoreError:
        file.close()
        raise
    return file, provenance


def _provenance(path: PathLike, schema: pa.Schema) -> dict[str, Any]:
    metadata = (schema.metadata or {}).get(PROVENANCE)
    if metadata is None:
        raise StoreError(f"{path}: not written by fittest (no provenance in it); {REMEDY}")
    try:
        found = json.loads(metadata)
    except ValueError as error:
        raise StoreError(f"{path}: damaged provenance ({error}); {REMEDY}") from error
    missing = [k for k in (*REQUIRED, CHECKSUM) if not isinstance(found, dict) or k not in found]
    if missing:
        raise StoreError(f"{path}: its provenance lacks {', '.join(missing)}; {REMEDY}")
    provenance: dict[str, Any] = found
    if provenance.pop(CHECKSUM) != checksum(schema, provenance):
        raise StoreError(f"{path}: damaged, its checksum does not fit; {REMEDY}")
    return provenance


def _refuse_other_columns(
    path: PathLike, kind: str, schema: pa.Schema, ignorable: Iterable[str]
) -> None:
    """A table without the core columns of its kind, with one of another type, or with one that is
    unknown and that whoever wrote it did not call optional."""
    found = {field.name: field for field in schema}
    unknown = found.keys() - set(SCHEMAS[kind].names) - set(ignorable)
    wrong = [f"unknown: {name}" for name in sorted(unknown)]
    for field in SCHEMAS[kind]:
        name = field.name
        if name in found and not found[name].equals(field):
            wrong.append(f"{name} is {found[name].type}, not {field.type}")
        elif name not in found and group_of(kind, name) is None:
            wrong.append(f"{name} is absent")
    if len(found) < len(schema.names):
        wrong.append("one stands twice")
    if wrong:
        raise StoreError(
            f"{path}: its columns are of another version of fittest ({'; '.join(wrong)}); {REMEDY}"
        )


def _refuse_misplaced(path: PathLike, provenance: Mapping[str, Any]) -> None:
    """A table of another run-set, shard or scale, copied or moved to where it does not belong."""
    wrong = {
        key: (place, provenance[key])
        for key, place in place_of(path).items()
        if key in provenance and provenance[key] != place
    }
    # Whole folders may be copied elsewhere to be read there: what is no scale says nothing.
    if "scale" in wrong and not _is_scale(wrong["scale"][0]):
        del wrong["scale"]
    if wrong:
        found = ", ".join(f"{key} {has}, not {place}" for key, (place, has) in wrong.items())
        raise StoreError(f"{path}: belongs elsewhere ({found}); {REMEDY}")


def _is_scale(name: str) -> bool:
    # Not at the top: run-sets are a heavy import, and this is asked only of what is wrong.
    from fittest.runs.runset import SCALES

    return name in SCALES


def refuse_unknown(path: PathLike, kind: str, file: pq.ParquetFile, columns: Iterable[str]) -> None:
    """StoreError where a file of a kind lacks one of `columns`: optional ones are needed by who
    asks for them by name."""
    missing = [name for name in columns if name not in file.schema_arrow.names]
    for name in missing:
        if (group := group_of(kind, name)) is not None:
            raise StoreError(
                f"{path}: has no column {name}, which is optional (group `{group.name}`);"
                f" {group.remedy}"
            )
    if missing:
        raise StoreError(f"{path}: has no column {', '.join(missing)}; {REMEDY}")


def refuse_contradiction(
    path: PathLike,
    file: pq.ParquetFile,
    table: pa.Table,
    rows: int,
    columns: Iterable[str] | None,
) -> None:
    """StoreError unless a table read from `file` has its metadata, `rows` rows, and the `columns`
    asked for (None: all of the file's)."""
    wanted = file.schema_arrow.names if columns is None else columns
    if {*wanted} != {*table.column_names}:
        raise StoreError(f"{path}: damaged, its columns contradict each other; {REMEDY}")
    # The file holds its metadata twice; the copy that pandas uses is not the one checked.
    if _common(table.schema) != _common(file.schema_arrow):
        raise StoreError(f"{path}: damaged, its metadata contradict each other; {REMEDY}")
    if len(table) != rows:
        raise StoreError(f"{path}: damaged, it holds {len(table)} of {rows} rows; {REMEDY}")


def _common(schema: pa.Schema) -> dict[bytes, bytes]:
    """Metadata that both copies have: what is known at the end of writing stands in one alone."""
    return {k: v for k, v in (schema.metadata or {}).items() if k != GROUPS}


def refuse_doubles(path: PathLike, kind: str, table: pa.Table) -> None:
    """StoreError where two rows of a table of one of SCHEMAS are of the same thing.

    table: with the columns IDENTITY[kind]; tables of other kinds pass.
    """
    if kind not in IDENTITY:
        return
    keys = list(IDENTITY[kind])
    frame = table.select(keys).to_pandas()
    doubled = frame.duplicated()
    if doubled.any():
        first = ", ".join(f"{key} {value}" for key, value in frame[doubled].iloc[0].items())
        raise StoreError(
            f"{path}: {int(doubled.sum())} rows are doubled, the first at {first}; {REMEDY}"
        )


def check_origin(path: PathLike, **wanted: object) -> dict[str, Any]:
    """The provenance of a table, refused unless it was made of what is wanted now.

    wanted: values of its provenance, such as ``config_hash``, ``scale``, ``analysis``. Raises
    StoreError where one differs or is absent, or as `open_table`.
    """
    file, provenance = open_table(path, None)
    file.close()
    for key, value in wanted.items():
        if provenance.get(key) != value:
            raise StoreError(
                f"{path}: made from another configuration or code than now ({key}"
                f" {provenance.get(key, 'absent')}, not {value}); run the same command again, or"
                " delete the file"
            )
    return provenance
