"""Figure 1a: excluded and restricted losses over training, by powers and by numbers."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from fittest.analysis.exponents.names import Watched
from fittest.analysis.statistics.table import Statistics
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, loss_panels, panels, style, sum_panels
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

COLUMNS = (
    "train_loss",
    "test_loss",
    "restricted_loss",
    "restricted_test_loss",
    "excluded_loss",
    "notebook_loss",
)


def plot_fig1a(
    measures: str, table: str, stats: str, out_figure: str, shown: Sequence[tuple[int, int]]
) -> None:
    """Draw the figure.

    Args:
        measures, table, stats: Parquet; table: WATCHED. out_figure: the PDF (a PNG beside it).
        shown: exponents, a column each, of which the first run is drawn.
    """
    rows, ends = read_table(measures), read_table(table)
    said = Statistics(read_table(stats))
    with style.paper_style():
        figure = style.new_figure(style.PAGE_WIDTH, 4.9)
        heading(
            figure,
            "Does the excluded loss rise while the test loss still stands?",
            "it reveals three phases (and, in another place, does not change)",
            _ours(said),
            [("dashed: ends of memorisation, of circuit formation and of clean-up", "0.3")],
        )
        # One axis for all, set once: the limits of a panel drawn later cut those before it off.
        grid = figure.subplots(2, len(shown), squeeze=False, sharex="col", sharey=True)
        for line, basis in enumerate(("powered", "raw")):
            for column, exponents in enumerate(shown):
                axes = grid[line, column]
                run = sum_panels.first_run(rows, exponents)
                mine = run[run["basis"] == basis]
                phases = sum_panels.first_run(ends, exponents)
                at = [
                    float(phases[name].iloc[0])
                    for name in ("t_mem", "t_form", "t_gen")
                    if len(phases)
                ]
                # The legend stands below all panels, and needs no room in them.
                circuit_panels.measure_lines(axes, mine, COLUMNS, True, at, circuit_panels.ROOM)
                letter = "abcdefghijkl"[line * len(shown) + column]
                title = f"{sum_panels.name_of(exponents)}, {sum_panels.BASES[basis]}"
                panels.panel_title(axes, letter, title, sum_panels.one_run(ends, exponents))
                _apart(axes)
                if column == 0:
                    axes.set_ylabel("loss (nats)")
                if line == 0:
                    axes.set_xlabel("")
        mine = sum_panels.drawn(rows, shown)
        loss_panels.decades(grid[0, 0], mine[list(COLUMNS)].to_numpy(float), circuit_panels.ROOM)
        shared_legend(figure, 3)
        runs = {"figure_runs": sum_panels.runs_in(mine)}
        style.save(figure, out_figure, read_provenance(measures) | runs)


def _apart(axes: Axes) -> None:
    """The losses of all pairs and of test pairs may be one curve: the first is wide and pale."""
    below = circuit_panels.LINES["restricted_loss"]["label"]
    for curve in axes.lines:
        if curve.get_label() == below:
            curve.set(linewidth=3.0, alpha=0.35, zorder=1.5)


def _ours(said: Statistics) -> str:
    rise = said[Watched.RISE]
    if int(rise["n"]) == 0:
        return sum_panels.NONE
    return (
        f"by powers it rises {sum_panels.kept(rise, 0)} times from memorisation to generalisation"
        f" (median of {int(rise['n'])} runs that generalise); by numbers"
        f" {sum_panels.kept(said[Watched.RISE_RAW], 0)}, as in the notebook"
        f" {sum_panels.kept(said[Watched.RISE_NOTEBOOK], 0)} times"
    )


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_fig1a(
            snakemake.input.measures,
            snakemake.input.table,
            snakemake.input.stats,
            snakemake.output.figure,
            [tuple(one) for one in snakemake.params.networks["shown"]],
        )
