"""Tables for the browser: Parquet, wrapped in a script that pages from the file system may load.

A page opened from the file system may not fetch files beside it, but it may load scripts.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def parquet(table: pa.Table) -> bytes:
    """The table as Parquet that small readers read: snappy, one row group, nothing optional."""
    sink = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(None),
        sink,
        compression="snappy",
        row_group_size=max(len(table), 1),
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue()


def pack(folder: Path, name: str, table: pa.Table, about: Mapping[str, Any]) -> int:
    """Write <name>.js, which hands the table as Parquet and `about` to the page.

    Returns the bytes written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(parquet(table)).decode()
    said = json.dumps(about, sort_keys=True)
    script = f'(self.fittestData??={{}})[{json.dumps(name)}]={{about:{said},parquet:"{text}"}};\n'
    (folder / f"{name}.js").write_text(script, encoding="ascii")
    return len(script)


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """index.js: which tables an explorer can load; it opens with the first."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(index)
    (folder / "index.js").write_text(f"self.fittestIndex={text};\n", encoding="ascii")
