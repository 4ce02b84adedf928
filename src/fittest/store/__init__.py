"""Parquet in and out. The only place that knows columns, paths and provenance."""

from fittest.store.checks import check_origin
from fittest.store.files import (
    as_stored,
    copied,
    explain_os_error,
    read_provenance,
    read_table,
    replacing,
    write_batches,
    write_csv,
    write_table,
    write_text,
)
from fittest.store.paths import Paths, listed
from fittest.store.provenance import joint_provenance, provenance
from fittest.store.rows import by_step, read_groups, read_rows, read_run
from fittest.store.schema import OPTIONAL, SCHEMAS, completed, core_columns

__all__ = [
    "OPTIONAL",
    "SCHEMAS",
    "Paths",
    "as_stored",
    "by_step",
    "check_origin",
    "completed",
    "copied",
    "core_columns",
    "explain_os_error",
    "joint_provenance",
    "listed",
    "provenance",
    "read_groups",
    "read_provenance",
    "read_rows",
    "read_run",
    "read_table",
    "replacing",
    "write_batches",
    "write_csv",
    "write_table",
    "write_text",
]
