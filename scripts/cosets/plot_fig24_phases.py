"""Figure 24: phases of a cluster's neurons, and how often these are even over all clusters."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MaxNLocator

from fittest.analysis.cosets.single_names import Single
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, panels, style
from fittest.plotting.heading import heading
from fittest.store import joint_provenance, read_table

_TURN = 2 * np.pi


def plot_fig24(inputs: Mapping[str, str], out_figure: str, uniform: float, least: int) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `clusters`, `members` of network B; `all_clusters` and `stats` of
            all networks. out_figure: the PDF (a PNG goes beside).
        uniform: probability from which phases count as even. least: neurons of the clusters in (c).
    """
    clusters, members, everything = (
        read_table(inputs[name]) for name in ("clusters", "members", "all_clusters")
    )
    statistics = Statistics(read_table(inputs["stats"]))
    even, chance, pairs = (
        printed(statistics.get(name))
        for name in (Single.EVEN, Single.EVEN_CHANCE, Single.EVEN_PAIR)
    )
    chosen = clusters[clusters["chosen"].astype(bool)]
    own = members[members["place"].isin(chosen["place"])]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 3.3)
        said = coset_panels.said_network(clusters)
        if len(chosen):
            said += f"; {len(own)} neurons of f = {int(chosen['f'].iloc[0])}"
        simple = everything[
            ~everything["fine_tuning"].astype(bool) & (everything["neurons"] >= least)
        ]
        networks = panels.counted(simple["run_id"].nunique(), "network")
        heading(
            figure,
            "Are the phases of a cluster's neurons spread evenly?",
            "14 neurons of f = 21; evenly about half the time",
            said,
            [
                (
                    f"over many networks: by each phase (c) {even} of simple clusters are even, of"
                    f" uniform draws {chance}; by both phases together {pairs} (not judged)",
                    "0.4",
                )
            ],
        )
        histogram, scatter, many = figure.subplots(1, 3)
        if not len(own):
            panels.empty(histogram, coset_panels.NONE)
            panels.empty(scatter, coset_panels.NONE)
        else:
            edges = np.linspace(0, _TURN, 13)
            for part, step in (("a", 0.0), ("b", 0.5)):
                counts, _ = np.histogram(own[f"phase_{part}"], edges)
                width = edges[1] / 2
                axes_x = edges[:-1] + (0.25 + step) * edges[1]
                histogram.bar(axes_x, counts, width * 0.9, color=coset_panels.PARTS[part])
            histogram.yaxis.set_major_locator(MaxNLocator(integer=True))
            scatter.scatter(own["phase_a"], own["phase_b"], s=12, color="black", clip_on=False)
            scatter.set_ylim(0, _TURN)
            scatter.set_aspect("equal")
        for axes in (histogram, scatter):
            axes.set_xlim(0, _TURN)
            axes.set_xticks([0, np.pi, _TURN], ["0", "π", "2π"])
        scatter.set_yticks([0, np.pi, _TURN], ["0", "π", "2π"])
        histogram.set_xlabel("phase")
        histogram.set_ylabel("neurons")
        scatter.set_xlabel("phase of a")
        scatter.set_ylabel("phase of b")
        neurons = panels.counted(len(own), "neuron")
        panels.panel_title(histogram, "a", "one cluster", f"{neurons}; blue: of a, orange: of b")
        panels.panel_title(scatter, "b", "its neurons", neurons)
        if len(simple):
            many.hist(simple["even"], np.linspace(0, 1, 21), color=style.OURS)
            many.axvline(uniform, color="black", ls="--", lw=0.8)
            many.set_xlabel(f"Rayleigh's probability, least of 3\n(even: above {uniform:g})")
            many.set_ylabel("clusters")
        else:
            panels.empty(many, "no clusters")
        clusters_of = f"{panels.counted(len(simple), 'cluster')}, {networks}"
        panels.panel_title(many, "c", "all simple clusters", clusters_of)
        # Panel c is of other networks than the one whose table names a single run.
        origin = joint_provenance([inputs["clusters"], inputs["all_clusters"]])
        style.save(figure, out_figure, origin)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig24(
            inputs={
                name: snakemake.input[name]
                for name in ("clusters", "members", "all_clusters", "stats")
            },
            out_figure=snakemake.output.figure,
            uniform=snakemake.params.uniform,
            least=snakemake.params.least,
        )
