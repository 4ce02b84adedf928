"""Statistics of populations on drawn sets: flat where there is nothing, and not where there is."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fittest.analysis.cosets.estimates import (
    less,
    mean_of,
    ratio_of_sums,
    smallest_seen,
    total_variation,
)
from fittest.analysis.cosets.margins import enough, margin_table, margins, probability, simulated
from fittest.analysis.cosets.pilot import budget, first_settled, pilot_tables
from fittest.analysis.cosets.relation_rows import (
    THIRDS,
    Sets,
    beside_family,
    pooled_row,
    rarest,
    relation_row,
)
from fittest.analysis.cosets.relations import (
    conditional,
    doubling,
    fold,
    frequency_counts,
    multiples,
    non_units,
    pooled,
    rate_ends,
    related,
    uniformity,
    units,
)
from fittest.analysis.cosets.scaling import chance, fits, mean_table, scaling_rows
from fittest.analysis.statistics.intervals import Estimate

CONFIDENCE = 0.95


def drawn(
    n: int, networks: int, m: int, seed: int = 0, weight: dict[int, float] | None = None
) -> NDArray[np.bool_]:
    """(networks, n // 2): m frequencies each, drawn by weights, all alike where none are given."""
    generator = np.random.default_rng(seed)
    chance = np.array([(weight or {}).get(f, 1.0) for f in range(1, n // 2 + 1)])
    keys = generator.random((networks, n // 2)) ** (1 / chance)
    found = np.zeros((networks, n // 2), dtype=np.bool_)
    np.put_along_axis(found, np.argsort(-keys, axis=1)[:, :m], True, axis=1)
    return found


def without_doubles(n: int, networks: int, m: int, kept: float) -> NDArray[np.bool_]:
    """The same, but a double is thrown away with some probability when it comes."""
    generator = np.random.default_rng(5)
    found = np.zeros((networks, n // 2), dtype=np.bool_)
    for row in found:
        while row.sum() < m:
            f = int(generator.integers(1, n // 2 + 1))
            twins = {fold(2 * f, n), fold(f * pow(2, -1, n), n)} - {0}
            if any(row[t - 1] for t in twins) and generator.random() > kept:
                continue
            row[f - 1] = True
    return found


def test_units_and_ratios() -> None:
    assert len(units(91)) == 36 and len(units(89)) == 44
    assert doubling(91) == {2, 45} and doubling(89) == {2, 44}
    assert multiples(91, [(2, 1), (1, 2), (3, 1), (1, 3)]) == {2, 45, 3, 30}
    # 27, 35, 19 of the paper's figure 2 are 27 times 1, 2 and 4 modulo 89.
    assert {fold(27 * k, 89) for k in (1, 2, 4)} == {27, 35, 19}


@pytest.mark.parametrize("n", [91, 89, 35])
def test_independent_frequencies_are_flat(n: int) -> None:
    found = drawn(n, 4000, 5)
    # Wide enough that chance alone leaves none of nine intervals beside it.
    row = relation_row(Sets(found, found, drawn(n, 4000, 5, 1), n), 0.999)
    for name in ("related", "related_several", "thirds", *(["sevens"] if n != 89 else [])):
        assert row[f"{name}_lo"] < 1 < row[f"{name}_hi"], name
    assert 0.001 < row["chi2_p"] and 0.4 < row["dispersion"] < 2
    assert row["doubling_lo"] < 1 < row["doubling_hi"]
    assert 0 < row["doubling_seen"] < 0.4
    if n != 89:
        assert row["non_units_lo"] < 1 < row["non_units_hi"]
    else:
        assert math.isnan(row["non_units"]) and math.isnan(row["sevens"])


def test_p_of_equal_frequencies_is_no_smaller_than_it_says() -> None:
    values = [uniformity(drawn(35, 300, 4, seed), 35)["chi2_p"] for seed in range(200)]
    assert 0.01 <= np.mean(np.array(values) < 0.05) <= 0.10


def test_how_far_apart_rates_would_have_to_be_to_be_seen() -> None:
    seen = uniformity(drawn(35, 300, 4), 35)["spread_seen"]
    every = units(35)
    # Rates that spread by so much, half of them above the mean and half below.
    weights = {f: 1 + (seen if i % 2 else -seen) for i, f in enumerate(every)}
    values = [uniformity(drawn(35, 300, 4, s, weights), 35)["chi2_p"] for s in range(100)]
    assert 0.6 < np.mean(np.array(values) < 0.05) < 0.95


def test_multiples_of_a_third_and_families() -> None:
    # Of 15 modulo 91: 5, 10, 20, .. 45; 35 is no unit.
    wanted = {fold(15 * r, 91) for r in multiples(91, THIRDS)}
    assert wanted == {5, 10, 20, 25, 30, 40, 45}
    found = np.zeros((2, 45), dtype=np.bool_)
    found[0, [6, 13, 20, 0]] = True  # 7, 14, 21 and 1 modulo 91
    top, bottom = beside_family(found, 91, 7)
    np.testing.assert_allclose(top, [3 * 2 / 5, 0])
    np.testing.assert_allclose(bottom, [3 * 1 / 39, 0])
    assert not np.any(beside_family(found[:, :44], 89, 7))


def test_what_stands_beside_fine_tuning_frequencies_is_seen() -> None:
    """Multiples of 5 beside 15 and what a unit makes of them; and of 7 beside 7."""
    generator = np.random.default_rng(3)
    band = drawn(91, 3000, 2)
    for row in band:
        f = int(np.flatnonzero(row)[0]) + 1
        if generator.random() < 0.5:
            k = int(generator.choice([1, 2, 4, 5, 6]))
            row[fold(k * f if f % 7 == 0 else k * pow(3, -1, 91) * f, 91) - 1] = True
    none = drawn(91, 3000, 2, 8)
    row = relation_row(Sets(none, band, none, 91), CONFIDENCE)
    assert row["thirds_lo"] > 1.2 and row["sevens_lo"] > 2
    assert row["thirds_several_lo"] < 1.05 and row["sevens_several_lo"] < 1.05


def test_avoided_doubles_and_favoured_frequencies_are_seen() -> None:
    found = without_doubles(91, 1500, 5, 0.4)
    sets = Sets(found, found, found, 91)
    row = relation_row(sets, CONFIDENCE)
    assert row["doubling_hi"] < 0.8
    joint = pooled_row([sets, sets], CONFIDENCE)
    assert joint["doubling"] == pytest.approx(row["doubling"])
    assert joint["doubling_hi"] - joint["doubling"] < row["doubling_hi"] - row["doubling"]
    table = pooled(found, 91).set_index("r")
    assert table.loc[2, "pairs"] == table.loc[45, "pairs"]
    assert table.loc[[2, 45], "pairs"].max() < table.loc[[5, 6, 8, 10], "pairs"].min()
    favoured = drawn(91, 2000, 5, weight=dict.fromkeys((7, 14, 21, 28, 35, 42), 3.0))
    assert non_units(favoured, 91).lo > 1.25
    assert uniformity(drawn(91, 2000, 5, weight={3: 3.0}), 91)["chi2_p"] < 1e-6
    assert rarest(drawn(91, 4000, 5, weight={22: 0.3, 44: 0.5}), 91) == {
        "rare_first": 1,
        "rare_second": 2,
    }


def test_what_stands_beside_one_frequency() -> None:
    found = without_doubles(91, 6000, 5, 0.2)
    table = conditional(found, 91, 7, CONFIDENCE).set_index("frequency")
    assert len(table) == 44 and 7 not in table.index
    assert (table.loc[[14, 42], "ratio_hi"] < 1).all() and table.loc[43, "ratio_hi"] > 0.9
    assert (table["networks"] == found[:, 6].sum()).all()
    assert len(conditional(found, 91, 60, CONFIDENCE)) == 0


def test_what_is_never_there_has_an_interval_too() -> None:
    """Two of three frequencies are never beside 1: at most Wilson's limit of 0 of 40 networks."""
    found = np.zeros((40, 4), dtype=np.bool_)
    found[:, [0, 2]] = True
    table = conditional(found, 9, 1, CONFIDENCE).set_index("frequency")
    most = 3.841 / (40 + 3.841)
    for f in (2, 4):
        assert table.loc[f, "ratio"] == table.loc[f, "ratio_lo"] == 0
        assert table.loc[f, "ratio_hi"] == pytest.approx(most / 0.5, rel=1e-3)
    # Over others of which there are none it stays unknown.
    found[:, 2] = False
    assert conditional(found, 9, 1, CONFIDENCE)["ratio_hi"].isna().all()


def test_shares_of_networks_have_their_intervals() -> None:
    found = np.zeros((40, 4), dtype=np.bool_)
    found[:10, 0] = True
    table = frequency_counts(found, ~found, found, 9, CONFIDENCE).set_index("frequency")
    assert list(table["found"]) == [10, 0, 0, 0] and list(table["band"]) == [30, 40, 40, 40]
    assert table.loc[1, "found_lo"] == pytest.approx(0.1419, abs=1e-3)
    assert table.loc[1, "found_hi"] == pytest.approx(0.4019, abs=1e-3)
    assert table.loc[2, "found_lo"] == 0 < table.loc[2, "found_hi"]
    assert table.loc[2, "band_lo"] < 1 == table.loc[2, "band_hi"]


def test_the_rarest_frequency_and_the_most_frequent_one() -> None:
    """Equal frequencies differ by chance, and their intervals reach the rate of all."""
    least, most = rate_ends(drawn(91, 600, 5), CONFIDENCE)
    mean = 5 / 45
    assert 0.05 < least.value < mean < most.value < 0.17
    assert least.hi > 0.85 * mean and most.lo < 1.15 * mean
    row = relation_row(Sets(*[drawn(91, 600, 5)] * 3, 91), CONFIDENCE)
    assert (row["rate_least"], row["rate_most_hi"]) == (least.value, most.hi)
    # One that is never found, and one that is always, do not show in the mean.
    uneven = drawn(91, 600, 5, weight={3: 1e-9, 8: 1e9})
    least, most = rate_ends(uneven, CONFIDENCE)
    assert least.value == 0 and least.hi < 0.01 and most.lo > 0.99
    assert math.isnan(rate_ends(uneven[:0], CONFIDENCE)[0].value)


def test_pairs_are_counted_as_they_are() -> None:
    found = np.zeros((2, 5), dtype=np.bool_)
    found[0, [0, 1, 3]] = True  # 1, 2 and 4 modulo 11: 1-2 and 2-4 are doubles
    top, bottom = related(found, 11, doubling(11))
    np.testing.assert_allclose(top, [4 / 2, 0])
    np.testing.assert_allclose(bottom, [2 / 2, 0])


def test_intervals_cover() -> None:
    generator = np.random.default_rng(1)
    inside = 0
    for _ in range(300):
        low = generator.poisson(4, 200) + 1
        top = generator.poisson(0.3 * low)
        found = ratio_of_sums(top, low, CONFIDENCE)
        inside += found.lo < 0.3 < found.hi
    assert 0.9 < inside / 300 < 0.99
    values = np.array([1.0, 2.0, 3.0])
    assert mean_of(values, CONFIDENCE).value == 2
    assert mean_of(values, CONFIDENCE).hi == pytest.approx(2 + 1.96 / math.sqrt(3), abs=1e-3)
    assert math.isnan(mean_of([1.0], CONFIDENCE).lo) and math.isnan(mean_of([], CONFIDENCE).value)
    assert smallest_seen(ratio_of_sums(values, values[::-1], CONFIDENCE)) > 0


def test_distributions_compared() -> None:
    assert total_variation(np.array([1, 1, 2]), np.array([1, 1, 2])) == 0
    assert total_variation(np.array([1, 1]), np.array([5])) == 1
    generator = np.random.default_rng(2)
    one, other = generator.poisson(4, 500), generator.poisson(4, 400)
    limit = chance(one, other)
    assert total_variation(one, other) < limit < 0.2
    assert total_variation(one, generator.poisson(6, 400)) > limit


def test_growth_by_logarithm_and_by_line() -> None:
    n = np.array([11.0, 23, 51, 91, 211])
    slope, start, log, line = fits(n, 1 + 0.9 * np.log(n))
    assert (slope, start, log) == pytest.approx((0.9, 1, 1)) and line < 0.95
    assert fits(n, 0.05 * n)[3] == pytest.approx(1)
    assert all(math.isnan(x) for x in fits(n[:2], n[:2]))
    table = pd.DataFrame(
        {
            **{"runset": "width", "n": 35, "hidden": [128, 128, 512], "m2": [3, 5, 4]},
            **{"share": 1.0, "test_accuracy": [1.0, 0.5, 1.0]},
        }
    )
    found = mean_table(table, CONFIDENCE, 0.99)
    assert list(found["networks"]) == [2, 1] and list(found["m"]) == [4, 4]
    assert found["over_ln_n"].iloc[0] == pytest.approx(4 / math.log(35))
    assert list(found["solved"]) == [0.5, 1] and list(found["ceiling"]) == [17, 17]
    assert len(mean_table(table[:0], CONFIDENCE, 0.99)) == 0


LAST = ["runset", "share", "live", "simple", "m2"]
"""Columns of networks at their end that are read."""


def widths(full: dict[int, list[float]], small: dict[int, list[float]]) -> pd.DataFrame:
    rows = [
        {"runset": runset, "n": 35, "hidden": hidden, "m2": m, "share": 1.0, "test_accuracy": 1.0}
        for runset, several in (("width", small), ("width_full", full))
        for hidden, values in several.items()
        for m in values
    ]
    return mean_table(pd.DataFrame(rows), CONFIDENCE, 0.99)


def test_the_least_known_width_decides_how_many_clusters_there_may_be() -> None:
    """A few networks that differ much have a smaller mean than many that do not."""
    table = widths({}, {128: [5, 6] * 20, 512: [1, 9]})
    rows = scaling_rows(table, table[:0], pd.DataFrame(columns=LAST), 35, 8, CONFIDENCE)
    found = {row["name"]: row for row in rows}
    most, end = found["scaling.width_most"], found["scaling.width_most_end"]
    assert most["value"] == pytest.approx(5.5 / math.log(35))
    assert most["ci_hi"] < 6 / math.log(35) < 9 / math.log(35) < end["value"]
    # One network has no interval: nothing is known of how many there may be.
    table = widths({}, {128: [5, 6] * 20, 512: [4]})
    rows = scaling_rows(table, table[:0], pd.DataFrame(columns=LAST), 35, 8, CONFIDENCE)
    assert math.isnan({row["name"]: row["value"] for row in rows}["scaling.width_most_end"])


def test_batches_are_compared_where_there_are_networks_enough() -> None:
    table = widths({128: [5, 4] * 5, 512: [7, 7]}, {128: [4, 4, 5, 4] * 4, 512: [4, 4, 4]})
    last = pd.DataFrame(
        {
            **{"runset": ["pop91"] * 40 + ["full91"] * 40, "share": 1.0, "live": 100},
            "m2": [4, 5] * 20 + [5, 6] * 20,
            "simple": [99, 97] * 40,
        }
    )
    moduli = table[table["runset"] == "width"]
    rows = scaling_rows(table, moduli, last, 35, 8, CONFIDENCE)
    found = {row["name"]: row for row in rows}

    def value(name: str) -> tuple[float, float, float]:
        row = found[f"scaling.{name}"]
        return row["value"], row["ci_lo"], row["ci_hi"]

    assert value("batch_widths")[0] == pytest.approx(0.25)
    assert value("batch_widths_all")[0] == 3, "two networks against three"
    difference, low, high = value("batch_m")
    assert difference == 1 and 0.6 < low < 1 < high < 1.4
    assert value("batch_simple")[0] == 0 and value("batch_simple")[1] < 0
    assert value("width_fewest")[0] == 2 and value("width_n")[0] == 35
    assert value("width_most")[0] == pytest.approx(7 / math.log(35))
    gap = value("gap")
    assert gap[0] == pytest.approx(4.25 - math.log(35)) and gap[1] < gap[0] < gap[2]
    nothing = scaling_rows(table[:0], table[:0], last[:0], 35, 8, CONFIDENCE)
    assert all(math.isnan(row["value"]) for row in nothing)


def test_differences_of_what_is_independent() -> None:
    found = less(Estimate(3, 2, 4), Estimate(1, 0, 3))
    assert found.value == 2
    assert found.lo == pytest.approx(2 - math.sqrt(5)) and found.hi == pytest.approx(
        2 + math.sqrt(2)
    )


# -- sums of cosines -----------------------------------------------------------------------------


def test_the_bound() -> None:
    for m, known in {3: 0.302, 4: 0.774, 5: 0.925, 6: 0.975}.items():
        assert probability(91, m) == pytest.approx(known, abs=1e-3)
    assert enough(91) == pytest.approx(math.log(91)) and enough(89) == pytest.approx(math.log(89))
    own = margins(91, np.array([[35, 25, 8, 42]]))[0]
    assert own == pytest.approx(4 - 2.975, abs=1e-3) and own / 4 == pytest.approx(0.256, abs=1e-3)


def test_drawn_sets_have_the_margins_of_the_specification() -> None:
    for m, known in {3: 0.49, 4: 0.81, 5: 0.93, 6: 0.98}.items():
        found = simulated(91, m, 4000, 0, CONFIDENCE)
        assert found["share"] == pytest.approx(known, abs=0.02)
        assert found["share_lo"] < found["share"] < found["share_hi"]
    assert simulated(91, 4, 9000, 0, CONFIDENCE) == simulated(91, 4, 9000, 0, CONFIDENCE)
    assert len(margin_table((11, 13), (2, 3), 50, 0, CONFIDENCE)) == 4


# -- the pilot -----------------------------------------------------------------------------------


def test_when_networks_are_settled() -> None:
    epochs = [30.0, 60, 90, 120, 150, 180]
    a, b = frozenset({1}), frozenset({1, 2})
    late = [b, b, a, a, a, a]
    accurate = np.array([[False, True, True, True, True, True]])
    # At 60 the set is not yet what it is at 90, but 80 comes before: no checkpoint sees it.
    assert first_settled(epochs, accurate, [late], 0.95) == 60
    assert first_settled(epochs, accurate, [[b, b, b, a, a, a]], 0.95) == 60
    assert first_settled(epochs, accurate, [[b, b, b, b, a, b]], 0.95) == 60
    never = np.zeros((1, 6), dtype=bool)
    assert math.isnan(first_settled(epochs, never, [late], 0.95))
    # A change within a third of 120 is one that is seen.
    assert (
        first_settled(epochs, accurate & (np.array(epochs) >= 120), [[a, a, a, a, b, b]], 1) != 120
    )
    assert budget(120) == 200 and budget(300) == 500 and math.isnan(budget(math.nan))


def test_tables_of_the_pilot() -> None:
    epochs = [30.0, 60, 90]
    rows = [
        {
            **{"n": n, "run_id": f"{n}-{seed}", "epoch": epoch},
            "test_accuracy": 1.0 if epoch > 30 else 0.5,
            "set": frozenset({1, 2}) if epoch > 30 else frozenset({3}),
            "tuned_clusters": int(seed == 0),
        }
        for n in (91, 89)
        for seed in range(2)
        for epoch in epochs
    ]
    networks = pd.DataFrame(rows)
    entries = networks[["run_id", "epoch"]].assign(entries=10, over_one=1, near_zero=2)
    curves, found = pilot_tables(networks, entries, 0.999, 0.95, CONFIDENCE)
    assert list(found["settled"]) == [60, 60] and list(found["budget"]) == [100, 100]
    assert found["over_one"].isna().all(), "nothing was looked at there"
    epochs_of = {30.0: 50.0, 60: 60.0, 90: 100.0}
    later = [one.assign(epoch=one["epoch"].map(epochs_of)) for one in (networks, entries)]
    _, found = pilot_tables(*later, 0.999, 0.95, CONFIDENCE)
    assert list(found["over_one"]) == pytest.approx([0.1, 0.1])
    assert list(found["near_zero"]) == pytest.approx([0.2, 0.2])
    first = curves[(curves["n"] == 91) & (curves["epoch"] == 30)].iloc[0]
    assert (first["accurate"], first["final_set"], first["tuned"]) == (0, 0, 0.5)
    assert (first["over_one"], first["near_zero"], first["m"]) == (0.1, 0.2, 1)
