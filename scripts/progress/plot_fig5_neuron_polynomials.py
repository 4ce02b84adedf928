"""Figure 5: how much of each neuron one frequency explains, and what a cluster of them writes."""

from collections.abc import Mapping

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import read_provenance, read_table

BINS = 20


def plot_fig5(
    neurons: str,
    circuits: str,
    cluster: str,
    clusters: str,
    out_figure: str,
    explained: float,
    paper: Mapping[str, float],
) -> None:
    """Draw the figure.

    Args:
        neurons, circuits, cluster, clusters: Parquet. out_figure: the PDF (a PNG goes beside).
        explained: share of the variance from which a neuron counts as explained.
        paper: `explained`, the share of neurons that are.
    """
    found, rows = read_table(circuits), read_table(neurons)
    seed = int(found["seed"].min()) if len(found) else 0
    mine, written = circuit_panels.of_seed(rows, seed), read_table(cluster)
    shares = circuit_panels.of_seed(read_table(clusters), seed).set_index("k")["written_share"]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.2)
        ours = "no runs"
        for row in circuit_panels.of_seed(found, seed).to_dict("records"):
            share = 100 * row["neurons_explained"]
            ours = f"{share:.1f} % of {len(mine)} neurons above {explained:g}; seed {seed}, one run"
        heading(
            figure,
            "Does one frequency explain each neuron, and what do neurons write?",
            f"{100 * paper['explained']:.1f} % of 512 neurons above {explained:g} (dashed); the 44"
            " neurons of k = 14 write their own frequency alone",
            ours,
        )
        left, right = figure.subplots(1, 2)
        left.hist(mine["explained"].dropna(), bins=BINS, range=(0, 1), color=style.OURS)
        left.axvline(explained, color=style.DEAD, ls="--", lw=0.8)
        left.set_xlim(0, 1)
        left.set_xlabel("share of variance that one frequency explains")
        left.set_ylabel("neurons")
        silent = int(mine["explained"].isna().sum())
        told = f"silent neurons left out: {silent}" if silent else ""
        panels.panel_title(left, "a", "polynomials of degree 2 in one frequency", told)
        if len(written) == 0:
            panels.empty(right, "no key frequency has a cluster of neurons")
            panels.panel_title(right, "b", "what a cluster writes")
        else:
            image = circuit_panels.cluster_map(right, written)
            k = int(written["cluster"].iloc[0])
            told = f"the smallest of a key frequency, {written['neuron'].nunique()} neurons"
            if k in shares.index:
                told += f"; {100 * float(shares[k]):.1f} % of its energy at {k}"
            panels.panel_title(right, "b", f"what the cluster of k = {k} writes", told)
            figure.colorbar(image, ax=right, label="weight in the Fourier basis")
        origin = read_provenance(circuits) | {"figure_runs": int(len(mine) > 0)}
        style.save(figure, out_figure, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig5(
            neurons=snakemake.input.neurons,
            circuits=snakemake.input.circuits,
            cluster=snakemake.input.cluster,
            clusters=snakemake.input.clusters,
            out_figure=snakemake.output.figure,
            explained=snakemake.params.explained,
            paper=snakemake.params.paper,
        )
