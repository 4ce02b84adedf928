"""Figure 7: the Fourier components of all neurons of each cluster."""

from collections.abc import Mapping

from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table


def plot_fig7(inputs: Mapping[str, str], out_figure: str) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `clusters`, `spectra` of network A. out_figure: the PDF (a PNG goes
            beside).
    """
    clusters, spectra = (read_table(inputs[name]) for name in ("clusters", "spectra"))
    ordered = clusters.sort_values("place")
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.0 + 1.15 * max(len(ordered), 1))
        heading(
            figure,
            "Has each cluster one frequency?",
            "35; 25; 8; and one of fine-tuning neurons on multiples of 7, 42 the strongest",
            coset_panels.said_network(clusters),
        )
        grid = figure.subplots(max(len(ordered), 1), 2, squeeze=False, sharex=True, sharey=True)
        if not len(ordered):
            for axes in grid.flat:
                coset_panels.part_curve(axes, spectra, "frequency", "a")
        for row, cluster in enumerate(ordered.to_dict("records")):
            own = spectra[spectra["place"] == cluster["place"]]
            for column, part in enumerate("ab"):
                axes = grid[row, column]
                for _, neuron in own[own["part"] == part].groupby("neuron"):
                    look = coset_panels.cluster_style(int(cluster["place"]))
                    axes.plot(neuron["frequency"], neuron["magnitude"], lw=0.6, alpha=0.7, **look)
                coset_panels.reach(axes, 1.05 * float(spectra["magnitude"].max()))
                axes.set_xlim(0, int(cluster["p"]) // 2 + 1)
                if column == 0:
                    axes.set_title(coset_panels.said_cluster(cluster), loc="left", fontsize=7)
                    axes.set_ylabel("|DFT|")
                if row == len(ordered) - 1:
                    axes.set_xlabel(f"frequency f of what it reads of {part}")
        style.save(figure, out_figure, read_provenance(inputs["clusters"]))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig7(
            {name: snakemake.input[name] for name in ("clusters", "spectra")},
            snakemake.output.figure,
        )
