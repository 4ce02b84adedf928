"""Figure 1a: excluded and restricted losses over training, by powers and by numbers."""

from collections.abc import Sequence

from fittest.analysis.exponents.names import Watched
from fittest.analysis.statistics.table import Statistics, printed
from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style, sum_panels
from fittest.plotting.heading import heading
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
            _ours(said) + " Dashed: ends of memorisation, of circuit formation and of clean-up",
        )
        grid = figure.subplots(2, len(shown), squeeze=False, sharex="col", sharey="col")
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
                outcome = str(phases["outcome"].iloc[0]) if len(phases) else "no run"
                panels.panel_title(axes, letter, title, outcome if line == 0 else "")
                if column == 0:
                    axes.set_ylabel("loss (nats)")
                if line == 0:
                    axes.set_xlabel("")
        handles, names = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower right", ncols=3)
        style.save(figure, out_figure, read_provenance(measures))


def _ours(said: Statistics) -> str:
    rise = said[Watched.RISE]
    if int(rise["n"]) == 0:
        return sum_panels.NONE
    return (
        f"by powers it rises {printed(rise, 0)} times from memorisation to generalisation"
        f" (median of {int(rise['n'])} runs that generalise); by numbers"
        f" {printed(said[Watched.RISE_RAW], 0)}, as in the notebook"
        f" {printed(said[Watched.RISE_NOTEBOOK], 0)} times."
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
