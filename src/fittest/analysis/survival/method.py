"""The method in one run, and in a few more: what figure 1 plots."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fittest.analysis.circles.planes import circle_plane, project
from fittest.fourier import Floats, signals

COLUMNS = [
    "panel",
    "run_id",
    "seed",
    "k",
    "rank",
    "fate",
    "step",
    "token",
    "dimension",
    "value",
    "x",
    "y",
]


def method_table(
    first: Floats, final: Floats, survivors: list[int], dimensions: int
) -> pd.DataFrame:
    """The stages of one run: COLUMNS, those that do not apply being null.

    Args:
        first, final: embedding (p, d) at step 0 and at the end.
        survivors: by descending final signal.
        dimensions: how many of the embedding's dimensions to show.

    Returns:
        Panels ``embedding`` (token, dimension, value), ``spectrum`` (k, value = initial signal)
        and ``circle`` (the final embedding in the planes of every survivor, and of the dead
        frequency with the largest initial signal: k, token, x, y). rank 0 is dead.
    """
    start = signals(np.asarray(first, dtype=np.float64))
    rank = {k: index + 1 for index, k in enumerate(survivors)}
    shown = np.asarray(first)[:, :dimensions]
    token, dimension = np.indices(shown.shape)
    ks = np.arange(1, len(start) + 1)
    parts = [
        pd.DataFrame(
            {"token": token.ravel(), "dimension": dimension.ravel(), "value": shown.ravel()}
        ).assign(panel="embedding"),
        pd.DataFrame({"k": ks, "value": start}).assign(panel="spectrum"),
    ]
    dead = [int(k) for k in ks if k not in rank]
    strongest = [max(dead, key=lambda k: start[k - 1])] if dead else []
    for k in [*survivors, *strongest]:
        xy = project(final, circle_plane(final, k))
        parts.append(
            pd.DataFrame({"token": np.arange(len(xy)), "x": xy[:, 0], "y": xy[:, 1]}).assign(
                panel="circle", k=k
            )
        )
    return with_fates(pd.concat(parts), rank)


def curve_table(rows: pd.DataFrame, survivors: list[int]) -> pd.DataFrame:
    """Panel ``curves``: signals of one run over its recorded steps (step, signals)."""
    ordered = rows.sort_values("step")
    values = np.stack([np.asarray(row, dtype=np.float64) for row in ordered["signals"]])
    ks, steps = np.meshgrid(np.arange(1, values.shape[1] + 1), ordered["step"].to_numpy(int))
    table = pd.DataFrame({"k": ks.ravel(), "step": steps.ravel(), "value": values.ravel()})
    rank = {k: index + 1 for index, k in enumerate(survivors)}
    return with_fates(table.assign(panel="curves"), rank)


def with_fates(table: pd.DataFrame, rank: dict[int, int]) -> pd.DataFrame:
    """Add rank and fate by k, and the columns that are missing."""
    table = table.reindex(columns=COLUMNS)
    known = table["k"].notna()
    ranks = [rank.get(int(k), 0) if ok else np.nan for k, ok in zip(table["k"], known, strict=True)]
    fates = [None if np.isnan(r) else ("survivor" if r else "dead") for r in ranks]
    return table.assign(rank=ranks, fate=pd.Series(fates, table.index, dtype=object))
