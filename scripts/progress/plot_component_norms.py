"""Norms of Fourier components of the embedding and of what neurons write: figures 3, 16 and 17."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

TABLES = {
    "embedding": (r"norm in $W_E$", "embedding", "embeddings"),
    "map": (r"norm in $W_L$", "neuron-logit map", "neuron-logit maps"),
}
OTHERS = {
    "embedding": "sparse in every seed, in other frequencies",
    "map": "3 or 4 key frequencies in each of seeds 1 to 4, all different",
}


def plot_component_norms(
    components: str,
    circuits: str,
    out_figure: str,
    embedding: bool = True,
    map: bool = True,
    others: bool = False,
    paper: Mapping[str, float] | None = None,
) -> None:
    """Draw the figure.

    Args:
        components, circuits: Parquet. out_figure: the PDF (a PNG goes beside).
        embedding, map: which of the two are drawn. others: of all seeds but the first.
        paper: how many frequencies it finds in each of the two; none for nothing.
    """
    rows, found = read_table(components), read_table(circuits)
    seeds = sorted(int(seed) for seed in found["seed"].unique())
    wanted = [name for name, drawn in (("embedding", embedding), ("map", map)) if drawn]
    drawn = seeds[1:] if others else seeds[:1]
    shown = [(name, seed) for seed in drawn for name in wanted]
    with style.paper_style():
        lines = max(1, (len(shown) + 1) // 2)
        figure = style.new_figure(style.PAGE_WIDTH, 1.75 * lines + 1.05)
        _head(figure, wanted, found, rows, drawn, others, paper or {})
        grid = figure.subplots(lines, 2 if len(shown) > 1 else 1, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(shown):
                axes.set_axis_off()
                continue
            name, seed = shown[place]
            keys = circuit_panels.keys_of(found, seed)
            part = circuit_panels.of_seed(rows, seed)
            circuit_panels.wave_bars(axes, part[part["of"] == name], "norm", keys)
            axes.set_ylabel(TABLES[name][0])
            title = f"seed {seed}" if others else TABLES[name][1]
            gini = float(circuit_panels.of_seed(found, seed)[f"gini_{name}"].iloc[0])
            at_keys = circuit_panels.share_of_keys(part[part["of"] == name], "norm", keys)
            said = f"k = {', '.join(str(k) for k in keys)}: " if others and keys else ""
            if np.isfinite(at_keys):
                said += (
                    f"{100 * at_keys:.1f} % of squares{'' if others else ' at key frequencies'}; "
                )
            panels.panel_title(axes, ascii_lowercase[place], title, f"{said}Gini {gini:.2f}")
            if place < len(shown) - 2:
                axes.set_xlabel("")
        shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(circuits) | {"figure_runs": len(drawn)})


def _head(
    figure: Figure,
    wanted: Sequence[str],
    found: pd.DataFrame,
    rows: pd.DataFrame,
    seeds: Sequence[int],
    others: bool,
    paper: Mapping[str, float],
) -> None:
    what = " and ".join(TABLES[name][2 if others else 1] for name in wanted)
    ours = "no runs"
    if others:
        of_paper = "; ".join(OTHERS[name] for name in wanted)
        if seeds:
            shares = [
                circuit_panels.share_of_keys(
                    circuit_panels.of_seed(rows[rows["of"] == name], seed),
                    "norm",
                    circuit_panels.keys_of(found, seed),
                )
                for name in wanted
                for seed in seeds
            ]
            ours = (
                f"{circuit_panels.percentages(shares)} of the squares at {_counts(found, seeds)}"
                " key frequencies, marked below the bars; Gini coefficients above"
            )
    else:
        of_paper = ", ".join(f"{paper[n]:g} in the {TABLES[n][1]}" for n in wanted if n in paper)
        of_paper += ": 14, 35, 41, 42 and 52; which ones depends on the seed" if of_paper else ""
        if seeds:
            keys = circuit_panels.keys_of(found, seeds[0])
            ours = f"{circuit_panels.said_keys(keys)} (marked); seed {seeds[0]}, one run"
    heading(
        figure,
        f"Do a few frequencies make up the {what}{' of the other seeds' if others else ''}?",
        of_paper,
        ours,
    )


def _counts(found: pd.DataFrame, seeds: Sequence[int]) -> str:
    """How many key frequencies runs have: `4 or 5`."""
    counts = sorted({len(circuit_panels.keys_of(found, seed)) for seed in seeds})
    return " or ".join(map(str, counts))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        plot_component_norms(
            components=snakemake.input.components,
            circuits=snakemake.input.circuits,
            out_figure=snakemake.output.figure,
            **{
                name: told[name] for name in ("embedding", "map", "others", "paper") if name in told
            },
        )
