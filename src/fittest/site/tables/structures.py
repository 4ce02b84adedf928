"""What remainder and XOR networks learned, among all that they could have learned."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from fittest.pipeline.project import Project
from fittest.site.tables.sources import Packed, origin
from fittest.store import read_table

_TASKS = {
    "remainder": ("remainder.parquet", "f", "order"),
    "xor": ("xor.parquet", "g", "basis"),
}
"""Task -> its table, the letter of its completeness, the column that names what was learned."""


def structures(project: Project) -> Iterator[Packed]:
    """Table `runs` of each task: seed, solved, clear, learned (in words), value, least, mean and
    greatest completeness of all structures at the start, total of structures, mid_rank (0: the
    learned one was the most complete of all)."""
    for task, (name, letter, learned) in _TASKS.items():
        path = project.root / project.paths.table("completeness", name)
        if not path.is_file():
            continue
        rows = read_table(path)
        table = pa.table(
            {
                "seed": pa.array(rows["seed"].to_numpy(), pa.int32()),
                "solved": pa.array(rows["solved"].to_numpy(bool), pa.bool_()),
                "clear": pa.array(rows["clear"].to_numpy(bool), pa.bool_()),
                "learned": pa.array([str(one) for one in rows[learned]], pa.string()),
                "value": pa.array(rows[letter].to_numpy(float), pa.float64()),
                "least": pa.array(rows[f"{letter}_min"].to_numpy(float), pa.float64()),
                "mean": pa.array(rows[f"{letter}_mean"].to_numpy(float), pa.float64()),
                "greatest": pa.array(rows[f"{letter}_max"].to_numpy(float), pa.float64()),
                "total": pa.array(rows["total"].to_numpy(), pa.int32()),
                "mid_rank": pa.array(rows["mid_rank"].to_numpy(float), pa.float64()),
            }
        )
        about = {**origin(path), "runs": len(rows), "letter": letter, "learned": learned}
        yield Packed("runs", task, table, about)
