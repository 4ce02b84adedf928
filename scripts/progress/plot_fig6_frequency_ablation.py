"""Figure 6: the loss of networks that lose the block of one frequency."""

from collections.abc import Mapping

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.store import read_provenance, read_table


def plot_fig6(ablations: str, circuits: str, out_figure: str, paper: Mapping[str, float]) -> None:
    """Draw the figure.

    Args:
        ablations, circuits: Parquet. out_figure: the PDF (a PNG goes beside).
        paper: `whole` and `restricted`, its losses.
    """
    found, rows = read_table(circuits), read_table(ablations)
    seed = int(found["seed"].min()) if len(found) else 0
    keys, mine = circuit_panels.keys_of(found, seed), circuit_panels.of_seed(rows, seed)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.6)
        axes = figure.subplots()
        circuit_panels.ablation_points(axes, mine, keys)
        losses = dict(zip(mine["ablation"], mine["loss"], strict=True))
        lines = [
            (
                f"paper: whole {paper['whole']:.2g}, keys alone {paper['restricted']:.2g}",
                style.PAPER,
            )
        ]
        if losses:
            ours = f"ours: whole {losses['none']:.2g}, keys alone {losses['restricted']:.2g}"
            lines.append((ours, style.OURS))
            lines.append((f"one run, {circuit_panels.said_keys(keys)}", style.OURS))
        low, high = axes.get_ylim()
        axes.set_ylim(low, high * (high / low) ** 0.4)
        panels.note_box(axes, lines, "upper left")
        axes.legend(loc="upper right", ncols=2)
        style.save(figure, out_figure, read_provenance(circuits))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig6(
            ablations=snakemake.input.ablations,
            circuits=snakemake.input.circuits,
            out_figure=snakemake.output.figure,
            paper=snakemake.params.paper,
        )
