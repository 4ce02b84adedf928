"""Figure S1: when survivor sets are final, and how runs end."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from worlds import PROVENANCE, load_script, make_runs

from fittest.analysis.statistics.intervals import Resampling
from fittest.runs.parts import Stop
from fittest.store import read_table, write_table

RULES = {"early": Stop(first=1000, window=1000)}


@pytest.mark.parametrize("failed", [False, True])
def test_who_survives_is_counted_over_runs(tmp_path: Path, failed: bool) -> None:
    """Frequency 3 in every run, 5 in the first two, 2 in the third one alone."""
    alive = [[3, 5], [3, 5], [3, 5, 2], [3]]
    plan = [{"seed_embedding": seed, "alive": ks} for seed, ks in enumerate(alive)]
    made = make_runs(tmp_path, "horizon", plan, p=13, d=32)
    runs = read_table(made.runs)
    write_table(runs.assign(failed=failed), made.runs, PROVENANCE, "runs")
    names = ("horizon.parquet", "rules.parquet", "ends.parquet", "stats.parquet", "figS1.pdf")
    horizon, rules, ends, stats, pdf = (str(tmp_path / name) for name in names)
    plotted, plotted_ends = (str(tmp_path / name) for name in ("figS1.csv", "ends.csv"))
    load_script("analyse_horizon").analyse_horizon(
        made.runs,
        [made.trajectory],
        horizon,
        rules,
        plotted,
        [100, 2000, 3000],
        RULES,
        2.0,
        0.95,
    )
    resampling = Resampling(draws=20, seed=0, confidence=0.95)
    # The same runs once more as such that start as the text says.
    load_script("analyse_default_runs").analyse_default_runs(
        [made.runs], [made.frequencies], made.runs, stats, ends, plotted_ends, 0.99, resampling
    )
    paper = {"least_survivors": 3.0, "most_survivors": 5.0}
    load_script("plot_figS1_horizon").plot_figS1(horizon, rules, ends, stats, pdf, paper)
    assert Path(pdf).read_bytes().startswith(b"%PDF")
    found = read_table(ends)
    if failed:
        assert len(found) == 0
        return
    assert (found["n"] == 4).all()
    assert found["rate_lo"].le(found["rate"]).all() and found["rate_hi"].ge(found["rate"]).all()
    fates = read_table(made.frequencies)
    own = found[found["panel"] == "frequencies"].set_index("x")
    for k, rows in fates.groupby("k"):
        assert own.loc[k, "runs"] == rows["alive_2mean"].sum()
    circles = found[found["panel"] == "circles"].set_index("x")["runs"]
    assert circles.sum() == 4
    counts = runs["n_2mean"].astype(int)
    assert circles.to_dict() == {
        n: int((counts == n).sum()) for n in range(counts.min(), counts.max() + 1)
    }
    text = found[found["panel"] == "gauss1"].set_index("x")["runs"]
    assert text.to_dict() == circles.to_dict()
    assert set(pd.read_csv(plotted)["panel"]) == {"horizon", "rules"}
    assert set(pd.read_csv(plotted_ends)["panel"]) == {"circles", "frequencies", "gauss1"}
