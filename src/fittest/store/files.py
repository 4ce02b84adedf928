"""Reading and writing tables: atomic, with provenance, and refusing what is not whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fittest.errors import StoreError
from fittest.store.schema import SCHEMAS

_PROVENANCE = b"fittest"
_CHECKSUM = "checksum"
# Page checksums, so that a flipped bit is an error and not another number.
_FORMAT: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
PathLike = str | Path


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place if the block succeeds.

    Whatever stood at `path` stays until then. StoreError where the disk refuses.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.tmp{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise StoreError(explain_os_error(target, error)) from error
    finally:
        # The folder may be what is unwritable; the first error is the one worth telling.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def explain_os_error(path: PathLike, error: OSError) -> str:
    """What the disk refused, and what to do."""
    remedies = {
        errno.ENOSPC: "the disk is full; free some space and run the same command again",
        errno.EDQUOT: "the quota is used up; free some space and run the same command again",
        errno.EACCES: "the folder is not writable; mend its permissions or set paths.results",
        errno.EEXIST: "a folder in it is a file; move that file away or set paths.results",
        errno.ENOTDIR: "a folder in it is a file; move that file away or set paths.results",
        errno.EROFS: "the file system is read-only; set paths.results to another folder",
    }
    remedy = remedies.get(error.errno or 0, error.strerror or str(error))
    return f"{path}: cannot be written: {remedy}"


def _checksum(schema: pa.Schema, provenance: Mapping[str, Any]) -> str:
    """Of what the page checksums leave out: column names, types in pandas, and provenance."""
    pandas = (schema.metadata or {}).get(b"pandas", b"")
    content = json.dumps([schema.names, provenance], sort_keys=True).encode() + pandas
    return hashlib.sha256(content).hexdigest()[:16]


def _with_provenance(schema: pa.Schema, kind: str, provenance: Mapping[str, Any]) -> pa.Schema:
    found = {"kind": kind, **provenance}
    content = json.dumps({**found, _CHECKSUM: _checksum(schema, found)}, sort_keys=True)
    return schema.with_metadata({**(schema.metadata or {}), _PROVENANCE: content.encode()})


def write_table(
    table: pd.DataFrame | pa.Table,
    path: PathLike,
    provenance: Mapping[str, Any],
    kind: str = "table",
) -> None:
    """Write a Parquet file atomically.

    kind: a key of SCHEMAS, whose columns the table then has exactly, or any other word for an
    analysis product. Raises StoreError where the disk refuses or the columns do not fit.
    """
    arrow = _arrow(table, kind)
    arrow = arrow.replace_schema_metadata(_with_provenance(arrow.schema, kind, provenance).metadata)
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, **_FORMAT)


def write_batches(
    batches: Iterable[pa.Table], path: PathLike, provenance: Mapping[str, Any], kind: str
) -> None:
    """Write a Parquet file from tables of one schema of SCHEMAS, one in memory at a time."""
    schema = _with_provenance(SCHEMAS[kind], kind, provenance)
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, schema, **_FORMAT) as writer,
    ):
        for batch in batches:
            writer.write_table(batch.cast(SCHEMAS[kind]).replace_schema_metadata(schema.metadata))


def _arrow(table: pd.DataFrame | pa.Table, kind: str) -> pa.Table:
    schema = SCHEMAS.get(kind)
    if schema is None:
        if isinstance(table, pa.Table):
            return table
        return pa.Table.from_pandas(table, preserve_index=False)
    names = set(table.column_names if isinstance(table, pa.Table) else table.columns)
    if names != set(schema.names):
        missing, extra = sorted(set(schema.names) - names), sorted(names - set(schema.names))
        raise StoreError(f"a `{kind}` table lacks {missing} and has unknown {extra}")
    try:
        if isinstance(table, pa.Table):
            return table.select(schema.names).cast(schema)
        return pa.Table.from_pandas(table, schema=schema, preserve_index=False)
    except pa.ArrowException as error:
        raise StoreError(f"a `{kind}` table has a column of the wrong type: {error}") from error


def _open(path: PathLike, kind: str | None) -> tuple[pq.ParquetFile, dict[str, Any]]:
    remedy = "delete it and run the same command again; it will be made anew"
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        schema = file.schema_arrow
    except FileNotFoundError:
        raise StoreError(f"{path}: missing; run the rule that makes it") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StoreError(f"{path}: truncated or not Parquet ({error}); {remedy}") from error
    metadata = (schema.metadata or {}).get(_PROVENANCE)
    if metadata is None:
        raise StoreError(f"{path}: not written by fittest (no provenance in it); {remedy}")
    try:
        provenance: dict[str, Any] = json.loads(metadata)
    except ValueError as error:
        raise StoreError(f"{path}: damaged provenance ({error}); {remedy}") from error
    expected = provenance.pop(_CHECKSUM, None)
    if expected is not None and expected != _checksum(schema, provenance):
        raise StoreError(f"{path}: damaged, its checksum does not fit; {remedy}")
    if kind is not None and provenance["kind"] != kind:
        raise StoreError(
            f"{path}: holds a `{provenance['kind']}` table where `{kind}` is needed; {remedy}"
        )
    if kind in SCHEMAS and not schema.equals(SCHEMAS[kind]):
        raise StoreError(f"{path}: its columns are of another version of fittest; {remedy}")
    return file, provenance


def read_table(
    path: PathLike, kind: str | None = None, columns: list[str] | None = None
) -> pd.DataFrame:
    """Read a Parquet file written by `write_table`.

    Raises StoreError, naming file and remedy, where it is missing, truncated, foreign, or of
    another kind than `kind`.
    """
    file, _ = _open(path, kind)
    remedy = "delete it and run the same command again"
    with file:
        try:
            table = file.read(columns=columns)
        except (pa.ArrowException, OSError) as error:
            raise StoreError(f"{path}: damaged ({error}); {remedy}") from error
        # The file holds its metadata twice; the copy that pandas uses is not the one checked.
        if table.schema.metadata != file.schema_arrow.metadata:
            raise StoreError(f"{path}: damaged, its metadata contradict each other; {remedy}")
        return table.to_pandas()


def read_provenance(path: PathLike) -> dict[str, Any]:
    """The provenance of a table: kind, scale, commit, versions, device and so on."""
    file, provenance = _open(path, None)
    with file:
        return provenance


def write_text(text: str, path: PathLike) -> None:
    """Write a text file atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(table: pd.DataFrame, path: PathLike) -> None:
    """Write a CSV atomically, with enough digits to get every float back."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
