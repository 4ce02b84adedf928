"""Attention, neurons and the logits' spectrum over all pairs of one run: figures 4, 9 and 12."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
import pandas as pd

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

ALL = (
    "Are attention, neurons and logits periodic in both operands?",
    "head 0 has k = 35, neuron 0 k = 42; five blocks of two by two in the spectrum, one for each"
    " key frequency",
)
HEADS = (
    "Is the attention of every head to the first operand periodic?",
    "one frequency per head, 97.9 to 99.1 % of the variance: k = 35, 42, 52, 42",
)
NEURONS = (
    "Are more neurons periodic in both operands?",
    "all are; 84.6 % of all neurons are polynomials of one frequency",
)
FITS = {"attention": "one wave at a less at b", "neuron": "eight components of k"}
"""What explains a share of the variance: of attention and of neurons not the same."""


def plot_pair_maps(
    maps: str,
    circuits: str,
    heads_table: str,
    neurons_table: str,
    out_figure: str,
    heads: int = 0,
    neurons: int = 0,
    first_neuron: int = 0,
    spectrum: bool = False,
) -> None:
    """Draw the figure.

    Args:
        maps, circuits, heads_table, neurons_table: Parquet. out_figure: the PDF (a PNG goes
            beside).
        heads, neurons: how many are drawn, of neurons from `first_neuron` on. spectrum: whether the
            logits' is.
    """
    rows, circuit = read_table(maps), read_table(circuits)
    seed = int(circuit["seed"].min()) if len(circuit) else 0
    keys = circuit_panels.keys_of(circuit, seed)
    found = list(rows[["of", "index"]].drop_duplicates().itertuples(index=False, name=None))
    wanted = [("attention", index) for index in range(heads)]
    wanted += [("neuron", first_neuron + index) for index in range(neurons)]
    wanted += [("logits", 0)] if spectrum else []
    shown = [one for one in wanted if one in found]
    fits = {
        "attention": (read_table(heads_table), "head", "pattern_explained"),
        "neuron": (read_table(neurons_table), "neuron", "explained"),
    }
    with style.paper_style():
        columns = 3 if len(shown) == 3 else 2
        lines = max(1, -(-len(shown) // columns))
        across = columns == 3
        figure = style.new_figure(style.PAGE_WIDTH, (3.0 if across else 2.7) * lines + 0.8)
        see, paper = ALL if spectrum else HEADS if heads else NEURONS
        ours = _ours(circuit, fits["attention"][0], fits["neuron"][0], seed, shown)
        heading(figure, see, paper, ours if len(circuit) else "no runs")
        grid = figure.subplots(lines, columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(shown):
                axes.set_axis_off()
                continue
            of, index = shown[place]
            part = rows[(rows["of"] == of) & (rows["index"] == index)]
            limits = (0.0, 1.0) if of == "attention" else None
            image = circuit_panels.pair_map(axes, part, limits, of == "logits")
            if of == "logits":
                # Cosine and sine of k stand in the cells from 2k - 1 to 2k + 1.
                circuit_panels.mark(axes, [2.0 * key for key in keys], sides=True)
            title, label = _words(of, index)
            told = (
                _fit(*fits[of], seed, index, part) if of in fits else "triangles: key frequencies"
            )
            panels.panel_title(axes, ascii_lowercase[place], title, told)
            if across:
                # Below: the panels get all of the width.
                bar = figure.colorbar(
                    image, ax=axes, location="bottom", shrink=0.9, aspect=28, label=label
                )
            else:
                bar = figure.colorbar(image, ax=axes, shrink=0.8, label=label)
            bar.outline.set_visible(False)
        style.save(figure, out_figure, read_provenance(circuits) | {"figure_runs": int(bool(keys))})


def _ours(
    circuit: pd.DataFrame,
    heads: pd.DataFrame,
    neurons: pd.DataFrame,
    seed: int,
    shown: Sequence[tuple[str, int]],
) -> str:
    """What is found in one run, of what is shown of it."""
    kinds = {of for of, _ in shown}
    told = [circuit_panels.said_keys(circuit_panels.keys_of(circuit, seed))]
    shares = circuit_panels.of_seed(heads, seed)["pattern_explained"].dropna().tolist()
    if "attention" in kinds and "neuron" not in kinds and shares:
        told = [
            f"one wave at a, less the same at b, explains {circuit_panels.percentages(shares)} of a"
            " head's variance"
        ]
    if kinds == {"neuron"}:
        mine = circuit_panels.of_seed(neurons, seed)["explained"].dropna().tolist()
        drawn = [mine[index] for _, index in shown if index < len(mine)]
        if drawn:
            shown_of = circuit_panels.percentages(drawn)
            told = [f"eight components of one frequency hold {shown_of} of a neuron's variance"]
    if "logits" in kinds and len(circuit):
        inside = float(circuit_panels.of_seed(circuit, seed)["spectrum_in_blocks"].iloc[0])
        told.append(f"{100 * inside:.1f} % of the spectrum in their two by two blocks")
    return "; ".join([*told, f"seed {seed}, one run"])


def _words(of: str, index: int) -> tuple[str, str]:
    return {
        "attention": (f"head {index}: attention to a", "share of attention"),
        "neuron": (f"neuron {index}", "activation"),
        "logits": ("spectrum of the logits", "norm over classes"),
    }[of]


def _fit(
    table: pd.DataFrame, name: str, share: str, seed: int, index: int, part: pd.DataFrame
) -> str:
    """The best frequency and the share of the variance that its fit explains."""
    rows = circuit_panels.of_seed(table, seed)
    rows = rows[rows[name] == index]
    if not (part["value"] != 0).any():
        return "silent"
    if len(rows) == 0 or not np.isfinite(rows[share].iloc[0]):
        return ""
    by = FITS["attention" if name == "head" else "neuron"]
    return f"k = {int(rows['k'].iloc[0])}: {100 * rows[share].iloc[0]:.1f} %, {by}"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        names = ("heads", "neurons", "first_neuron", "spectrum")
        plot_pair_maps(
            maps=snakemake.input.maps,
            circuits=snakemake.input.circuits,
            heads_table=snakemake.input.heads,
            neurons_table=snakemake.input.neurons,
            out_figure=snakemake.output.figure,
            **{name: told[name] for name in names if name in told},
        )
