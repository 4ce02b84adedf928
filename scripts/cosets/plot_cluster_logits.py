"""Figures 6 and 31: what each cluster adds to the logits of some pairs, and their sum."""

from collections.abc import Mapping

import pandas as pd

from fittest.analysis.cosets.single_names import Single
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import coset_panels, style
from fittest.plotting.heading import heading
from fittest.plotting.panels import counted
from fittest.store import read_provenance, read_table

SEE = {
    "shown": "Do clusters vote for cosets, which meet at the right answer alone?",
    "moved": "Do the clusters' votes move by 2 s where both operands move by s?",
}
PAPER = {
    "shown": "f = 35, 25, 8 and 42; the first and the last of them have period 13",
    "moved": "moved by 2 and 2, clusters move by 4; its cluster of four neurons not always",
}


def plot_cluster_logits(inputs: Mapping[str, str], out_figure: str, moved: bool) -> None:
    """Draw the figure.

    Args:
        inputs: Parquet by name: `clusters`, `logits` of network A, and `stats` of all networks.
        out_figure: the PDF (a PNG goes beside). moved: figure 31 in place of 6.
    """
    which = "moved" if moved else "shown"
    clusters = read_table(inputs["clusters"])
    logits = read_table(inputs["logits"])
    rows = logits[logits["of"] == which]
    statistics = Statistics(read_table(inputs["stats"]))
    pairs = [(int(a), int(b)) for a, b in rows[["a", "b"]].drop_duplicates().to_numpy()]
    places = [*clusters.sort_values("place")["place"].astype(int), -1] if len(clusters) else [-1]
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 1.0 + 1.05 * len(places))
        heading(
            figure,
            SEE[which],
            PAPER[which],
            coset_panels.said_network(clusters),
            [(_over_networks(which, statistics), "0.4")],
        )
        panels = figure.subplots(len(places), max(len(pairs), 1), squeeze=False, sharex=True)
        # Sizes of clusters can be compared with each other, the sum has a scale of its own.
        for several in (panels[:-1].flat, panels[-1].flat):
            first, *others = [*several] or [None]
            for axes in others:
                axes.sharey(first)
        for row, place in enumerate(places):
            for column in range(panels.shape[1]):
                axes = panels[row, column]
                own = rows[rows["place"] == place]
                if pairs:
                    a, b = pairs[column]
                    own = own[(own["a"] == a) & (own["b"] == b)]
                    if row == 0:
                        said = f"a = {a}, b = {b}, answer {(a + b) % int(rows['p'].iloc[0])}"
                        axes.set_title(said, fontsize=7)
                coset_panels.logit_bars(axes, own, place)
                axes.tick_params(labelleft=column == 0)
                if row == len(places) - 1:
                    axes.set_xlabel("answer k")
            panels[row, 0].set_ylabel(_name(clusters, place), fontsize=5.8)
        style.save(figure, out_figure, read_provenance(inputs["clusters"]))


def _name(clusters: pd.DataFrame, place: int) -> str:
    if place < 0:
        return "logits, all\n(scale of its own)"
    row = clusters[clusters["place"] == place].iloc[0]
    kind = ", fine-tuning" if bool(row["fine_tuning"]) else ""
    period = int(row["p"]) // int(row["g"])
    return f"f = {int(row['f'])}, period {period}\n{int(row['neurons'])} neurons{kind}"


def _over_networks(which: str, statistics: Statistics) -> str:
    name, what, of = (
        (Single.TOGETHER, "all clusters together answer", "network")
        if which == "shown"
        else (Single.MOVED_TURNED, "simple clusters move so, within some degrees, for", "cluster")
    )
    row = statistics.get(name, None)
    n = counted(float(row["n"]) if row is not None else 0, of)
    text = f"over many networks: {what} {printed(row)} of the pairs ({n})"
    if which == "shown":
        return text
    fine = statistics.get(Single.MOVED_TURNED_FINE)
    many = counted(float(fine["n"]) if fine is not None else 0, "cluster")
    return f"{text}, fine-tuning ones {printed(fine)} ({many})"


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_cluster_logits(
            inputs={name: snakemake.input[name] for name in ("clusters", "logits", "stats")},
            out_figure=snakemake.output.figure,
            moved=snakemake.params.moved,
        )
