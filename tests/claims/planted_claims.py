"""Judging claims on planted data: the effect a claim states, or its absence."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS, Row
from fittest.claims.judge import Judgement, judge
from fittest.claims.measures import Evidence
from fittest.claims.model import ClaimFile
from fittest.claims.registry import measures_of
from fittest.claims.tables import Tables
from fittest.store import write_table

ROOT = Path(__file__).resolve().parents[2]
R = Resampling(100, 0, 0.95)
ORIGIN = {"scale": "test", "config_hash": "0"}


@cache
def claims_of(paper: str) -> ClaimFile:
    text = (ROOT / "config" / "claims" / f"{paper}.yaml").read_text()
    return ClaimFile.model_validate(yaml.safe_load(text))


def judged(
    paper: str,
    claim: str,
    tables: dict[str, pd.DataFrame | list[Row]],
    folder: Path,
    scale: str = "reduced",
) -> Judgement:
    """The judgement at a scale. tables: rows of statistics, or whole tables, by name."""
    paths = {}
    for name, content in tables.items():
        table: Any = content
        if isinstance(content, list):
            table = pd.DataFrame(content, columns=COLUMNS)
        paths[name] = folder / f"{name}.parquet"
        write_table(table, paths[name], ORIGIN)
    evidence = Evidence(Tables(paths), R)
    found = claims_of(paper).claims[claim]
    return judge(claim, found, scale, evidence, measures_of(paper))
