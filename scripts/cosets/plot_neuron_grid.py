"""Figures 22 and 23: every neuron of one simple cluster, and the same with numbers remapped."""

import math
from collections.abc import Mapping

from fittest.analysis.cosets.single_names import Single
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

_MOST = 24
"""Neurons that a page has room for."""
_COLUMNS = 3


def plot_neuron_grid(inputs: Mapping[str, str], out_figure: str, remapped: bool) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `clusters`, `members`, `curves` of network B, and `stats` of all
            networks. out_figure: the PDF (a PNG goes beside). remapped: figure 23 in place of 22.
    """
    clusters, members, curves = (
        read_table(inputs[name]) for name in ("clusters", "members", "curves")
    )
    statistics = Statistics(read_table(inputs["stats"]))
    chosen = clusters[clusters["chosen"].astype(bool)]
    own = members[members["place"].isin(chosen["place"])].head(_MOST)
    rows = max(math.ceil(len(own) / _COLUMNS), 1)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.2 + 0.86 * rows)
        said = coset_panels.said_network(clusters)
        if len(chosen):
            row = chosen.iloc[0]
            said += (
                f"; {int(row['neurons'])} neurons of f = {int(row['f'])}, gcd with n"
                f" {int(row['g'])}; {len(own)} are shown, the strongest first"
            )
        wave = statistics.get(Single.ONE_WAVE)
        heading(
            figure,
            "Are all neurons of a cluster the same slow wave with another phase?"
            if remapped
            else "Are all neurons of a cluster waves of its frequency?",
            "14 neurons of f = 21, all of one period once remapped"
            if remapped
            else "14 neurons of f = 21",
            said,
            [(f"R² of one wave, median of {int(wave['n'])} networks: {printed(wave, 3)}", "0.4")]
            if wave is not None
            else [],
        )
        grid = figure.subplots(rows, 2 * _COLUMNS, squeeze=False, sharex=True, sharey=True)
        if not len(own):
            panels.empty(grid[0, 0], coset_panels.NONE)
        for index, pair in enumerate(grid.reshape(-1, 2)):
            if index >= len(own):
                for axes in pair:
                    axes.set_visible(not len(own))
                continue
            neuron = int(own["neuron"].iloc[index])
            mine = curves[curves["neuron"] == neuron]
            for axes, part in zip(pair, "ab", strict=True):
                rows_of = mine[mine["part"] == part]
                coset_panels.part_curve(axes, rows_of, "y" if remapped else "k", part)
                axes.set_title(f"neuron {neuron}, {part}", fontsize=5.5, loc="left", pad=2)
                axes.tick_params(labelsize=5)
        for axes in grid[: math.ceil(len(own) / _COLUMNS), 0]:
            axes.set_ylabel("pre-activation", fontsize=5.5)
        label = "number, remapped" if remapped else "number"
        for index in range(max(len(own) - _COLUMNS, 0), len(own)):
            for axes in grid.reshape(-1, 2)[index]:
                axes.set_xlabel(label, fontsize=6)
                axes.tick_params(labelbottom=True)
        style.save(figure, out_figure, read_provenance(inputs["clusters"]))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_neuron_grid(
            inputs={
                name: snakemake.input[name] for name in ("clusters", "members", "curves", "stats")
            },
            out_figure=snakemake.output.figure,
            remapped=snakemake.params.remapped,
        )
