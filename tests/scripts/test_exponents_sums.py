"""Sums of powers, from tables to figures: planted losses and networks that add powers by hand, and
nothing at all."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import load_script, names_of

from fittest.analysis.exponents.constants import Constants
from fittest.analysis.exponents.names import Couplings, Networks, Sums, Watched
from fittest.analysis.exponents.networks import TABLES
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import Statistics
from fittest.errors import ConfigError
from fittest.models import TransformerSettings
from fittest.models.exchanged_transformer import ExchangedTransformerSettings
from fittest.runs.interventions import Relabel
from fittest.runs.parts import Recording, Seeds
from fittest.runs.run import Run
from fittest.store import read_table
from fittest.tasks import ModularAddition, Powers
from fittest.tasks.powers import powers
from planted_runs import curve, runs_table, stored, weight_rows
from small_world import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests/analysis/circuits"))
from planted import adder

R = Resampling(draws=50, seed=1, confidence=0.95)
CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/exponents.yaml").read_text()))
P = 29
STEPS = np.arange(0, 2001, 50)
EVERY = 500
MODEL = TransformerSettings(d=8, heads=2, head_size=2, mlp=2 * P + 1)
PRINTED = ((1, 1), (3, 3), (3, 4), (5, 4), (5, 5), (7, 7), (9, 9), (4, 5), (8, 9))
EVEN = ((2, 2), (4, 4), (8, 8))
Named = tuple[str, Run]


def run(exponents: tuple[int, int], seed: int, **more: Any) -> Run:
    return Run(
        task=Powers(p=P, exponents=exponents),
        model=MODEL,
        seeds=Seeds(embedding=seed, mlp=seed, split=seed),
        steps=int(STEPS[-1]),
        recording=Recording(every=50, checkpoints_every=EVERY),
        **more,
    )


def every(runset: str, sums: Sequence[tuple[int, int]]) -> list[Named]:
    return [(runset, run(one, seed)) for one in sums for seed in (598, 599)]


def losses(of: Run, learns: bool) -> pd.DataFrame:
    """A run that memorises at 200 and groks about 1000, or does not."""
    a = of.task.exponents[0]  # type: ignore[union-attr]
    late = STEPS >= 800 + 20 * a + 10 * (of.seeds.split - 598) if learns else np.zeros(len(STEPS))
    early = np.where(STEPS >= 200, 1e-6, 3.0)
    return curve(
        of,
        STEPS,
        {
            "train_loss": early,
            "test_loss": np.where(late, 1e-5, 12.0),
            "train_accuracy": (early < 1).astype(float),
            "test_accuracy": np.where(late, 1.0, 0.1),
            "train_losses": None,
        },
    )


def parameters(of: Run, step: int) -> dict[str, np.ndarray]:
    """An adder of powers from step 1000 on, before that as it began."""
    if step < 1000:
        return MODEL.initial(of.task.shape(), of.seeds.embedding, of.seeds.mlp)
    made = adder(P, {2: 6.0, 5: 9.0})
    table = made["embedding.weight"].copy()
    table[:P] = table[powers(P, of.task.exponents[0])]  # type: ignore[union-attr]
    return {**made, "embedding.weight": table}


def tables(
    folder: Path, name: str, runs: Sequence[Named], learns: bool, steps: Sequence[int]
) -> dict[str, str]:
    """Paths of the `runs`, `trajectory` and `weights` tables of some runs."""
    rows = [losses(one, learns) for _, one in runs]
    weights = [
        row for _, one in runs for s in steps for row in weight_rows(one, s, parameters(one, s))
    ]
    columns = ["run_id", "step", "parameter", "shape", "values"]
    trajectory = pd.concat(rows) if rows else pd.DataFrame({"run_id": [], "step": []})
    return {
        "runs": stored(runs_table(runs), folder / f"{name}_runs.parquet", "runs"),
        "trajectories": stored(trajectory, folder / f"{name}.parquet", "trajectory"),
        "weights": stored(
            pd.DataFrame(weights, columns=columns), folder / f"{name}_weights.parquet", "weights"
        ),
    }


def made(folder: Path, learns: bool | None) -> dict[str, Path]:
    """Everything that the analyses make; None for no runs."""
    last = [int(STEPS[-1])]
    kept = [] if learns is None else [("table1", PRINTED), ("even", EVEN), ("mixed", ((2, 4),))]
    sets = [tables(folder, name, every(name, sums), bool(learns), last) for name, sums in kept] or [
        tables(folder, "table1", [], False, last)
    ]
    out = {
        name: folder / f"out_{name}"
        for name in (
            *("outcomes.parquet", "stats.parquet", "table1.csv", "curves.csv"),
            *(f"{table}.parquet" for table in TABLES),
            *("networks_stats.parquet", "measures.parquet", "frequencies.parquet"),
            *("squares.parquet", "watched.parquet", "watched_stats.parquet"),
        )
    }
    load_script("analyse_sums", "exponents").analyse_sums(
        [one["runs"] for one in sets],
        [one["trajectories"] for one in sets],
        *(str(out[n]) for n in ("outcomes.parquet", "stats.parquet", "table1.csv", "curves.csv")),
        outcomes=CONSTANTS.outcomes,
        sums=CONSTANTS.sums,
        train_fraction=0.3,
        pieces=50,
        resampling=R,
    )
    load_script("analyse_networks", "exponents").analyse_networks(
        [one["runs"] for one in sets],
        [one["weights"] for one in sets],
        str(out["outcomes.parquet"]),
        {name: str(out[f"{name}.parquet"]) for name in TABLES},
        str(out["networks_stats.parquet"]),
        settings=CONSTANTS.networks,
        mechanisms=CONSTANTS.mechanisms,
        resampling=R,
        threads=1,
    )
    shown = [] if learns is None else every("watched", ((1, 1), (3, 3), (2, 2)))
    steps = range(0, int(STEPS[-1]) + 1, EVERY)
    watched = tables(folder, "watched", shown, bool(learns), list(steps))
    load_script("analyse_watched", "exponents").analyse_watched(
        [watched["runs"]],
        [watched["weights"]],
        [watched["trajectories"]],
        {n: str(out[f"{n}.parquet"]) for n in ("measures", "frequencies", "squares")},
        str(out["watched.parquet"]),
        str(out["watched_stats.parquet"]),
        settings=CONSTANTS.networks,
        outcomes=CONSTANTS.outcomes,
        formed=CONSTANTS.formed,
        resampling=R,
        threads=1,
    )
    return out


def draw(out: dict[str, Path], folder: Path) -> None:
    """All figures of sums."""

    def at(*names: str) -> list[str]:
        return [str(out[name]) for name in names]

    def script(name: str) -> Any:
        return load_script(f"plot_{name}", "exponents")

    of = CONSTANTS.networks
    watched = at("measures.parquet", "watched.parquet", "watched_stats.parquet")
    pdf = {name: str(folder / f"{name}.pdf") for name in ("1a", "1b", "3", "4", "5", "6")}
    pdf |= {name: str(folder / f"{name}.pdf") for name in ("S1", "S2", "S3", "S4")}
    became, stats = at("outcomes.parquet", "networks_stats.parquet")
    script("fig1a_excluded_loss").plot_fig1a(*watched, pdf["1a"], of.shown)
    script("fig1b_sum_squared_weights").plot_fig1b(
        watched[0], *at("squares.parquet"), *watched[1:], pdf["1b"], of.shown
    )
    script("fig3_progress_measures").plot_fig3(
        watched[0],
        *at("frequencies.parquet", "pair_maps.parquet"),
        watched[1],
        str(out["networks.parquet"]),
        watched[2],
        pdf["3"],
        of.shown[1:],
    )
    script("fig4_embedding_fourier").plot_fig4(
        *at("spectra.parquet", "embedding_maps.parquet", "networks.parquet"),
        *(became, stats, pdf["4"], of.embeddings, CONSTANTS.mechanisms.novel),
    )
    script("fig5_neuron_fourier_norms").plot_fig5(
        *at("norm_maps.parquet", "networks.parquet"), became, stats, pdf["5"], of.shown
    )
    script("fig6_wlogit_fourier").plot_fig6(
        *at("spectra.parquet", "networks.parquet"), became, stats, pdf["6"], of.embeddings
    )
    script("figS1_training_curves").plot_figS1(*at("curves.csv", "table1.csv"), became, pdf["S1"])
    sums_stats = str(out["stats.parquet"])
    script("figS2_epoch_vs_exponent").plot_figS2(
        *at("table1.csv"), became, sums_stats, pdf["S2"], CONSTANTS.sums
    )
    script("figS3_uniformity_vs_outcome").plot_figS3(became, sums_stats, pdf["S3"])
    script("figS4_relabelled_basis").plot_figS4(
        *at("spectra.parquet", "norm_maps.parquet", "networks.parquet"),
        *(became, stats, pdf["S4"], of.embeddings, of.shown),
    )
    for path in pdf.values():
        assert Path(path).read_bytes().startswith(b"%PDF")
        assert Path(path).with_suffix(".png").stat().st_size > 10_000


def statistics(path: Path) -> Statistics:
    return Statistics(read_table(str(path)))


@pytest.mark.parametrize("learns", [True, None], ids=["grokking", "nothing"])
def test_from_tables_to_figures(tmp_path: Path, learns: bool | None) -> None:
    out = made(tmp_path, learns)
    sums, networks, watched = (
        statistics(out[name])
        for name in ("stats.parquet", "networks_stats.parquet", "watched_stats.parquet")
    )
    assert set(sums) == names_of(Sums)
    assert set(networks) == names_of(Networks) and set(watched) == names_of(Watched)
    table = pd.read_csv(out["table1.csv"])
    outcomes = read_table(str(out["outcomes.parquet"]))
    if learns is None:
        assert table.empty and outcomes.empty
    else:
        assert len(table) == 9 * 3
        assert set(outcomes["outcome"]) == {"grokked" if learns else "memorised"}
    measures = read_table(str(out["measures.parquet"]))
    assert len(measures) == (0 if learns is None else 6 * 5 * 2)
    if learns:
        assert networks["networks.block_powered"]["value"] == pytest.approx(1, abs=1e-4)
        assert watched["watched.rise"]["n"] == 6 and watched["watched.rise"]["value"] > 0.5
    else:
        assert all(math.isnan(row["value"]) for row in (*networks.values(), *watched.values()))
    draw(out, tmp_path)


def test_runs_of_another_task_are_refused(tmp_path: Path) -> None:
    other = run((1, 1), 598).model_copy(
        update={"task": ModularAddition(p=P, equals="input", train_fraction=0.3)}
    )
    path = stored(runs_table([("one", other)]), tmp_path / "runs.parquet", "runs")
    with pytest.raises(ConfigError, match=r"`one`: task\.name: modular_addition; only powers"):
        load_script("analyse_watched", "exponents").analyse_watched(
            [path],
            *([], [], {}, "", ""),
            settings=CONSTANTS.networks,
            outcomes=CONSTANTS.outcomes,
            formed=0.9,
            resampling=R,
            threads=1,
        )


# -- couplings ---------------------------------------------------------------------------------


def coupled_runs() -> list[Named]:
    powered = Powers(p=P, exponents=(5, 5), listed="by_powers")
    exchanged = Powers(p=P, exponents=(5, 4), listed="exchanged")
    plain = [run((1, 1), 598), run((4, 5), 598)]
    update = {"task": powered, "intervention": Relabel(p=P, exponent=5)}
    turned = ExchangedTransformerSettings(**MODEL.model_dump(exclude={"name"}))
    others = [
        plain[0].model_copy(update=update),
        plain[0].model_copy(update={"task": exchanged, "model": turned}),
    ]
    return [("coupled", one) for one in (*plain, *others)]


def couplings(folder: Path, runs: Sequence[Named], apart: float) -> Statistics:
    trajectory = [
        losses(one, True).assign(test_loss=lambda t, i=i: t["test_loss"] * (1 + apart * (i > 1)))
        for i, (_, one) in enumerate(runs)
    ]
    out = [str(folder / name) for name in ("table.parquet", "stats.parquet")]
    load_script("analyse_couplings", "exponents").analyse_couplings(
        stored(runs_table(runs), folder / "runs.parquet", "runs"),
        [stored(pd.concat(trajectory), folder / "trajectory.parquet", "trajectory")],
        *out,
    )
    return statistics(Path(out[1]))


def test_coupled_runs_are_compared_with_their_partners(tmp_path: Path) -> None:
    runs = coupled_runs()
    found = couplings(tmp_path, runs, 0.0)
    assert set(found) == names_of(Couplings)
    assert found["couplings.relabelled"]["n"] == found["couplings.exchanged"]["n"] == 1
    # Each claim has the fall of its own runs.
    falls = [found[f"couplings.learned{end}"]["n"] for end in ("", "_exchanged")]
    assert falls == [1, 1]
    apart = couplings(tmp_path, runs, 1e-3)
    assert apart["couplings.relabelled"]["value"] > 1e-3
    assert apart["couplings.exchanged"]["value"] > 5e-4
    with pytest.raises(ConfigError, match=r"coupled with one on \(1, 1\).* not there; add it"):
        couplings(tmp_path, runs[1:], 0.0)
