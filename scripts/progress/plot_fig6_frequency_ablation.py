"""Figure 6: the loss of networks that lose the block of one frequency."""

from collections.abc import Mapping

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.plotting.loss_words import number
from fittest.store import read_provenance, read_table


def plot_fig6(ablations: str, circuits: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        ablations, circuits: Parquet. out_figure: the PDF (a PNG goes beside).
        paper: `whole` and `blocks`, its losses.
    """
    found, rows = read_table(circuits), read_table(ablations)
    seed = int(found["seed"].min()) if len(found) else 0
    keys, mine = circuit_panels.keys_of(found, seed), circuit_panels.of_seed(rows, seed)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        losses = dict(zip(mine["ablation"], mine["loss"], strict=True))
        middle = rows.groupby("ablation")["loss"].median()
        heading(
            figure,
            "Does the network need its key frequencies, and nothing else?",
            f"without a key one the loss rises; {_losses(paper['whole'], paper['blocks'])}",
            f"{_losses(losses['none'], losses['key_blocks'])}; {circuit_panels.said_keys(keys)};"
            f" seed {seed}, one run; medians of all {found['run_id'].nunique()} runs:"
            f" {number(middle['none'])} and {number(middle['key_blocks'])}"
            if losses
            else "no runs",
        )
        axes = figure.subplots()
        circuit_panels.ablation_points(axes, mine, keys, [paper["whole"], paper["blocks"]])
        shared_legend(figure, 3)
        origin = read_provenance(circuits) | {"figure_runs": int(len(mine) > 0)}
        style.save(figure, out_figure, origin)


def _losses(whole: float, blocks: float) -> str:
    return f"loss {number(whole)}, of the blocks of key frequencies alone {number(blocks)}"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig6(
            ablations=snakemake.input.ablations,
            circuits=snakemake.input.circuits,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
