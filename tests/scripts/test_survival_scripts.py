"""From tables of real shape to the three figures, and their degenerate cases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import (
    PAPER,
    SCRIPTS,
    RunSet,
    fixemb_plan,
    load_script,
    make_runs,
    manual_plan,
    perturb_plan,
)

from fittest.analysis.papers import statistics_of
from fittest.store import read_provenance, read_table, write_table

SMALL = {"p": 13, "d": 8}


def tabulate_showcase(folder: Path, base: RunSet, wanted: int = 5) -> dict:
    load_script("analyse_showcase").analyse_showcase(
        base.runs,
        base.frequencies,
        [base.trajectory],
        [base.weights],
        str(folder / "showcase.json"),
        str(folder / "fig2.csv"),
        str(folder / "fig3.csv"),
        wanted,
    )
    return json.loads((folder / "showcase.json").read_text())


def draw_showcase(folder: Path) -> None:
    showcase = str(folder / "showcase.json")
    load_script("plot_fig2_signal_evolution").plot_fig2(
        str(folder / "fig2.csv"), showcase, str(folder / "fig2.pdf"), 2.5, PAPER
    )
    load_script("plot_fig3_pca_vs_fft").plot_fig3(
        str(folder / "fig3.csv"), showcase, str(folder / "fig3.pdf")
    )


@dataclass(frozen=True)
class Survival:
    folder: Path

    def path(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def statistics(self) -> pd.DataFrame:
        return read_table(self.path("stats.parquet")).set_index("name")


def tabulate_survival(
    folder: Path, fixemb: RunSet, perturb: RunSet, manual: RunSet, draws: int = 50
) -> Survival:
    made = Survival(folder)
    load_script("analyse_survival").analyse_survival(
        fixemb.runs,
        fixemb.frequencies,
        perturb.runs,
        perturb.frequencies,
        manual.runs,
        manual.frequencies,
        made.path("rates.parquet"),
        made.path("perturb.parquet"),
        made.path("manual.parquet"),
        made.path("stats.parquet"),
        made.path("fig6.csv"),
        alive_rule="alive_2mean",
        confidence=0.95,
        bootstrap_draws=draws,
        bootstrap_seed=1,
        strong_factor=1.1,
        weak_factor=0.9,
        paper=PAPER,
    )
    return made


def draw_survival(made: Survival, name: str = "fig6.pdf") -> bytes:
    load_script("plot_fig6_survival").plot_fig6(
        made.path("fig6.csv"), made.path("stats.parquet"), made.path(name), PAPER
    )
    return Path(made.path(name)).read_bytes()


@pytest.fixture(scope="module")
def survival(tmp_path_factory) -> Survival:
    folder = tmp_path_factory.mktemp("survival")
    ends = (0, 3000)
    return tabulate_survival(
        folder,
        make_runs(folder, "fixemb", fixemb_plan(5, 6), steps=ends, broken=(3,)),
        make_runs(folder, "perturb", perturb_plan(2, 3, (0.85, 1.0, 1.15), 25), steps=ends),
        make_runs(folder, "manual", manual_plan((0.02, 0.4, 1.0), 5), steps=ends),
    )


def test_showcase_end_to_end(tmp_path):
    base = make_runs(tmp_path, "base", fixemb_plan(2, 1), checkpoints=True)
    choice = tabulate_showcase(tmp_path, base)
    assert choice["seed"] == 0 and len(choice["survivors"]) == 5 and len(choice["dead"]) == 24
    assert choice["snapshots"] == [0, 1000, 3000]
    assert choice["provenance"]["scale"] == "test" and choice["provenance"]["figure_runs"] == 1
    fig2, fig3 = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("fig2", "fig3"))
    ends = fig2[(fig2["panel"] == "signals") & (fig2["step"] == 3000) & (fig2["rank"] > 0)]
    assert list(ends.sort_values("rank")["k"]) == choice["survivors"]
    fft = fig3[fig3["panel"] == "fft"].drop_duplicates("plane")
    assert list(fft["k"]) == choice["survivors"]
    assert (fft["k"] * fft["delta"] % 59).isin([1, 58]).all()
    draw_showcase(tmp_path)
    for name in ("fig2", "fig3"):
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_showcase_reads_several_shards(tmp_path):
    # The second shard holds the only run with five survivors.
    four = make_runs(tmp_path, "four", fixemb_plan(1, 1), checkpoints=True, survivors=4)
    five = make_runs(tmp_path, "five", [{"seed_embedding": 7}], checkpoints=True)
    tables = {}
    for kind in ("runs", "frequencies"):
        both = [read_table(getattr(shard, kind)) for shard in (four, five)]
        tables[kind] = str(tmp_path / f"both.{kind}.parquet")
        write_table(
            pd.concat(both, ignore_index=True),
            tables[kind],
            {"scale": "test", "config_hash": "0"},
            kind,
        )
    load_script("analyse_showcase").analyse_showcase(
        tables["runs"],
        tables["frequencies"],
        [four.trajectory, five.trajectory],
        [four.weights, five.weights],
        *(str(tmp_path / name) for name in ("showcase.json", "fig2.csv", "fig3.csv")),
        5,
    )
    assert json.loads((tmp_path / "showcase.json").read_text())["run_id"] == "five-0000"


@pytest.mark.parametrize("survivors", [0, 1, 2])
def test_showcase_of_a_tiny_run_with_few_survivors(tmp_path, survivors):
    # p = 13 as on the smoke scale; two checkpoints only; none, one or two survivors.
    base = make_runs(
        tmp_path,
        "base",
        fixemb_plan(1, 1),
        steps=(0, 10, 3000),
        survivors=survivors,
        checkpoints=True,
        **SMALL,
    )
    choice = tabulate_showcase(tmp_path, base)
    assert choice["snapshots"] == [0, 3000]
    draw_showcase(tmp_path)
    assert (tmp_path / "fig2.png").stat().st_size > 5_000
    assert (tmp_path / "fig3.png").stat().st_size > 2_000
    assert len(choice["survivors"]) == survivors
    assert pd.read_csv(tmp_path / "fig3.csv")["plane"].nunique() == survivors


def test_survival_tables_and_statistics(survival):
    rates = read_table(survival.path("rates.parquet"))
    assert len(rates) == 5 * 29
    # One trial of embedding 0 failed.
    assert rates.groupby("seed_embedding")["trials"].first().tolist() == [5, 6, 6, 6, 6]
    statistics = survival.statistics
    assert statistics.loc["fixemb.failed", "value"] == 1
    row = statistics.loc["fixemb.pearson_r"]
    assert row["value"] == pytest.approx(np.corrcoef(rates["signal0"], rates["rate"])[0, 1])
    assert row["ci_lo"] < row["value"] < row["ci_hi"] and row["paper"] == 0.85
    assert statistics.loc["perturb.rate_strong", "n"] == 6
    assert statistics.loc["manual.rate_first_pooled", "value"] == 1
    assert statistics.index.is_unique
    assert len(read_table(survival.path("perturb.parquet"))) == 2 * 3
    assert len(read_table(survival.path("manual.parquet"))) == 3 * 3
    origin = read_provenance(survival.path("stats.parquet"))
    assert origin["figure_runs"] == 30 + 18 + 15 and origin["config_hash"] == "0123456789abcdef"


def test_survival_figure_in_another_process_has_the_same_bytes(survival):
    first = draw_survival(survival)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import worlds as c;"
        "c.load_script('plot_fig6_survival').plot_fig6("
        f"{survival.path('fig6.csv')!r}, {survival.path('stats.parquet')!r},"
        f"{survival.path('fig6.pdf')!r}, c.PAPER)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert Path(survival.path("fig6.pdf")).read_bytes() == first


def test_survival_of_one_run_each(tmp_path):
    ends = (0, 200)
    made = tabulate_survival(
        tmp_path,
        make_runs(tmp_path, "fixemb", fixemb_plan(1, 1), steps=ends, survivors=2, **SMALL),
        make_runs(tmp_path, "perturb", perturb_plan(1, 1, (1.0,), 2, **SMALL), steps=ends, **SMALL),
        make_runs(tmp_path, "manual", manual_plan((1.0,), 1, **SMALL), steps=ends, **SMALL),
    )
    assert draw_survival(made).startswith(b"%PDF")
    # One embedding: there is nothing to resample, so there is no interval.
    assert np.isnan(made.statistics.loc["fixemb.pearson_r", "ci_lo"])


def test_survival_when_every_run_failed(tmp_path):
    ends = (0, 200)
    made = tabulate_survival(
        tmp_path,
        make_runs(tmp_path, "fixemb", fixemb_plan(1, 2), steps=ends, broken=(0, 1), **SMALL),
        make_runs(
            tmp_path,
            "perturb",
            perturb_plan(1, 1, (1.0,), 2, **SMALL),
            steps=ends,
            broken=(0,),
            **SMALL,
        ),
        make_runs(
            tmp_path, "manual", manual_plan((1.0,), 1, **SMALL), steps=ends, broken=(0,), **SMALL
        ),
    )
    assert made.statistics.loc["manual.failed", "value"] == 1
    assert draw_survival(made).startswith(b"%PDF")


def test_scripts_do_nothing_when_imported(tmp_path):
    # A script that ran at import could not be tested, nor used by hand.
    names = sorted(path.stem for path in (SCRIPTS / "survival").glob("*.py"))
    assert {"analyse_survival", "plot_fig2_signal_evolution"} <= set(names)
    before = set(tmp_path.iterdir())
    for name in names:
        assert not hasattr(load_script(name), "snakemake")
    assert set(tmp_path.iterdir()) == before


def test_every_declared_statistic_is_written(survival: Survival) -> None:
    assert set(survival.statistics.index) == statistics_of("survival")["survival_stats"]
