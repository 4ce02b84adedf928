"""Figure S1: when survivor sets are final, and how runs end."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from worlds import PROVENANCE, load_script, make_runs

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
    names = ("horizon.parquet", "rules.parquet", "ends.parquet", "figS1.csv", "figS1.pdf")
    horizon, rules, ends, plotted, pdf = (str(tmp_path / name) for name in names)
    load_script("analyse_horizon").analyse_horizon(
        made.runs,
        made.frequencies,
        [made.trajectory],
        horizon,
        rules,
        ends,
        plotted,
        [100, 2000, 3000],
        RULES,
        2.0,
        0.95,
    )
    load_script("plot_figS1_horizon").plot_figS1(horizon, rules, ends, pdf)
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
    assert set(pd.read_csv(plotted)["panel"]) == {"horizon", "rules", "circles", "frequencies"}
