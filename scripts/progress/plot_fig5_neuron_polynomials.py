"""Figure 5: how much of each neuron one frequency explains, and what a cluster of them writes."""

from collections.abc import Mapping

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.store import read_provenance, read_table

BINS = 20


def plot_fig5(
    neurons: str,
    circuits: str,
    cluster: str,
    out_figure: str,
    explained: float,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        neurons, circuits, cluster: Parquet. out_figure: the PDF (a PNG goes beside).
        explained: share of the variance from which a neuron counts as explained.
        paper: `explained`, the share of neurons that are.
    """
    found, rows = read_table(circuits), read_table(neurons)
    seed = int(found["seed"].min()) if len(found) else 0
    mine, written = circuit_panels.of_seed(rows, seed), read_table(cluster)
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 2.4)
        left, right = figure.subplots(1, 2)
        left.hist(mine["explained"], bins=BINS, range=(0, 1), color=style.OURS)
        left.axvline(explained, color=style.DEAD, ls="--", lw=0.8)
        left.set_xlabel("share of variance that one frequency explains")
        left.set_ylabel("neurons")
        left.set_ylim(top=left.get_ylim()[1] * 1.25)
        panels.panel_title(left, "a", "polynomials of degree 2")
        lines = [(f"paper: {100 * paper['explained']:.1f} % above {explained:g}", style.PAPER)]
        for row in circuit_panels.of_seed(found, seed).to_dict("records"):
            ours = f"ours: {100 * row['neurons_explained']:.1f} % of {len(mine)}, one run"
            lines.append((ours, style.OURS))
        panels.note_box(left, lines, "upper left")
        if len(written) == 0:
            panels.empty(right, "no key frequency has a cluster of neurons")
            panels.panel_title(right, "b", "what a cluster writes")
        else:
            image = circuit_panels.cluster_map(right, written)
            k = int(written["cluster"].iloc[0])
            panels.panel_title(right, "b", f"what the cluster of k = {k} writes")
            figure.colorbar(image, ax=right, label="weight in the Fourier basis")
        style.save(figure, out_figure, read_provenance(circuits))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig5(
            neurons=snakemake.input.neurons,
            circuits=snakemake.input.circuits,
            cluster=snakemake.input.cluster,
            out_figure=snakemake.output.figure,
            explained=snakemake.params.explained,
            paper=snakemake.params.paper,
        )
