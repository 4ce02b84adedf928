"""Figures of the exponents report on small planted tables: nothing is cut off or hidden, n is what
is drawn, and words say what the rules say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from matplotlib.text import Text
from worlds import load_script

from fittest.analysis.exponents.constants import Constants
from fittest.analysis.exponents.names import Arithmetic, Sums, Watched
from fittest.analysis.exponents.other_names import ARMS
from fittest.plotting import loss_panels, outcome_panels, style, sum_panels
from fittest.store import provenance, write_table
from small_world import REPOSITORY

CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/exponents.yaml").read_text()))
STEPS = np.arange(0, 1001, 100)
FALL = np.geomspace(1.0, 1e-6, len(STEPS))
Drawn = list[tuple[Figure, dict[str, Any]]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Figures that are saved, with their provenance."""
    found: Drawn = []
    save = style.save

    def keep(figure: Figure, pdf_path: str | Path, origin: Any) -> None:
        found.append((figure, dict(origin)))
        save(figure, pdf_path, origin)

    monkeypatch.setattr(style, "save", keep)
    return found


def table(folder: Path, name: str, rows: Any) -> str:
    """A Parquet file that says of 99 runs, more than any figure here shows."""
    path = folder / f"{name}.parquet"
    write_table(pd.DataFrame(rows), path, {**provenance("smoke", "a" * 16), "figure_runs": 99})
    return str(path)


def csv(folder: Path, name: str, rows: Any) -> str:
    path = folder / f"{name}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


def statistics(folder: Path, names: Any, value: float = 0.5) -> str:
    rows = [
        {"name": str(name), "value": value, "ci_lo": np.nan, "ci_hi": np.nan, "n": 3}
        for name in names
    ]
    return table(folder, "stats", [{**row, "paper": np.nan, "note": ""} for row in rows])


def plot(name: str, function: str, *told: Any) -> None:
    getattr(load_script(f"plot_{name}", "exponents"), function)(*told)


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


# -- the loss of networks that are watched -----------------------------------------------------


def watched(folder: Path) -> tuple[str, str]:
    """Two runs on (1, 1); what the notebook takes away matters by powers alone."""
    one = {"runset": "watched", "p": 13, "a": 1, "b": 1}
    measures = []
    for seed in (1, 2):
        for basis, last in (("powered", 60.0), ("raw", 1e-3)):
            for step, loss in zip(STEPS, FALL, strict=True):
                row = {**one, "run_id": f"run{seed}", "seed": seed, "step": step, "basis": basis}
                names = ("train_loss", "test_loss", "restricted_loss", "restricted_test_loss")
                losses = dict.fromkeys((*names, "excluded_loss"), loss)
                measures.append({**row, **losses, "notebook_loss": last * step / STEPS[-1] + 1e-5})
    ends = [
        {**one, "run_id": f"run{s}", "seed": s, "outcome": "immediate", "t_mem": 100.0}
        | {"t_form": 200.0, "t_gen": 700.0}
        for s in (1, 2)
    ]
    return table(folder, "measures", measures), table(folder, "watched", ends)


def test_curves_of_compared_panels_are_whole_and_apart(tmp_path: Path, drawn: Drawn) -> None:
    stats = statistics(tmp_path, Watched)
    pdf = str(tmp_path / "fig1a.pdf")
    plot("fig1a_excluded_loss", "plot_fig1a", *watched(tmp_path), stats, pdf, [(1, 1)])
    [(figure, origin)] = drawn
    for axes in figure.axes:
        low, high = axes.get_ylim()
        seen = np.concatenate([c.get_ydata() for c in axes.lines if len(c.get_ydata()) > 2])
        assert low <= seen.min() and seen.max() <= high
        assert axes.get_ylim() == figure.axes[0].get_ylim()
        wide, thin = (
            next(c for c in axes.lines if c.get_label() == circuit)
            for circuit in ("restricted, all pairs", "restricted, test pairs")
        )
        assert wide.get_linewidth() > 2 * thin.get_linewidth()
        assert wide.get_zorder() < thin.get_zorder()
    # One of the two runs is drawn.
    assert origin["figure_runs"] == 1
    assert "immediate" not in words(figure) and "no plateau" in words(figure)


# -- remainders --------------------------------------------------------------------------------


def test_heights_are_counts(tmp_path: Path, drawn: Drawn) -> None:
    counts = [
        {"group": group, "p": 5, "a": a, "b": a, "z": z, "count": count}
        for group, a, of in (("even", 1, (5,) * 5), ("uneven", 2, (9, 4, 4, 4, 4)))
        for z, count in enumerate(of)
    ]
    stats = statistics(tmp_path, Arithmetic)
    told = (csv(tmp_path, "fig2", counts), stats, str(tmp_path / "fig2.pdf"))
    plot("fig2_remainder_distributions", "plot_fig2", *told)
    upper, lower = drawn[0][0].axes[:2]
    heights = [bar.get_window_extent().height for bar in lower.patches]
    assert heights[0] / heights[1] == pytest.approx(9 / 4, rel=1e-3)
    assert upper.get_ylim() == lower.get_ylim()


# -- the rows of table 1 -----------------------------------------------------------------------


def outcomes(folder: Path, runs: int) -> tuple[pd.DataFrame, str]:
    """`runs` runs of every row of table 1; the last one of each does not generalise."""
    rows = [
        {"run_id": f"{row.p} {row.a} {row.b} {seed}", "runset": "powers_table1", "seed": seed}
        | {"p": row.p, "a": row.a, "b": row.b, "steps": 20_000}
        | {"outcome": "grokked" if seed < runs - 1 else "memorised"}
        | {"t_gen": 5000.0 + seed if seed < runs - 1 else np.inf}
        for row in CONSTANTS.sums.table1
        for seed in range(runs)
    ]
    return pd.DataFrame(rows), table(folder, "outcomes", rows)


def summaries(runs: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"p": row.p, "a": row.a, "b": row.b, "paper_grokked": row.grokked, "seed": np.nan}
        | {"paper_step": row.step, "runs": runs, "outcome": "grokked", "t_gen": 5000.0}
        | {"t_gen_lo": 5000.0, "t_gen_hi": np.inf, "not_reached": 1}
        for row in CONSTANTS.sums.table1
    )


def test_all_rows_with_steps_are_there_and_the_legend_names_what_is(
    tmp_path: Path, drawn: Drawn
) -> None:
    runs, became = outcomes(tmp_path, 2)
    told = (csv(tmp_path, "table1", summaries(2)), became, statistics(tmp_path, Sums))
    pdf = str(tmp_path / "figS2.pdf")
    plot("figS2_epoch_vs_exponent", "plot_figS2", *told, pdf, CONSTANTS.sums)
    [(figure, origin)] = drawn
    names = [label.get_text() for axes in figure.axes for label in axes.get_xticklabels()]
    with_steps = [row for row in CONSTANTS.sums.table1 if row.step is not None]
    wanted = {f"({row.a}, {row.b})\nmod {row.p}\nn = 2" for row in with_steps}
    assert set(names) == wanted and len(names) == len(with_steps) < len(runs) / 2
    assert origin["figure_runs"] == 2 * len(with_steps)
    legend = figure.axes[-1].get_legend()
    assert legend is not None
    entries = {text.get_text() for text in legend.get_texts()}
    assert "grokked" in entries and outcome_panels.WORDS["immediate"] not in entries
    assert len(entries) == 4


def test_runs_are_drawn_by_themselves(tmp_path: Path, drawn: Drawn) -> None:
    label, runs = "(1, 1), p = 113", 3
    values = {"train": FALL, "test": FALL, "train accuracy": 1 - FALL, "test accuracy": 1 - FALL}
    curves = [
        {"runset": "powers_table1", "label": label, "seed": seed, "series": series}
        | {"step": step, "value": value}
        for seed in (*range(runs), loss_panels.MIDDLE)
        for series, of in values.items()
        for step, value in zip(STEPS, of, strict=True)
    ]
    _, became = outcomes(tmp_path, runs)
    told = (csv(tmp_path, "figS1", curves), csv(tmp_path, "table1", summaries(runs)[:1]), became)
    plot("figS1_training_curves", "plot_figS1", *told, str(tmp_path / "figS1.pdf"))
    [(figure, origin)] = drawn
    for axes in figure.axes[:2]:
        tests = [curve for curve in axes.lines if curve.get_label() == "test"]
        assert len(tests) == runs
    assert origin["figure_runs"] == runs


# -- losses in double precision ----------------------------------------------------------------


@pytest.mark.parametrize("least", [1e-11, 1e-6])
def test_losses_are_drawn_where_they_are(tmp_path: Path, drawn: Drawn, least: float) -> None:
    """Those of 0 alone stand at the edge."""
    low = np.geomspace(1.0, least, len(STEPS))
    curves = [
        {"name": "prime", "arm": arm, "seed": 1, "series": series, "step": step}
        | {"value": value if arm == ARMS[1] or value > 1e-4 else 0.0}
        for arm in ARMS[:2]
        for series in ("loss", "gradient", "unembedding")
        for step, value in zip(STEPS, low, strict=True)
    ]
    runs = [{"run_id": arm, "name": "prime", "arm": arm, "seed": 1} for arm in ARMS[:2]]
    names = [f"precision.{name}" for name in ("spikes_single", "spikes_double", "before")]
    told = (csv(tmp_path, "figS6", curves), table(tmp_path, "runs", runs))
    pdf = str(tmp_path / "figS6.pdf")
    plot("figS6_precision_spikes", "plot_precision", *told, statistics(tmp_path, names), pdf)
    [(figure, origin)] = drawn
    axes = figure.axes[0]
    double = next(curve for curve in axes.lines if curve.get_label() == ARMS[1])
    assert np.asarray(double.get_ydata()).min() == pytest.approx(least)
    assert axes.get_ylim()[0] <= least * (1 + 1e-9)
    assert origin["figure_runs"] == 2


def test_what_rounds_to_zero_has_no_sign(tmp_path: Path, drawn: Drawn) -> None:
    arms = load_script("plot_figS5_primality", "exponents").ARMS
    series = ("train", "test", "train balanced", "test balanced")
    curves = [
        {"runset": arm, "seed": 1, "series": of, "step": step, "value": value}
        for arm in arms
        for of in series
        for step, value in zip(STEPS, FALL * (1e-6 if of == "train" else 1.0), strict=True)
    ]
    runs = [
        {"run_id": a, "runset": a, "rule": "constant", "baseline": 0.4, "rule_balanced": 0.86}
        for a in arms
    ]
    stats = statistics(tmp_path, [f"{a}.{x}" for a in arms for x in ("gain", "balanced")], -4e-5)
    told = (csv(tmp_path, "figS5", curves), table(tmp_path, "runs", runs), stats)
    plot("figS5_primality", "plot_primality", *told, str(tmp_path / "figS5.pdf"))
    [(figure, origin)] = drawn
    assert "-0.000" not in words(figure) and "+0.000 nats" in words(figure)
    low = min(np.asarray(curve.get_ydata()).min() for curve in figure.axes[0].lines)
    assert low == pytest.approx(1e-12) and figure.axes[0].get_ylim()[0] <= low * (1 + 1e-9)
    assert origin["figure_runs"] == 3


# -- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.998388, "0.998"), (0.99996, "above 0.999"), (1.0, "1.000"), (0.2510, "0.251")],
)
def test_a_share_below_one_is_not_one(value: float, said: str) -> None:
    told = sum_panels.bound({"value": value, "n": 7}).replace(sum_panels.UNBROKEN, " ")
    assert told == f"{said} (n = 7)"


def test_the_step_that_is_shown_is_told_from_that_of_generalisation() -> None:
    one = pd.DataFrame([{"run_id": "x", "seed": 1, "p": 13, "a": 4, "b": 4, "step": 3000}])
    became = one.assign(outcome="immediate", t_gen=110.0)
    first, second = sum_panels.shown_words(one, became, (4, 4)).split("\n")
    assert "3,000" in first and "110" in second and "110" not in first
    late = one.assign(outcome="memorised", t_gen=np.inf)
    assert "not generalised" in sum_panels.shown_words(one, late, (4, 4))
    assert sum_panels.shown_words(one[:0], became[:0], (4, 4)) == sum_panels.NO_RUN
