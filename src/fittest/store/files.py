"""Reading and writing tables: atomic, with provenance, and refusing what is not whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fittest.errors import StoreError
from fittest.store.checks import (
    CHECKSUM,
    GROUPS,
    MAY_LACK,
    PROVENANCE,
    PathLike,
    checksum,
    open_table,
    reading,
    refuse_contradiction,
    refuse_doubles,
    refuse_unknown,
)
from fittest.store.groups import Bounds, bounds_of, written_bounds
from fittest.store.paths import place_of
from fittest.store.schema import IDENTITY, OPTIONAL, SCHEMAS, completed, core_columns

if TYPE_CHECKING:
    # Half a second to import: `plan` and `check` open tables without it.
    import pandas as pd

# Page checksums, so that a flipped bit is an error and not another number.
_FORMAT: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
_BLOCK = 2**20


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """A temporary path near `path` that takes its place if the block succeeds.

    Whatever stood at `path` stays until then. StoreError where the disk refuses.
    """
    target = Path(path)
    name, folder = target.stem, target.parent
    # Some readers take what they find in a folder of tables, whatever its name begins with.
    if "shard" in place_of(target):
        name, folder = f"{folder.name}.{name}", folder.parent
    temporary = folder / f".{name}.{os.getpid()}.tmp{target.suffix}"
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


def copied(read: Callable[[int], bytes], out: IO[bytes]) -> str:
    """Copy what is left to read into an open file; its SHA-256. read: as that of an open file."""
    digest = hashlib.sha256()
    while block := read(_BLOCK):
        digest.update(block)
        out.write(block)
    return digest.hexdigest()


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


def _with_provenance(schema: pa.Schema, kind: str, provenance: Mapping[str, Any]) -> pa.Schema:
    found = {"kind": kind, **provenance}
    if optional := [name for group in OPTIONAL.get(kind, ()) for name in group.columns]:
        found[MAY_LACK] = optional
    content = json.dumps({**found, CHECKSUM: checksum(schema, found)}, sort_keys=True)
    return schema.with_metadata({**(schema.metadata or {}), PROVENANCE: content.encode()})


def write_table(
    table: pd.DataFrame | pa.Table,
    path: PathLike,
    provenance: Mapping[str, Any],
    kind: str = "table",
) -> None:
    """Write a Parquet file atomically.

    kind: a key of SCHEMAS, or any other word for an analysis product. A table of one of SCHEMAS has
    its core columns and any of the optional ones: the others are written as nulls, so that the
    files of one version have the same columns. Raises StoreError where the disk refuses or the
    columns do not fit.
    """
    arrow = _arrow(table, kind)
    arrow = arrow.replace_schema_metadata(_with_provenance(arrow.schema, kind, provenance).metadata)
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, **_FORMAT)


def write_batches(
    batches: Iterable[pa.Table],
    path: PathLike,
    provenance: Mapping[str, Any],
    kind: str,
    columns: pa.Schema | None = None,
) -> None:
    """Write a Parquet file from tables of one schema, one in memory at a time.

    kind: a key of SCHEMAS; of any other kind, `columns` is the schema.
    Each is a row group of its own. Of which runs and steps they are, the file says (groups.py).
    """
    schema = _with_provenance(SCHEMAS[kind] if columns is None else columns, kind, provenance)
    bounds: list[Bounds] = []
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, schema, **_FORMAT) as writer,
    ):
        for batch in batches:
            if len(batch) == 0:
                continue
            table = _arrow(batch, kind).replace_schema_metadata(schema.metadata)
            writer.write_table(table, row_group_size=len(table))
            bounds.append(bounds_of(table))
        writer.add_key_value_metadata({GROUPS: written_bounds(bounds)})


def as_stored(table: pd.DataFrame | pa.Table, kind: str) -> pd.DataFrame:
    """What `read_table` would give of a table of one of SCHEMAS that was written.

    Raises StoreError where the columns do not fit.
    """
    frame: pd.DataFrame = _arrow(table, kind).to_pandas()
    return frame


def _arrow(table: pd.DataFrame | pa.Table, kind: str) -> pa.Table:
    schema = SCHEMAS.get(kind)
    if schema is None:
        if isinstance(table, pa.Table):
            return table
        return pa.Table.from_pandas(table, preserve_index=False)
    names = set(table.column_names if isinstance(table, pa.Table) else table.columns)
    missing, extra = sorted({*core_columns(kind)} - names), sorted(names - {*schema.names})
    if missing or extra:
        raise StoreError(f"a `{kind}` table lacks {missing} and has unknown {extra}")
    try:
        if not isinstance(table, pa.Table):
            known = pa.schema([field for field in schema if field.name in names])
            table = pa.Table.from_pandas(table, schema=known, preserve_index=False)
        return completed(table, kind)
    except pa.ArrowException as error:
        raise StoreError(f"a `{kind}` table has a column of the wrong type: {error}") from error


def read_table(
    path: PathLike, kind: str | None = None, columns: list[str] | None = None
) -> pd.DataFrame:
    """Read a Parquet file written by `write_table`.

    columns: those needed, optional ones too; None for all that this version knows of the kind, in
    its order, null where the file lacks an optional one. Raises StoreError, naming file and remedy,
    where it is missing, truncated, foreign, misplaced, of another kind than `kind`, without one of
    `columns`, or has a row twice.
    """
    file, provenance = open_table(path, kind)
    with file:
        found = provenance["kind"]
        # Rows are told apart by columns that the caller need not have asked for.
        wanted = None if columns is None else [*columns, *IDENTITY.get(found, ())]
        refuse_unknown(path, found, file, columns or [])
        with reading(path):
            table = file.read(columns=None if wanted is None else list(dict.fromkeys(wanted)))
        refuse_contradiction(path, file, table, file.metadata.num_rows, wanted)
        refuse_doubles(path, found, table)
        with reading(path):
            known = completed(table, found) if columns is None else table.select(columns)
            return known.to_pandas()


def read_provenance(path: PathLike) -> dict[str, Any]:
    """The provenance of a table: kind, scale, commit, versions, device and so on."""
    file, provenance = open_table(path, None)
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
