"""Losses of the other tasks on fresh examples and on a sample: figures 30 to 34."""

import math

import pandas as pd
from matplotlib.axes import Axes

from fittest.analysis.progress.names import FRESH
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import loss_panels, sequence_words, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

LATE = "do the losses part, and does that of the test fall later?"
CHANGE = "is there one sharp change?"
_ROOM = 0.06


def plot_sequences(
    curves: str,
    stats: str,
    out_figure: str,
    title: str,
    share: float,
    parted: float,
    learned: float = math.nan,
    whole: int | None = None,
    log: bool = False,
) -> None:
    """Draw the figure.

    Args:
        curves: CSV. stats: statistics of one run-set of FRESH or SAMPLES (Parquet).
        out_figure: the PDF (a PNG goes beside). title: what is shown.
        share: of the fall, that a change holds. parted: least peak of losses that part, nats.
        learned: train loss below which it is low, nats, for samples.
        whole: steps that the paper trains for; runs that end before it say so. log: of the axis of
            losses.
    """
    data = pd.read_csv(curves, keep_default_na=False)
    known = Statistics(read_table(stats))
    [runset] = {name.partition(".")[0] for name in known}
    found = {name.partition(".")[2]: float(row["value"]) for name, row in known.items()}
    fresh = runset in FRESH
    runs = max((int(row["n"]) for row in known.values()), default=0)
    last = int(data["step"].max()) if len(data) else 0
    more = [_cut(last, whole), sequence_words.REMARKS.get(runset, "")]
    with style.paper_style():
        figure = style.new_figure(style.HALF_PAGE_WIDTH, 3.3)
        if fresh:
            said, ours = sequence_words.CHANGE, sequence_words.change_words(found, share)
        else:
            said, ours = sequence_words.FALL, sequence_words.fall_words(found, parted, learned)
            more.insert(0, sequence_words.shot_words(found))
        ours = f"{ours} ({'one run' if runs == 1 else f'{runs} runs, medians'})" if runs else ""
        grey = "; ".join(part for part in more if part)
        see = f"{title}: {CHANGE if fresh else LATE}"
        heading(figure, see, said, ours or "no runs", [(grey, "0.35")] if grey else [])
        axes = figure.subplots()
        loss_panels.loss_lines(axes, data, ("train", "test"), log, _ROOM)
        if fresh and len(data):
            _marked(axes, found)
        shared_legend(figure, 4)
        style.save(figure, out_figure, read_provenance(stats))


def _cut(last: int, whole: int | None) -> str:
    """That runs end before the paper's, which says nothing of what comes later."""
    if whole is None or not 0 < last < whole:
        return ""
    share = 100 * last / whole
    return f"cut at step {last:,} of {whole:,}, {share:.2g} %: what comes later is not known"


def _marked(axes: Axes, found: dict[str, float]) -> None:
    """The stretch of the change, and the least loss possible."""
    if axes.get_yscale() == "linear" or found["floor"] > 0:
        axes.axhline(found["floor"], color="0.35", lw=0.9, ls=":", label="least possible")
    if found["stop"] > found["start"]:
        axes.axvspan(found["start"], found["stop"], color="0.85", lw=0, label="the change")
    test = [line for line in axes.lines if line.get_label() == "test"]
    for line in test:
        # The two coincide: one is seen through the other.
        line.set(ls=(0, (2, 2)))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        plot_sequences(
            curves=snakemake.input.curves,
            stats=snakemake.input.stats,
            out_figure=snakemake.output.figure,
            **{
                name: told[name]
                for name in ("title", "share", "parted", "learned", "whole", "log")
                if name in told
            },
        )
