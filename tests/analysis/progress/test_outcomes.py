"""What is read from losses that are made up: grokking, its absence, slingshots, settings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fittest.analysis.fates.curves import CURVES, MIDDLE, curve_table, thinned
from fittest.analysis.progress.comparisons import (
    PHASES,
    decay_rows,
    expected_fate,
    fraction_rows,
    phase_rows,
    precision_rows,
)
from fittest.analysis.progress.constants import FractionSettings
from fittest.analysis.progress.grokking import (
    FATES,
    GrokkingRules,
    fate_of,
    first_at_least,
    first_below,
    parted,
)
from fittest.analysis.progress.names import Decays, Fractions, Phase, Precision
from fittest.analysis.progress.outcomes import (
    OUTCOMES,
    OutcomeRules,
    group_table,
    outcome,
    outcomes,
    without_dropout,
)
from fittest.analysis.statistics.intervals import Resampling
from fittest.data import FullBatch
from fittest.models import TransformerSettings
from fittest.runs.optimisers import AdamW
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.tasks import ModularAddition

GROKKING = GrokkingRules(memorised=0.999, loss=0.01, small_loss=1e-6, delay=1000)
RULES = OutcomeRules(
    accurate=0.99, loss_tail=1000, accuracy_tail=2000, after=2000, factor=100, refractory=200
)
R = Resampling(draws=50, seed=0, confidence=0.95)
STEPS = np.arange(0, 20_001, 10)
FRACTIONS = FractionSettings(
    never=(0.1, 0.2), grokked=(0.3, 0.4, 0.5), immediate=(0.6, 0.7, 0.8, 0.9)
)


def trajectory(learned: int, generalised: int | None, every: bool = False) -> pd.DataFrame:
    """Losses that fall from 3 to 1e-7 in one step each, at `learned` and at `generalised`."""
    end = math.inf if generalised is None else generalised
    train, test = (np.where(at <= STEPS, 1e-7, 3.0) for at in (learned, end))
    table = pd.DataFrame(
        {
            "step": STEPS,
            "train_loss": train,
            "test_loss": test,
            "train_accuracy": (train < 1).astype(float),
            "test_accuracy": (test < 1).astype(float),
        }
    )
    if every:
        each = np.where(np.arange(STEPS[-1]) >= learned, 1e-7, 3.0)
        table["train_losses"] = [each[:0], *np.split(each, STEPS[1:-1])]
    return table


def test_first_steps() -> None:
    assert first_below([0, 10, 20], [1.0, 0.1, 0.01], 0.1) == 20
    assert first_below([0, 10], [1.0, 0.1], 0.05) == math.inf
    assert first_at_least([0, 10, 20], [0.5, 0.99, 0.2], 0.99) == 10
    assert first_at_least([], [], 0.99) == math.inf


@pytest.mark.parametrize(
    ("accuracy", "generalised", "late", "fate"),
    [
        (1.0, True, True, "grokked"),
        (1.0, True, False, "immediate"),
        (1.0, False, True, "never"),
        (0.998, True, True, "not memorised"),
    ],
)
def test_fates(accuracy: float, generalised: bool, late: bool, fate: str) -> None:
    assert fate in FATES
    assert fate_of(accuracy, generalised, late, 0.999) == fate


def test_losses_that_part_and_losses_that_fall_together() -> None:
    """A test loss above a guess counts while the train pairs are known, and before it is low."""
    known = np.array([0.0, 0.5, 1.0, 1.0, 1.0, 1.0])
    apart = np.array([4.7, 5.5, 7.0, 6.0, 0.1, 0.1])
    assert parted(known, apart, 4, 0.999, 4.7)
    # A peak while the train pairs are being learned is none, nor is a slingshot at the end.
    together = np.array([4.7, 5.5, 4.6, 0.1, 0.01, 9.0])
    assert not parted(known, together, 4, 0.999, 4.7)
    assert parted(known, together, None, 0.999, 4.7)
    assert not parted(np.full(6, 0.5), apart, None, 0.999, 4.7)


def curve(train: list[float], test: list[float], high: float) -> pd.DataFrame:
    """Losses at five points of the run and straight between them, on a logarithmic axis; answers
    are right once the loss is below `high`."""
    at = [0, 200, 800, 1200, 20_000]
    table = pd.DataFrame({"step": STEPS})
    for name, values in (("train", train), ("test", test)):
        table[f"{name}_loss"] = np.exp(np.interp(STEPS, at, np.log(values)))
        table[f"{name}_accuracy"] = (table[f"{name}_loss"] < high).astype(float)
    return table


def test_the_two_readings_of_grokking() -> None:
    """Losses that part for 900 steps: grokked as the paper says it, at once by the lag; and losses
    that fall together and slowly: at once, and by the lag grokked."""
    guess = math.log(113)
    short = curve([4.7, 1e-2, 1e-4, 1e-6, 1e-7], [4.7, 7.6, 3.0, 1e-3, 1e-7], 0.1)
    found = outcome(short, GROKKING, RULES, guess=guess)
    assert (found["fate"], found["fate_by_lag"]) == ("grokked", "immediate")
    slow = curve([4.7, 0.05, 1e-4, 1e-6, 1e-7], [4.7, 4.0, 2.0, 1.0, 1e-7], 0.1)
    found = outcome(slow, GROKKING, RULES, guess=guess)
    assert (found["fate"], found["fate_by_lag"]) == ("immediate", "grokked")
    # Without a guess the lag is all there is.
    assert outcome(slow, GROKKING, RULES)["fate"] == "grokked"


def test_a_penalty_that_keeps_losses_up_hides_no_fate() -> None:
    """Both losses end at half a nat, with the right answers: that is generalising at once."""
    curves = curve([5.0, 0.5, 0.5, 0.5, 0.5], [5.0, 0.55, 0.52, 0.51, 0.51], 0.6)
    found = outcome(curves, GROKKING, RULES, guess=math.log(113))
    assert found["fate"] == found["fate_by_lag"] == "immediate"
    assert math.isinf(found["learned"]) and math.isinf(found["generalised"])
    wrong = curves.assign(test_accuracy=0.5)
    assert outcome(wrong, GROKKING, RULES, guess=math.log(113))["fate"] == "never"


def test_outcome_of_a_run_that_groks() -> None:
    found = outcome(trajectory(200, 9000), GROKKING, RULES, guess=2.5)
    assert found["fate"] == found["fate_by_lag"] == "grokked"
    assert (found["learned"], found["generalised"]) == (200, 9000)
    assert (found["train_accurate"], found["test_accurate"]) == (200, 9000)
    assert found["final_test_loss"] == 1e-7
    assert found["final_test_accuracy"] == 1.0
    assert found["slingshots"] == 0


def test_the_loss_of_every_step_is_read_where_there_is_one() -> None:
    """Learned between two rows, and slingshots of two steps that no row sees."""
    rows = trajectory(203, 9000, every=True)
    assert outcome(rows, GROKKING, RULES)["learned"] == 203
    assert outcome(rows.drop(columns="train_losses"), GROKKING, RULES)["learned"] == 210
    spiky = rows.copy()
    for at in (3002, 5003, 5102, 1003):
        losses = np.array(spiky["train_losses"].iloc[at // 10 + 1])
        losses[at % 10 : at % 10 + 2] = 1.0
        spiky.at[at // 10 + 1, "train_losses"] = losses
    # That at 1003 is too early, that at 5102 belongs to the one before.
    assert outcome(spiky, GROKKING, RULES)["slingshots"] == 2
    assert outcome(rows, GROKKING, RULES)["slingshots"] == 0


def run(seed: int, **changes: Any) -> Run:
    settings: dict[str, Any] = {
        "task": ModularAddition(p=13, train_fraction=0.3),
        "model": TransformerSettings(d=8, heads=2, head_size=4, mlp=6),
        "optimiser": AdamW(weight_decay=1.0),
        "seeds": Seeds(embedding=seed, mlp=seed, split=seed),
        "data": FullBatch(),
    }
    return Run(**{**settings, **changes})


def world(*runs: tuple[str, Run, int, int | None]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`runs` table and trajectory of (run-set, run, learned, generalised)."""
    described = pd.DataFrame(
        [
            {
                "run_id": one.run_id,
                "runset": runset,
                "seed_embedding": one.seeds.embedding,
                "failed": False,
                "config": one.model_dump_json(),
            }
            for runset, one, _, _ in runs
        ]
    )
    parts = [trajectory(at, end).assign(run_id=one.run_id) for _, one, at, end in runs]
    return described, pd.concat(parts, ignore_index=True)


def test_groups_by_run_set_and_setting() -> None:
    low, high = AdamW(weight_decay=0.3), AdamW(weight_decay=3.0)
    runs, rows = world(
        ("low", run(0, optimiser=low), 200, 12_000),
        ("low", run(1, optimiser=low), 200, None),
        ("high", run(0, optimiser=high), 200, 200),
    )
    table = outcomes(runs, rows, GROKKING, RULES)
    assert list(table.columns) == OUTCOMES
    assert list(table["label"]) == ["weight decay 0.3", "weight decay 0.3", "weight decay 3"]
    groups = group_table(table, RULES, R).set_index(["runset", "label"])
    assert len(groups) == 4
    one = groups.loc[("low", "weight decay 0.3")]
    assert (one["runs"], one["share_grokked"], one["share_never"]) == (2, 0.5, 0.5)
    assert one["share_accurate"] == one["share_solved"] == one["share_quiet"] == 0.5
    assert one["share_late"] == 0.5 and groups.loc[("high", "all"), "share_late"] == 0
    assert math.isinf(one["generalised_max"]) and one["generalised_min"] == 12_000
    assert one["weight_decay"] == 0.3 and one["p"] == 13
    assert groups.loc[("high", "all"), "share_immediate"] == 1


def test_labels_name_what_varies_and_is_there() -> None:
    """The l1 weight of a sum, as that of a mean: times the number of parameters."""
    plain = run(0, optimiser=AdamW(weight_decay=0.0))
    number = sum(np.prod(s) for s in plain.model.shapes(plain.task.build()).values())
    penalised = run(0, optimiser=AdamW(weight_decay=0.0, l1=10 / float(number)))
    dropped = run(
        0, model=plain.model.model_copy(update={"dropout": 0.5}), optimiser=plain.optimiser
    )
    runs, rows = world(("l1", penalised, 200, None), ("dropout", dropped, 200, 900))
    table = outcomes(runs, rows, GROKKING, RULES)
    assert list(table["label"]) == ["l1 10", "dropout 0.5"]
    assert list(outcomes(*world(("one", plain, 1, 2)), GROKKING, RULES)["label"]) == [""]


def test_with_dropout_all_losses_are_those_of_the_whole_network() -> None:
    """Losses of updates are a thousand times those of rows, and jump now and then."""
    plain = run(0)
    dropped = run(0, model=plain.model.model_copy(update={"dropout": 0.5}))
    runs, rows = world(("one", plain, 203, 9000), ("one", dropped, 203, 9000))
    whole = trajectory(203, 9000, every=True)
    shot = whole["train_losses"].copy()
    for at in (300, 500):
        shot[at] = np.full(10, 0.05)
    updates = pd.concat([whole["train_losses"], 1000 * shot], ignore_index=True)
    rows = without_dropout(runs, rows.assign(train_losses=updates))
    table = outcomes(runs, rows, GROKKING, RULES).set_index("dropout")
    # Of every step without dropout, of rows with it.
    assert (table.loc[0.0, "learned"], table.loc[0.5, "learned"]) == (203, 210)
    assert table.loc[0.0, "slingshots"] == 0 and math.isnan(table.loc[0.5, "slingshots"])
    curves = curve_table(table.reset_index(), rows, 250)
    train = curves[(curves["series"] == "train") & (curves["label"] == "dropout 0.5")]
    # Nothing of the updates is left, not even in the last step.
    assert set(train["value"]) <= {3.0, 1e-7}
    groups = group_table(table.reset_index(), RULES, R).set_index("label")
    for name in ("share_shot", "share_quiet", "slingshots"):
        assert math.isnan(groups.loc["dropout 0.5", name])
    assert groups.loc["dropout 0.5", "share_grokked"] == 1
    [alone] = [part for label, part in table.groupby("label") if label != "dropout 0.5"]
    assert group_table(alone.reset_index(), RULES, R)["share_quiet"].eq(1).all()
    # Runs without dropout keep what they have.
    assert without_dropout(runs[:1], rows) is rows


def test_nothing_is_known_of_failed_runs() -> None:
    runs, rows = world(("one", run(0), 200, 900))
    table = outcomes(runs.assign(failed=True), rows, GROKKING, RULES)
    assert list(table.columns) == OUTCOMES and len(table) == 0
    assert len(group_table(table, RULES, R)) == 0
    assert list(curve_table(table, rows, 10).columns) == CURVES


def test_curves_hold_runs_and_their_median() -> None:
    runs, rows = world(("one", run(0), 200, 900), ("one", run(1), 400, 1100))
    curves = curve_table(outcomes(runs, rows, GROKKING, RULES), rows, 50)
    assert set(curves["seed"]) == {0, 1, MIDDLE}
    middle = curves[(curves["seed"] == MIDDLE) & (curves["series"] == "train")].set_index("step")
    assert middle.loc[0, "value"] == pytest.approx(3.0)
    # Between 200 and 400 one of the two is low, and the middle of their logarithms half-way.
    between = middle.loc[200:390, "value"]
    assert len(between) and np.allclose(between, math.sqrt(3.0 * 1e-7))
    right = curves[(curves["seed"] == MIDDLE) & (curves["series"] == "test accuracy")]
    assert set(right["value"]) == {0.0, 0.5, 1.0}


def test_one_run_in_a_slingshot_moves_no_median() -> None:
    runs, rows = world(*(("one", run(seed), 200, 900) for seed in range(3)))
    shot = (rows["run_id"] == runs["run_id"].iloc[0]) & rows["step"].between(5000, 5200)
    rows.loc[shot, "test_loss"] = 5.0
    rows.loc[rows["run_id"] == runs["run_id"].iloc[1], "test_loss"] = 0.0
    curves = curve_table(outcomes(runs, rows, GROKKING, RULES), rows, 50)
    middle = curves[(curves["seed"] == MIDDLE) & (curves["series"] == "test")]
    late = middle.loc[middle["step"] >= 900, "value"]
    assert np.allclose(late, 1e-7)


def test_thinning_keeps_ends_and_spikes() -> None:
    values = np.ones(len(STEPS))
    values[[777, 1300]] = 50.0, 1e-9
    kept = thinned(STEPS, values, 20)
    assert {0, 777, 1300, len(STEPS) - 1} <= set(kept)
    assert len(kept) <= 4 * 20 + 4
    assert list(thinned([0, 1], [1, 2], 5)) == [0, 1]
    assert len(thinned([], [], 5)) == 0


# -- comparisons -------------------------------------------------------------------------------


def value(rows: list[dict[str, Any]], name: str) -> float:
    (found,) = (row["value"] for row in rows if row["name"] == name)
    return float(found)


def test_fates_that_the_paper_has() -> None:
    shares = (0.1, 0.3, 0.5, 0.7, 0.35)
    found = [expected_fate(share, FRACTIONS) for share in shares]
    assert found == ["never", "grokked", "grokked", "immediate", ""]


def test_shares_of_the_data_as_in_the_paper_and_reversed() -> None:
    shares = np.arange(1, 10) / 10
    steps = [math.inf, math.inf, 12_000, 5000, 1500, 900, 700, 500, 300]
    fates = ["never"] * 2 + ["grokked"] * 3 + ["immediate"] * 4
    table = pd.DataFrame(
        {
            "train_fraction": shares,
            "fate": fates,
            "fate_by_lag": [*fates[:3], "immediate", "immediate", *fates[5:]],
            "generalised": steps,
            "generalised_small": [math.inf] * 3 + steps[3:],
            "learned": np.linspace(200, 400, 9),
            "learned_small": [1000] * 8 + [math.inf],
        }
    )
    rows = fraction_rows(table, FRACTIONS)
    assert value(rows, Fractions.MATCHES) == 9
    assert value(rows, Fractions.MATCHES_BY_LAG) == 7
    assert value(rows, Fractions.SPEARMAN) < value(rows, Fractions.SPEARMAN_SMALL) < -0.95
    assert value(rows, Fractions.SPREAD) == 2
    assert math.isinf(value(rows, Fractions.SPREAD_SMALL))
    reverse = table.assign(fate=fates[::-1], generalised=steps[::-1])
    rows = fraction_rows(reverse, FRACTIONS)
    assert value(rows, Fractions.MATCHES) <= 2
    assert value(rows, Fractions.SPEARMAN) > 0.95


def test_decays() -> None:
    table = pd.DataFrame(
        {
            "runset": ["a", "a", "b", "b", "c", "p53_wd1", "p53_wd5"],
            "weight_decay": [0.3, 0.3, 1.0, 1.0, 3.0, 1.0, 5.0],
            "generalised": [20_000, 24_000, 10_000, 10_000, math.inf, 30_000, 5000],
        }
    )
    rows = decay_rows(table, R)
    assert value(rows, Decays.SLOWER_03_THAN_1) == 2.2
    assert value(rows, Decays.SLOWER_P53) == 6
    # Where the faster one never gets there, nothing is slower.
    assert math.isnan(value(rows, Decays.SLOWER_1_THAN_3))


def test_phases_of_seeds() -> None:
    table = pd.DataFrame(
        [
            ("a", 0, 1400.0, 9000.0, 14_000.0, 900.0, 1400.0, 1200.0),
            ("b", 1, 1300.0, 7000.0, 11_000.0, 700.0, 1400.0, 1200.0),
            ("c", 2, 1600.0, math.nan, math.nan, 1400.0, 1400.0, 1200.0),
        ],
        columns=PHASES,
    )
    rows = phase_rows(table[:2], 1, R)
    assert value(rows, Phase.ORDERED) == 1
    assert value(rows, Phase.T1_RATIO) == pytest.approx(1400 / 1300)
    wider = math.log(9 / 7) / math.log(14 / 13)
    assert value(rows, Phase.WIDER_T2) == pytest.approx(wider)
    assert value(rows, Phase.WIDER_T3) == pytest.approx(math.log(14 / 11) / math.log(14 / 13))
    assert value(rows, Phase.T1_EXCLUDED_RATIO) == pytest.approx(9 / 7)
    assert value(rows, Phase.WIDER_T2_EXCLUDED) == pytest.approx(1)
    rows = phase_rows(table, 1, R)
    assert value(rows, Phase.ORDERED) == pytest.approx(2 / 3)
    assert math.isnan(value(rows, Phase.WIDER_T2))
    assert {row["name"] for row in rows} == {str(name) for name in Phase}
    assert math.isnan(value(phase_rows(table[:0], 1, R), Phase.T1_MIN))


def test_later_phases_that_are_further_apart_in_steps_alone() -> None:
    """A seed that takes half as long again for everything; then one and the same t1 in both."""
    rows = [
        ("a", 0, 1000.0, 6000.0, 9000.0, 1000.0, 1.0, 1.0),
        ("b", 1, 1500.0, 9000.0, 13_500.0, 1500.0, 1.0, 1.0),
    ]
    table = pd.DataFrame(rows, columns=PHASES)
    found = phase_rows(table, 1, R)
    assert value(found, Phase.WIDER_T2) == pytest.approx(1)
    assert value(found, Phase.WIDER_T3) == pytest.approx(1)
    # At one and the same checkpoint: no closer than from one to the next.
    found = phase_rows(table.assign(t1=1000.0), 100, R)
    assert value(found, Phase.WIDER_T2) == pytest.approx(math.log(1.5) / math.log(10 / 9))
    assert value(found, Phase.WIDER_T2_EXCLUDED) == pytest.approx(1)
    same = phase_rows(table.assign(t1=1000.0, t2=6000.0), 100, R)
    assert value(same, Phase.WIDER_T2) == 0
    # A step that is none leaves nothing to compare.
    assert math.isnan(value(phase_rows(table.assign(t1=0.0), 100, R), Phase.WIDER_T2))


def test_slingshots_by_precision() -> None:
    table = pd.DataFrame({"loss": ["float32", "float64", "float64"], "slingshots": [9, 0, 5]})
    assert value(precision_rows(table), Precision.MORE) == 4
    assert value(precision_rows(table.assign(slingshots=[5, 0, 5])), Precision.MORE) == 0
    assert math.isnan(value(precision_rows(table[:1]), Precision.MORE))
