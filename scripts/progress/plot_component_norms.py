"""Norms of Fourier components of the embedding and of what neurons write: figures 3, 16 and 17."""

from collections.abc import Mapping
from string import ascii_lowercase

import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.store import read_provenance, read_table

TABLES = {
    "embedding": (r"norm in $W_E$", "embedding"),
    "map": (r"norm in $W_L$", "neuron-logit map"),
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
    shown = [(name, seed) for seed in (seeds[1:] if others else seeds[:1]) for name in wanted]
    with style.paper_style():
        lines = max(1, (len(shown) + 1) // 2)
        figure = style.new_figure(style.PAGE_WIDTH, 2.1 * lines)
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
            panels.panel_title(axes, ascii_lowercase[place], title)
            axes.set_ylim(top=axes.get_ylim()[1] * (1.5 if paper else 1.35))
            said = [_said(found, seed, name, keys)]
            if name in (paper or {}):
                said.insert(0, (f"paper: {paper[name]:g} frequencies", style.PAPER))
            panels.note_box(axes, said, "upper left")
            if place == 0:
                axes.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 0.8 if paper else 0.92))
        style.save(figure, out_figure, read_provenance(circuits))


def _said(found: pd.DataFrame, seed: int, name: str, keys: list[int]) -> tuple[str, str]:
    row = circuit_panels.of_seed(found, seed).iloc[0]
    text = f"{circuit_panels.said_keys(keys)} (marked); Gini {row[f'gini_{name}']:.2f}"
    return text, style.OURS


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
