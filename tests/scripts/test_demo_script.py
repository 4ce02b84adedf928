"""Figure S2 from tables of real shape, and where there is little to show."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from worlds import RunSet, load_script, make_runs


def demo(folder: Path, runset: RunSet) -> tuple[dict, pd.DataFrame]:
    """Analyse and draw, as the two rules do."""
    facts, table = str(folder / "demo.json"), str(folder / "figS2.csv")
    load_script("analyse_demo").analyse_demo(
        runset.runs, runset.frequencies, [runset.trajectory], facts, table
    )
    load_script("plot_figS2_demo").plot_figS2(table, facts, str(folder / "figS2.pdf"))
    assert (folder / "figS2.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "figS2.png").stat().st_size > 10_000
    return json.loads(Path(facts).read_text()), pd.read_csv(table)


def plan(seeds: int) -> list[dict]:
    return [{"seed_embedding": seed} for seed in reversed(range(seeds))]


def test_the_first_seed_is_shown_and_every_network_has_its_fates(tmp_path: Path) -> None:
    facts, table = demo(tmp_path, make_runs(tmp_path, "demo", plan(4), p=31, d=64, survivors=4))
    assert facts["seed"] == 0 and facts["first_full_test_accuracy"] == 300
    assert (facts["p"], facts["d"], facts["provenance"]["figure_runs"]) == (31, 64, 4)
    curves, fates = (table[table["panel"] == panel] for panel in ("signals", "fates"))
    assert len(curves) == 12 * 15 and set(curves["seed"]) == {0}
    assert len(fates) == 4 * 15 and (fates.groupby("seed")["rank"].max() == 4).all()
    assert ((table["rank"] > 0) == (table["fate"] == "survivor")).all()
    # The last point of a curve is the signal that decided its fate.
    last = curves[curves["step"] == curves["step"].max()].set_index("k")["signal"]
    own = fates[fates["seed"] == 0].set_index("k")
    assert (last - own["signal"]).abs().max() < 1e-3
    assert list(own.sort_values("signal").index[-4:][::-1]) == list(
        own[own["rank"] > 0].sort_values("rank").index
    )


@pytest.mark.parametrize("survivors", [0, 1])
def test_few_survivors_are_drawn_too(tmp_path: Path, survivors: int) -> None:
    runset = make_runs(tmp_path, "demo", plan(2), p=13, d=8, survivors=survivors)
    _, table = demo(tmp_path, runset)
    assert table["rank"].max() == survivors


def test_failed_runs_are_left_out(tmp_path: Path) -> None:
    # The plan is in descending order, so this is seed 0.
    facts, table = demo(tmp_path, make_runs(tmp_path, "demo", plan(3), p=31, d=64, broken=(2,)))
    assert facts["seed"] == 1 and set(table["seed"]) == {1, 2}
    assert facts["provenance"]["figure_runs"] == 2


def test_nothing_but_failures_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every run failed"):
        demo(tmp_path, make_runs(tmp_path, "demo", plan(1), p=31, d=64, broken=(0,)))
